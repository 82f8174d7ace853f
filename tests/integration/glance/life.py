"""What users do with images and definitions, on either service, and all that can be asked about it afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

FORMATS = {"disk_format": "raw", "container_format": "bare"}
NAMESPACE = {
    "namespace": "Example::Things",
    "display_name": "Things",
    "description": "ünicode",
    "visibility": "public",
    "protected": False,
    "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_", "properties_target": "image"}],
    "properties": {"cpu": {"title": "CPU", "type": "integer", "minimum": 0, "default": 1}},
    "objects": [{"name": "box", "description": "", "required": ["side"], "properties": {"side": {"title": "Side", "type": "number"}}}],
    "tags": [{"name": "b"}, {"name": "a"}],
}


def begin(service: Any) -> dict[str, str]:
    """The images that a first service makes, by what is special about them."""
    red, blue, admin = service.as_("red"), service.as_("blue"), service.as_("admins", "admin,member,reader")
    made: dict[str, str] = {}

    def create(kind: str, who: Any = red, data: bytes | None = None, **values: Any) -> str:
        image_id: str = who.do("POST", "/v2/images", {"name": kind, **FORMATS, **values})["id"]
        if data is not None:
            who.do("PUT", f"/v2/images/{image_id}/file", data=data)
        made[kind] = image_id
        return image_id

    create("bare record", disk_format=None, container_format=None)
    create("queued", min_disk=3, min_ram=512, tags=["z", "a", "ä"], colour="red", empty="", long="x" * 3000)
    create("data", data=b"0123456789" * 1000, tags=["t"], os_distro="debian", **{"Name with: odd/chars": "v"})
    create("empty data", data=b"")
    create("community", data=b"c", visibility="community")
    create("private", data=b"p", visibility="private", protected=True)
    create("hidden", data=b"h", os_hidden=True)
    create("public", admin, b"public", visibility="public")
    create("others", blue, b"blue")
    create("deactivated", data=b"d")
    admin.do("POST", f"/v2/images/{made['deactivated']}/actions/deactivate")
    create("shared", data=b"s" * 70000)
    for member, status in (("blue", "accepted"), ("green", "rejected"), ("yellow", None), ("gone", None)):
        red.do("POST", f"/v2/images/{made['shared']}/members", {"member": member})
        if status:
            service.as_(member).do("PUT", f"/v2/images/{made['shared']}/members/{member}", {"status": status})
    red.do("DELETE", f"/v2/images/{made['shared']}/members/gone")
    create("changed", data=b"changed", tags=["old"], kept="1", replaced="1", removed="1", back="1")
    for steps in (
        [{"op": "remove", "path": "/removed"}, {"op": "remove", "path": "/back"}, {"op": "replace", "path": "/replaced", "value": "2"}],
        [{"op": "add", "path": "/back", "value": "again"}, {"op": "replace", "path": "/tags", "value": ["new"]}],
    ):
        red.patch(f"/v2/images/{made['changed']}", *steps)
    create("deleted", data=b"deleted", tags=["x"], p="1")
    create("deleted record")
    for kind in ("deleted", "deleted record"):
        red.do("DELETE", f"/v2/images/{made[kind]}")
    return made


def imports(service: Any, made: dict[str, str]) -> None:
    """Images that came by tasks, and the tasks' rows: one after the other, since on SQLite Glance loses a task to any other writer."""
    admin = service.as_("admins", "admin,member,reader")
    red = service.as_("red")

    def ended(image_id: str) -> bool:
        image = red.do("GET", f"/v2/images/{image_id}")
        return image["status"] == "active" and not image.get("os_glance_importing_to_stores") and "os_glance_import_task" not in image

    image_id = made["staged"] = red.do("POST", "/v2/images", {"name": "staged", **FORMATS})["id"]
    red.do("PUT", f"/v2/images/{image_id}/stage", data=b"staged")
    red.do("POST", f"/v2/images/{image_id}/import", {"method": {"name": "glance-direct"}})
    _eventually(lambda: ended(image_id))
    admin.do("POST", f"/v2/images/{made['data']}/import", {"method": {"name": "copy-image"}, "stores": ["slow"]})
    _eventually(lambda: ended(made["data"]))
    _eventually(lambda: {task["status"] for task in admin.do("GET", "/v2/tasks")["tasks"]} == {"success"})


