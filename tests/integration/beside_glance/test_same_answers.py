"""The same requests, the same answers: statuses, documents, and the headers that clients act on (FEATURES 1 to 4.2).

Where the two differ on purpose, ``differs`` gives both statuses; docs/reference/differences.md says why.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

FORMATS = {"disk_format": "raw", "container_format": "ami"}
"""Of a kind whose data is not inspected."""
DATA = b"0123456789"
OCTETS = {"Content_Type": "application/octet-stream"}
PATCH = {"Content_Type": "application/openstack-images-v2.1-json-patch"}
DRAFT4 = {"Content_Type": "application/openstack-images-v2.0-json-patch"}
NOBODY = str(uuid.UUID(int=7))


def add(path: str, value: Any = "x") -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def replace(path: str, value: Any = "x") -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def image(both: Any, name: str, who: str = "member", data: bytes | None = None, **values: Any) -> None:
    both(who, "POST", "/v2/images", {"name": name, **FORMATS, **values}, keep=name)
    if data is not None:
        both(who, "PUT", f"/v2/images/${name}/file", body=data, **OCTETS)


def test_versions(both: Any) -> None:
    """FEATURES 1.1-01 to 1.1-10."""
    for path in (
        "/",
        "/versions",
        "/versions/x",
        "/v1/images",
        "/v3/images",
        "/v2.99/images",
        "/v2",
        "/v2/",
        "/v2.5/",
        "/foo",
        "/V2/images",
    ):
        both("member", "GET", path, status_only=True)
    for path in ("/v2.5/images", "//v2/images", "/v2//images"):
        both("member", "GET", f"{path}?owner=nobody", status_only=True)
    for version in ("v2", "v2.5", "v9"):
        both("member", "GET", "/images?owner=nobody", Accept=f"application/vnd.openstack.images-{version}", status_only=True)


def test_methods(both: Any) -> None:
    """FEATURES 1.2-01, 1.2-02."""
    for path in ("", "/$x", "/$x/file", "/$x/tags/t", "/$x/members", "/$x/members/m", "/$x/actions/deactivate"):
        for method in ("HEAD", "FOO"):
            both("member", method, f"/v2/images{path}")
    for path in ("/v2/nothing", "/v2/images/", "/v2/schemas/nothing", "/v2/images/x/tags/", "/v2/images/x/tags/a%2Fb"):
        for method in ("GET", "FOO"):
            both("member", method, path)


def test_nobody(both: Any) -> None:
    """FEATURES 1.2-13."""
    for path in ("/v2/images", f"/v2/images/{NOBODY}", "/v2/schemas/image", "/v2/info/import"):
        both(None, "GET", path)


def test_bodies(both: Any) -> None:
    """FEATURES 1.2-03, 1.2-04, 12-05."""
    for body in (b"", b"{", b"5", b"null", b'"x"', b"\xff", b'{"name": NaN}'):
        both("member", "POST", "/v2/images", body=body)
    for body in (b"[]", b"[{}]"):
        both("member", "POST", "/v2/images", body=body, differs=(500, 400))
    image(both, "i")
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/file"),
        ("PUT", "/tags/t"),
        ("GET", "/members"),
        ("POST", "/actions/reactivate"),
    ):
        both("member", method, f"/v2/images/$i{path}", body=b"{}")


@pytest.mark.parametrize("value", [5, True, None, "", "x", "x" * 256, [], ["x"], {}], ids=lambda value: repr(value)[:9])
def test_values_of_new_images(both: Any, value: Any) -> None:
    """FEATURES 1.4, 2.1: each attribute with each kind of value."""
    names = ("name", "visibility", "protected", "os_hidden", "disk_format", "container_format", "min_disk", "min_ram", "tags", "foo", "id")
    for name in (*names, "owner", "location", "locations", "deleted", "os_glance_x", "size", "status", "checksum", "self", "stores"):
        both("member", "POST", "/v2/images", {name: value})


def test_new_images(both: Any) -> None:
    """FEATURES 1.4."""
    for values in (
        *({}, {"name": "é", "tags": ["b", "a", "a"], "os_distro": "x"}, {"visibility": "community"}, {"visibility": "public"}),
        *({"min_disk": -1}, {"min_ram": 2**31}, {"min_ram": 2**31 - 1}, {"min_ram": 5.0}, {"x" * 255: "y"}, {"x" * 256: "y"}),
        *({"name": "\U0001f600"}, {"foo": "\U0001f600"}, {"os_glance": "x"}, {"deleted_at": "x"}, {"status": "queued", "foo": 5}),
        *({"locations": [], "foo": 5}, {"direct_url": "x"}, {"virtual_size": 5}, {"image_id": "x"}, {"a b": "c"}),
    ):
        both("member", "POST", "/v2/images", values)
    both("member", "POST", "/v2/images", {"": "x"}, differs=(201, 400))
    both("member", "POST", "/v2/images", {"os_hash_algo": "x"}, differs=(201, 403))
    both("member", "POST", "/v2/images", {"foo": "x" * 70_000}, differs=(201, 400))
    both("reader", "POST", "/v2/images", {})
    both("admin", "POST", "/v2/images", {"owner": "somebody", "visibility": "public"})
    image(both, "i")
    both("member", "POST", "/v2/images", {"id": "$i"})


def test_patches(both: Any) -> None:
    """FEATURES 1.5-01 to 1.5-18."""
    image(both, "i", foo="bar", tags=["t"], **{"a/b": "c"})
    for media_type in ("application/json", "application/openstack-images-v2.1-json-patch; charset=utf-8", "x/y"):
        both("member", "PATCH", "/v2/images/$i", [], Content_Type=media_type)
    for document in (
        [],
        {},
        "x",
        5,
        [5],
        [[]],
        [{}],
        [{"op": "add"}],
        [{"op": "move", "path": "/a", "from": "/b"}],
        [{"op": "test", "path": "/foo"}],
    ):
        both("member", "PATCH", "/v2/images/$i", document, **PATCH)
    for step in (
        *({"op": "add", "path": "/x"}, {"op": "add", "value": "x"}, add("new"), add("/a//b"), add("/a/"), add("/a~2"), add("/a~"), add("")),
        *(add("/new"), add("/new", "y"), add("/a~1c"), add("/a~0c"), add("/ blank "), add("/a/b"), add("/tags/-"), replace("/foo", "baz")),
        *(replace("/nope"), remove("/nope"), remove("/name"), remove("/tags"), remove("/foo"), add("/foo", 5), add("/foo", None)),
        *(replace("/name", None), add("/name"), replace("/min_disk", -1), replace("/min_disk", "1"), replace("/min_ram", 2**31)),
        *(replace("/protected", True), replace("/protected", False), replace("/os_hidden", True), replace("/os_hidden", False)),
        *(replace("/tags", ["x", "y", "x"]), replace("/tags"), replace("/tags", [5]), replace("/tags", []), replace("/owner")),
        *(replace("/visibility", value) for value in ("private", "public", "x", "shared")),
        *(replace("/disk_format", value) for value in ("qcow2", None, "x")),
    ):
        both("member", "PATCH", "/v2/images/$i", [step], **PATCH)
    names = ("created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file", "schema", "id")
    for name in (*names, "os_hash_algo", "os_hash_value", "location", "deleted"):
        for step in (add(f"/{name}"), replace(f"/{name}"), remove(f"/{name}")):
            both("member", "PATCH", "/v2/images/$i", [step], **PATCH)
    for step in (
        {"add": "/d", "value": "x"},
        {"add": "/d", "value": "x"},
        {"replace": "/d", "value": "y"},
        {"remove": "/d"},
        {"remove": "/d"},
    ):
        both("member", "PATCH", "/v2/images/$i", [step], **DRAFT4)
    for step in ({"add": "/a", "replace": "/b", "value": "x"}, {"value": "x"}, {"add": "/a"}, add("/a"), {"add": "/name", "value": "x"}):
        both("member", "PATCH", "/v2/images/$i", [step], **DRAFT4)
    both("member", "PATCH", "/v2/images/$i", [add("/kept"), replace("/nope")], **PATCH)
    for who in ("reader", "stranger", "admin"):
        both(who, "PATCH", "/v2/images/$i", [add("/by", who)], **PATCH)
    both("member", "PATCH", f"/v2/images/{NOBODY}", [], **PATCH)
    both("member", "GET", "/v2/images/$i")


def test_uploads(both: Any) -> None:
    """FEATURES 1.6."""
    for media_type in ("", "application/json", "application/octet-stream; x=y"):
        image(both, "i")
        both("member", "PUT", "/v2/images/$i/file", body=DATA, Content_Type=media_type)
    for size in ("x", "-1", "1.5", "", "9", "11", "0", " 10 ", "10", "1e1"):
        image(both, "i")
        both("member", "PUT", "/v2/images/$i/file", body=DATA, **OCTETS, x_openstack_image_size=size)
        both("member", "GET", "/v2/images/$i")
    image(both, "i", disk_format=None)
    both("member", "PUT", "/v2/images/$i/file", body=DATA, **OCTETS)
    image(both, "i")
    for who in ("stranger", "reader"):
        both(who, "PUT", "/v2/images/$i/file", body=DATA, **OCTETS)
    for store in ("nope", "slow", "fast"):
        both("member", "PUT", "/v2/images/$i/file", body=DATA, **OCTETS, x_image_meta_store=store)
        both("member", "GET", "/v2/images/$i")
    image(both, "empty", data=b"")
    both("member", "GET", "/v2/images/$empty")
    both("member", "PUT", f"/v2/images/{NOBODY}/file", body=DATA, **OCTETS)


def test_downloads(both: Any) -> None:
    """FEATURES 1.7."""
    image(both, "i", data=DATA, visibility="community")
    ranges = ("bytes=0-3", "bytes=5-", "bytes=-3", "bytes=-20", "bytes=0-100", "bytes=10-", "bytes=9-", "bytes=5-3", "bytes=", "bytes=a-b")
    for asked in (*ranges, "lines=1-2", "bytes=0-1,3-4", "x", "bytes=" + "9" * 30 + "-"):
        both("member", "GET", "/v2/images/$i/file", Range=asked)
    for asked in ("bytes 0-3/10", "bytes 0-3/*", "bytes 0-3/11", "bytes 0-10/*", "bytes 5-3/*", "x", "bytes 0-9/10", "bytes 0-9/5"):
        both("member", "GET", "/v2/images/$i/file", Content_Range=asked)
    for who in ("member", "stranger", "reader", "admin"):
        both(who, "GET", "/v2/images/$i/file")
    image(both, "queued")
    both("member", "GET", "/v2/images/$queued/file")


def test_actions(both: Any) -> None:
    """FEATURES 1.3-11, 1.3-12, 1.7-03, 2.2-02."""
    image(both, "i", data=DATA)
    image(both, "queued")
    for action in ("reactivate", "deactivate", "deactivate"):
        for who, name in (("reader", "i"), ("stranger", "i"), ("member", "queued"), ("member", "i")):
            both(who, "POST", f"/v2/images/${name}/actions/{action}")
    for who in ("member", "admin", "stranger", "reader"):
        both(who, "GET", "/v2/images/$i")
        both(who, "GET", "/v2/images/$i/file")
    both("member", "POST", "/v2/images/$i/actions/reactivate")
    both("member", "POST", "/v2/images/$i/actions/nothing")


def test_tags(both: Any) -> None:
    """FEATURES 4.2, 1.3-15, 1.3-16."""
    image(both, "i")
    for tag in ("a", "a%20b", "%20a%20", "%C3%A9", "%F0%9F%98%80", "x" * 255, "x" * 256, "a;b", "a:b"):
        for method in ("PUT", "DELETE", "DELETE"):
            both("member", method, f"/v2/images/$i/tags/{tag}")
    for who in ("stranger", "reader", "admin"):
        both(who, "PUT", "/v2/images/$i/tags/w")
        both(who, "DELETE", "/v2/images/$i/tags/w")


def test_members(both: Any) -> None:
    """FEATURES 4.1."""
    image(both, "i")
    members = "/v2/images/$i/members"
    for document in ({}, {"member": ""}, {"member": None}, {"member": "x", "more": 1}, {"member": "x"}, [], ["x"], "x", 5, {"Member": "y"}):
        both("member", "POST", members, document)
    both("member", "POST", members, {"member": ["x"]}, differs=(500, 400))
    for who in ("stranger", "reader", "member", "stranger"):
        both(who, "POST", members, {"member": "another-project"})
    for who in ("member", "stranger", "reader", "admin"):
        both(who, "GET", members)
        for member in ("another-project", "nobody"):
            both(who, "GET", f"{members}/{member}")
            both(who, "PUT", f"{members}/{member}", {"status": "accepted"})
    for document in ({}, {"status": "x"}, {"status": None}, {"status": 5}, [], 5, {"status": "rejected", "more": 1}, {"status": "pending"}):
        both("stranger", "PUT", f"{members}/another-project", document)
    for who, member in (
        ("stranger", "another-project"),
        ("reader", "another-project"),
        ("member", "nobody"),
        ("member", "another-project"),
    ):
        both(who, "DELETE", f"{members}/{member}")
    both("stranger", "GET", "/v2/images/$i")
    both("member", "POST", members, {"member": "another-project"})
    both("member", "PATCH", "/v2/images/$i", [replace("/visibility", "private")], **PATCH)
    for who in ("member", "admin", "stranger"):
        both(who, "GET", members)
        both(who, "GET", f"{members}/another-project")
        both(who, "POST", members, {"member": "y"})
        both(who, "DELETE", f"{members}/another-project")


def test_deletion(both: Any) -> None:
    """FEATURES 1.3-05, 2.4-06."""
    image(both, "i", data=DATA, visibility="community")
    for who in ("stranger", "reader", "member", "member"):
        both(who, "DELETE", "/v2/images/$i")
    for who in ("member", "admin"):
        both(who, "GET", "/v2/images/$i")
        both(who, "GET", "/v2/images/$i/file")
    image(both, "kept", protected=True)
    for who in ("member", "admin"):
        both(who, "DELETE", "/v2/images/$kept")


def test_locations(both: Any, web: int) -> None:
    """FEATURES 1.5-21 to 1.5-28, 2.2-03."""
    one, two = f"http://127.0.0.1:{web}/one", f"http://127.0.0.1:{web}/two"

    def patch(step: Any, who: str = "member", name: str = "i", **more: Any) -> None:
        both(who, "PATCH", f"/v2/images/${name}", [step], **PATCH, **more)

    def at(url: Any, **metadata: Any) -> dict[str, Any]:
        return {"url": url, "metadata": metadata}

    image(both, "i")
    image(both, "formless", disk_format=None)
    patch(add("/locations/-", at(one)), name="formless")
    for url in (f"{one}x", "file:///etc/passwd", "http://169.254.169.254/x", "http://127.0.0.1:22/x", "ftp://x/y", "x", "", 5):
        patch(add("/locations/-", at(url)))
    for value in ({"url": one}, {"metadata": {}}, "x", {"url": one, "metadata": "x"}):
        patch(add("/locations/-", value))
    patch(add("/locations/-", at(one, number=5)), differs=(500, 400))
    for digests in (
        *({"os_hash_algo": "sha256", "os_hash_value": "0" * 64}, {"os_hash_algo": "sha512", "os_hash_value": "0" * 64}, {"checksum": "x"}),
        *({"os_hash_algo": "sha512", "os_hash_value": "x" * 128}, {"os_hash_algo": "sha512"}, {"os_hash_value": "0" * 128}, "x"),
    ):
        patch(add("/locations/-", {**at(one), "validation_data": digests}))
    for step in (add("/locations", at(one)), add("/locations/x", at(one)), add("/locations/0/url", one), replace("/locations/0", at(one))):
        patch(step)
    patch(add("/locations/-", at(one)))
    patch(add("/locations/-", at(one)))
    patch(add("/locations/-", at(two, store="fast")))
    patch(replace("/locations", []))
    patch(replace("/locations", [at(one)]))
    patch(replace("/locations", [at(one, note="x"), at(two, store="nobody")]))
    for who in ("member", "stranger", "admin"):
        both(who, "GET", "/v2/images/$i")
    both("member", "GET", "/v2/images/$i/file")
    both("member", "GET", "/v2/images/$i/file", Range="bytes=1-3", differs=(400, 206))
    image(both, "other")
    both("member", "PUT", "/v2/images/$other/file", body=DATA, **OCTETS, x_image_meta_store="web")
    patch(remove("/locations/0"))
    for index in (9, 0, 0):
        patch(remove(f"/locations/{index}"), who="admin")
    for who, store in (("member", "web"), ("admin", "nope"), ("admin", "slow"), ("admin", "web")):
        both(who, "DELETE", f"/v2/stores/{store}/$i")


def test_data_that_lies_at_a_location(both: Any, web: int) -> None:
    """FEATURES 1.3-10, 1.3-13, 1.3-14, 4.6-01, 4.6-02, 4.6-03, 4.6-06."""
    url = f"http://127.0.0.1:{web}/one"
    good = {"os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(DATA).hexdigest()}
    image(both, "i")
    path = "/v2/images/$i/locations"
    for who in ("reader", "stranger", "member"):
        both(who, "POST", path, {"url": "file:///x"})
        both(who, "GET", path)
    for document in (
        *({}, [], "x", 5, {"url": 5}, {"url": "x"}, {"url": "http://169.254.169.254/"}, {"url": "http://x:22/"}, {"url": "ftp://x/y"}),
        *({"url": url, "validation_data": digests} for digests in ("x", {"os_hash_algo": "sha512"}, {"os_hash_value": "0" * 128})),
        *(
            {"url": url, "validation_data": {**good, **wrong}}
            for wrong in ({"os_hash_value": "x" * 128}, {"os_hash_algo": "x"}, {"more": 1})
        ),
    ):
        both("member", "POST", path, document)
    both("member", "POST", f"/v2/images/{NOBODY}/locations", {"url": url})
    both("member", "POST", path, {"url": url, "validation_data": good})
    both.until("i", "active")
    both("member", "POST", path, {"url": url})
    for who in ("member", "stranger", "admin"):
        both(who, "GET", path)
        both(who, "GET", "/v2/images/$i")
    both("stranger", "GET", "/v2/images/$i/tasks")
    image(both, "unchecked")
    both("member", "POST", "/v2/images/$unchecked/locations", {"url": url})
    both.until("unchecked", "active")
    image(both, "wrong")
    both("member", "POST", "/v2/images/$wrong/locations", {"url": url, "validation_data": {**good, "os_hash_value": "0" * 128}})
    both.until("wrong", "queued")


def test_tasks(both: Any) -> None:
    """FEATURES 4.3-02 to 4.3-04, 1.3-36."""
    for who in ("member", "admin"):
        both(who, "GET", "/v2/tasks?type=import")
        for method in ("GET", "DELETE"):
            for task in (NOBODY, "x"):
                both(who, method, f"/v2/tasks/{task}")
        both(who, "POST", "/v2/tasks", {"type": "import", "input": {}})
    for query in (
        "limit=x",
        "limit=-1",
        "limit=0",
        "marker=x",
        f"marker={NOBODY}",
        "status=x",
        "status=success",
        "type=x",
        "sort_key=x",
        "sort_dir=x",
    ):
        both("admin", "GET", f"/v2/tasks?{query}", status_only=True)
    for document in (
        *(
            {},
            5,
            {"type": "x", "input": {}},
            {"type": "import"},
            {"input": {}},
            {"type": "import", "input": 5},
            {"type": "import", "input": {}, "x": 1},
        ),
        {"type": "import", "input": {"import_from": "file:///etc/passwd", "import_from_format": "raw", "image_properties": {}}},
    ):
        both("admin", "POST", "/v2/tasks", document)


def test_listings(both: Any) -> None:
    """FEATURES 3, 2.4-03 to 2.4-05: which images, in which order, and whether there are more."""
    tag = uuid.uuid4().hex
    for number, (name, values) in enumerate(
        [
            ("a", {"os_distro": "x", "min_ram": 1}),
            ("b", {"os_distro": "y", "min_ram": 2, "disk_format": "qcow2"}),
            ("c:d", {"min_disk": 5, "protected": True}),
            ("e,f", {"os_hidden": True}),
            ("g", {"visibility": "private", "disk_format": None}),
            ("h", {"visibility": "community"}),
        ]
    ):
        both("member", "POST", "/v2/images", {**FORMATS, "name": name, "tags": [tag, str(number)], **values}, keep=f"i{number}")
    both("admin", "POST", "/v2/images", {"name": "p", "tags": [tag], "visibility": "public"})
    both("stranger", "POST", "/v2/images", {"name": "q", "tags": [tag]}, keep="hidden")
    for query in (
        *(
            "",
            "limit=0",
            "limit=1",
            "limit=4",
            "limit=100000",
            "limit=-1",
            "limit=x",
            "limit=",
            "marker=x",
            f"marker={NOBODY}",
            "marker=$hidden",
        ),
        *(
            "marker=$i1",
            "sort=name:asc,created_at",
            "sort=name:x",
            "sort=owner",
            "sort_key=name&sort_key=size",
            "sort_dir=asc&sort_key=name",
        ),
        *(
            "sort_key=name&sort_dir=asc&sort_dir=desc",
            "sort_key=",
            "sort_key=min_ram",
            "sort=name&sort_key=name",
            "sort_key=disk_format&sort_key=name",
        ),
        *("visibility=public", "visibility=private", "visibility=shared", "visibility=community", "visibility=all", "visibility=x"),
        *("member_status=pending", "member_status=all", "member_status=x", "name=a", "name=A", "name=c:d", "name=eq:c:d", "name=in:a,b"),
        *("name=in:", 'name=in:"e,f",a', 'name=in:"a', 'name=in:a"b', "name=neq:a", "name=", "id=$i0", "id=in:$i0,$i1", "status=queued"),
        *(
            "status=x",
            "disk_format=raw",
            "disk_format=in:raw,qcow2",
            "created_at=gt:2020-01-01",
            "created_at=lt:2020-01-01",
            "created_at=x",
        ),
        *("created_at=in:2020-01-01", "updated_at=gt:2020-01-01T00:00:00%2B02:00", "size_min=1", "size_max=1", "size_min=x", "size_min="),
        *("min_ram_min=2", "min_ram_max=1", "tag=1", "tag=nope", "tag=%201", "owner=x", "owner=a-project", "checksum=x", "os_hidden=true"),
        *("os_hidden=True", "os_hidden=x", "protected=true", "protected=True", "protected=x", "min_ram=1", "min_ram=x", "size=abc"),
        *("os_distro=x", "os_distro=x&name=a", "changes-since=2020", "deleted=true", "deleted_at=x", "unknown=x", "=x", "name"),
    ):
        both(
            "member",
            "GET",
            f"/v2/images?sort_key=name&sort_dir=asc&tag={tag}&{query}" if "sort" not in query else f"/v2/images?tag={tag}&{query}",
        )
    for who in ("admin", "stranger", "reader"):
        for query in ("", "visibility=all", "visibility=community", "visibility=shared", "owner=a-project", "os_hidden=true", "limit=1"):
            both(who, "GET", f"/v2/images?sort=name:asc&tag={tag}&{query}")
    for query in ("foo_min=1", "size_min=" + "9" * 30, "locations=x", "properties=x"):
        both("member", "GET", f"/v2/images?{query}", differs=(500, 400))


def test_discovery(both: Any) -> None:
    """FEATURES 1.3-24 to 1.3-26, 4.4-01."""
    for path in ("stores", "usage"):
        both("member", "GET", f"/v2/info/{path}")
    for who in ("member", "admin"):
        both(who, "GET", "/v2/info/stores/detail")