def _eventually(probe: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not probe():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def definitions(service: Any) -> None:
    """A namespace with something of everything."""
    admin = service.as_("admins", "admin,member,reader")
    admin.do("POST", "/v2/metadefs/namespaces", NAMESPACE)
    admin.do("POST", "/v2/metadefs/namespaces", {"namespace": "mine", "visibility": "private"})


def go_on(service: Any, made: dict[str, str], suffix: str) -> None:
    """What another service does with the same images and definitions, and adds to them."""
    red, blue, admin = service.as_("red"), service.as_("blue"), service.as_("admins", "admin,member,reader")
    for kind in ("queued", "data", "shared", "changed"):
        red.patch(
            f"/v2/images/{made[kind]}",
            {"op": "add", "path": f"/by_{suffix}", "value": "ü"},
            {"op": "replace", "path": "/name", "value": f"{kind} {suffix}"},
            {"op": "replace", "path": "/min_ram", "value": 7},
        )
    red.patch(f"/v2/images/{made['changed']}", {"op": "remove", "path": "/kept" if suffix == "one" else "/by_one"})
    red.do("PUT", f"/v2/images/{made['data']}/tags/{suffix}")
    red.do("DELETE", f"/v2/images/{made['queued']}/tags/{'a' if suffix == 'one' else 'z'}")
    red.do("PUT", f"/v2/images/{made['queued' if suffix == 'one' else 'new one']}/file", data=suffix.encode())
    red.do("POST", f"/v2/images/{made['shared']}/members", {"member": f"member-{suffix}"})
    blue.do("PUT", f"/v2/images/{made['shared']}/members/blue", {"status": "pending" if suffix == "one" else "accepted"})
    red.do("DELETE", f"/v2/images/{made['shared']}/members/{'green' if suffix == 'one' else 'member-one'}")
    red.do("POST", f"/v2/images/{made['shared']}/members", {"member": "gone"})
    red.do("DELETE", f"/v2/images/{made['shared']}/members/gone")
    admin.do("POST", f"/v2/images/{made['deactivated']}/actions/{'reactivate' if suffix == 'one' else 'deactivate'}")
    red.do("DELETE", f"/v2/images/{made['community' if suffix == 'one' else 'full one']}")
    new = red.do("POST", "/v2/images", {"name": f"new {suffix}", **FORMATS, "tags": ["n"], "p": suffix})
    full = red.do("POST", "/v2/images", {"name": f"full {suffix}", **FORMATS, "visibility": "shared"})
    red.do("PUT", f"/v2/images/{full['id']}/file", data=b"full" * 5000)
    made |= {f"new {suffix}": new["id"], f"full {suffix}": full["id"]}

    things = "/v2/metadefs/namespaces/Example::Things"
    admin.do("POST", f"{things}/properties", {"name": f"memory-{suffix}", "title": "Memory", "type": "array", "items": {"type": "string"}})
    admin.do("PUT", f"{things}/properties/cpu", {"name": "cpu", "title": f"CPU {suffix}", "type": "integer", "maximum": 8})
    admin.do("POST", f"{things}/objects", {"name": f"ball-{suffix}", "properties": {"size": {"title": "Size", "type": "number"}}})
    admin.do("PUT", f"{things}/objects/box", {"name": "box", "description": suffix, "required": []})
    admin.do("POST", f"{things}/tags/tag{suffix}")
    admin.do("DELETE", f"{things}/tags/{'b' if suffix == 'one' else 'tagone'}")
    admin.do("POST", f"{things}/resource_types", {"name": f"Type::{suffix}", "prefix": "x_"})
    admin.do("PUT", "/v2/metadefs/namespaces/mine", {"namespace": "mine", "description": suffix, "visibility": "private"})


CALLERS = {"red": "member,reader", "blue": "member,reader", "admins": "admin,member,reader"}

LISTINGS = (
    *("", "?limit=3", "?sort=name:asc&limit=9", "?sort=size:desc,name:asc&status=active", "?visibility=shared", "?visibility=all"),
    *("?os_hidden=true", "?tag=t", "?status=deactivated", "?colour=red", "?name=data", "?member_status=all&visibility=shared"),
    *("?size_min=5&size_max=20", "?owner=red", "?protected=true", "?created_at=gt:2020-01-01T00:00:00Z", "?disk_format=in:raw,qcow2"),
)


def questions(made: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Who asks what: the owner everything, the others what they see of it."""
    for caller in CALLERS:
        for image_id in made.values():
            yield caller, f"/v2/images/{image_id}"
    yield from (("red", f"/v2/images{query}") for query in LISTINGS)
    yield from ((caller, f"/v2/images{query}") for caller in ("blue", "admins") for query in LISTINGS[:6])
    for image_id in made.values():
        yield from (("red", f"/v2/images/{image_id}/file"), ("red", f"/v2/images/{image_id}/members"))
    for kind in ("shared", "others", "private", "public", "deactivated"):
        yield from (("blue", f"/v2/images/{made[kind]}/{what}") for what in ("file", "members"))
    yield from (("red", f"/v2/images/{made['shared']}/members/{member}") for member in ("blue", "gone", "nobody"))
    yield from (("red", f"/v2/images/{made[kind]}/tasks") for kind in ("staged", "data", "queued"))
    yield from (("admins", f"/v2/tasks{query}") for query in ("", "?sort_key=created_at&sort_dir=asc", "?status=success"))
    for caller in CALLERS:
        yield from ((caller, f"/v2/metadefs/namespaces{query}") for query in ("", "?visibility=private", "/mine"))
    things = "/v2/metadefs/namespaces/Example::Things"
    yield from (("red", f"{things}{what}") for what in ("", "/objects", "/properties", "/tags", "/resource_types", "/objects/box"))
    yield from (("red", f"{things}/{what}") for what in ("properties/cpu", "tags/a", "tags/b"))
    yield "red", "/v2/metadefs/resource_types"
    kinds = ("namespace", "object", "property", "tag", "resource_type")
    plural = ("namespaces", "objects", "properties", "tags", "resource_types")
    yield from (("red", f"/v2/schemas/metadefs/{name}") for name in (*kinds, *plural))
    yield from (("red", f"/v2/schemas/{name}") for name in ("image", "images", "member", "members", "task", "tasks"))


def answers(service: Any, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """The status of each answer, and what it says; of data the digest that it names as well."""
    callers = {project: service.as_(project, roles) for project, roles in CALLERS.items()}
    found: dict[tuple[str, str], Any] = {}
    for project, path in asked:
        answer = callers[project]("GET", path)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status >= 400:
            told: Any = None  # sentences are each service's own
        elif kind == "application/json":
            told = _comparable(_walked(callers[project], answer.json), path.startswith("/v2/schemas"))
        else:
            told = (answer.headers.get("content-md5"), answer.body)
        found[project, path] = (answer.status, told)
    return found


def _walked(caller: Any, told: Any) -> Any:
    """A listing with all pages that follow; only Glance promises a page behind a last one that is full (FEATURES 12-07)."""
    following = told.pop("next", None) if isinstance(told, dict) else None
    while following is not None:
        page = caller.do("GET", following)
        told["images"] += page["images"]
        following = page.get("next")
    return told


def _comparable(told: Any, schema: bool) -> Any:
    """Less what differs for good reasons: the order of sets, and in schemas the words and ways to write a pattern."""
    if isinstance(told, list):
        return [_comparable(each, schema) for each in told]
    if not isinstance(told, dict):
        return told
    sets: dict[str, Callable[[Any], str]] = {"tags": str, "enum": str, "required": str}
    sets |= {"members": lambda member: member["member_id"], "objects": _name, "resource_type_associations": _name}
    return {
        name: sorted(map(partial(_comparable, schema=schema), value), key=sets[name])
        if name in sets and isinstance(value, list)
        else _comparable(value, schema)
        for name, value in told.items()
        if not (schema and name in ("description", "pattern"))
    }


def _name(told: Any) -> str:
    return str(told["name"])
