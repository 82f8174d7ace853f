"""Who sees and changes metadata definitions: visibility, policy (FEATURES 5.2-06, 5.2-07, 7.1-18 to 7.1-22)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NAMESPACES = "/v2/metadefs/namespaces"
TEXT = {"type": "string", "title": "A text"}
CONTENT = {
    "objects": [{"name": "o"}],
    "properties": {"p": TEXT},
    "tags": [{"name": "t"}],
    "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}],
}

READS = [
    ("GET", ""),
    ("GET", "/objects"),
    ("GET", "/objects/o"),
    ("GET", "/properties"),
    ("GET", "/properties/p"),
    ("GET", "/properties/hw_p?resource_type=OS::Glance::Image"),
    ("GET", "/tags"),
    ("GET", "/tags/t"),
    ("GET", "/resource_types"),
]
WRITES: list[tuple[str, str, Any]] = [
    ("PUT", "", {"namespace": "other"}),
    ("DELETE", "", None),
    ("POST", "/objects", {"name": "n"}),
    ("PUT", "/objects/o", {"name": "n"}),
    ("DELETE", "/objects/o", None),
    ("DELETE", "/objects", None),
    ("POST", "/properties", {"name": "n", **TEXT}),
    ("PUT", "/properties/p", {"name": "n", **TEXT}),
    ("DELETE", "/properties/p", None),
    ("DELETE", "/properties", None),
    ("POST", "/tags", {"tags": [{"name": "n"}]}),
    ("POST", "/tags/n", None),
    ("PUT", "/tags/t", {"name": "n"}),
    ("DELETE", "/tags/t", None),
    ("DELETE", "/tags", None),
    ("POST", "/resource_types", {"name": "n"}),
    ("DELETE", "/resource_types/OS::Glance::Image", None),
]


@pytest.mark.parametrize(("method", "below"), READS)
def test_whoever_may_know_of_it_reads_it(admin: Any, client: Any, other: Any, make: Any, path: str, method: str, below: str) -> None:
    """FEATURES 5.2-06: administrators all, others what is theirs or public; what is inside is seen by the same."""
    make(**CONTENT, owner=client.project)
    assert admin(method, f"{path}{below}").status == 200
    assert client(method, f"{path}{below}").status == 200
    assert other(method, f"{path}{below}").status == 404
    assert (
        admin("PUT", path, document={"namespace": path.rpartition("/")[2], "visibility": "public", "owner": client.project}).status == 200
    )
    assert other(method, f"{path}{below}").status == 200
    assert other.as_("nobody", "")(method, f"{path}{below}").status == 404


@pytest.mark.parametrize(("method", "below", "document"), WRITES)
def test_writing_is_for_administrators(
    admin: Any, client: Any, other: Any, make: Any, path: str, method: str, below: str, document: Any
) -> None:
    """FEATURES 5.2-07: seen but not to be changed is 403, not seen 404; nothing happens."""
    make(**CONTENT, owner=client.project)
    before = admin("GET", path).json
    assert client(method, f"{path}{below}", document=document).status == 403
    assert other(method, f"{path}{below}", document=document).status == 404
    assert admin("GET", path).json == before


def test_making_is_for_administrators(client: Any, name: str) -> None:
    """FEATURES 5.2-07, 7.1-22."""
    assert client("POST", NAMESPACES, document={"namespace": name}).status == 403
    assert client.as_(None)("POST", NAMESPACES, document={"namespace": name}).status == 401


def test_listings_have_what_the_caller_may_see(admin: Any, client: Any, other: Any, make: Any, name: str) -> None:
    """FEATURES 5.1-01, 5.2-06."""
    make(owner=client.project)

    def seen(who: Any) -> bool:
        return name in [each["namespace"] for each in who("GET", f"{NAMESPACES}?limit=1000").json["namespaces"]]

    assert (seen(admin), seen(client), seen(other)) == (True, True, False)
    assert client.as_("nobody", "")("GET", NAMESPACES).status == 404
    assert client("GET", "/v2/metadefs/resource_types").status == 200
    assert client.as_("nobody", "")("GET", "/v2/metadefs/resource_types").status == 404


def test_any_project_can_be_the_owner(admin: Any, client: Any, make: Any, path: str) -> None:
    """FEATURES 5.2-01: without one it is the caller's."""
    assert make(owner=client.project)["owner"] == client.project
    assert admin("PUT", path, document={"namespace": path.rpartition("/")[2]}).json["owner"] == admin.project


@pytest.fixture
def ruled(make_service: Callable[..., Any], tmp_path: Path) -> Callable[[str], Any]:
    """An administrator of a service with rules of its own, in which there is a public namespace n, and a member."""

    def made(rules: str) -> Any:
        (tmp_path / "policy.yaml").write_text(f"add_metadef_namespace: '@'\n{rules}")
        client = make_service(more=f"[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml")
        answer = client.as_("admins", "admin")("POST", NAMESPACES, document={"namespace": "n", "visibility": "public", **CONTENT})
        assert answer.status == 201, answer.text
        return client

    return made


@pytest.mark.parametrize("rule", ["list_metadef_resource_types", "get_metadef_objects", "get_metadef_properties", "get_metadef_tags"])
def test_a_whole_namespace_needs_all_rules(ruled: Any, rule: str) -> None:
    """FEATURES 5.1-03."""
    client = ruled(f"{rule}: '!'")
    assert client("GET", f"{NAMESPACES}/n").status == 403
    assert client("GET", f"{NAMESPACES}/n/objects/o").status == 200


def test_who_may_not_see_a_namespace_does_not_learn_of_it(ruled: Any) -> None:
    """FEATURES 6.1-05: 404 instead of 403, for all that is in it too; listings leave it out (5.1-01)."""
    client = ruled("get_metadef_namespace: '!'\nget_metadef_objects: '!'\nmodify_metadef_namespace: '!'")
    assert client("GET", f"{NAMESPACES}/n").status == 404
    assert client("GET", f"{NAMESPACES}/n/objects").status == 404
    assert client("PUT", f"{NAMESPACES}/n", document={"namespace": "m"}).status == 404
    assert client("GET", NAMESPACES).json["namespaces"] == []


@pytest.mark.parametrize(
    ("rule", "denied", "allowed"),
    [
        ("get_metadef_namespaces", [("GET", "")], [("GET", "/n")]),
        ("list_metadef_resource_types", [("GET", ""), ("GET", "/n/resource_types")], [("GET", "/n/tags")]),
        ("get_metadef_property", [("GET", "/n/properties/p")], [("GET", "/n/properties")]),
        ("get_metadef_resource_type", [("GET", "/n/properties/hw_p?resource_type=OS::Glance::Image")], [("GET", "/n/properties/p")]),
        ("get_metadef_object", [("GET", "/n/objects/o")], [("GET", "/n/objects")]),
        ("get_metadef_tag", [("GET", "/n/tags/t")], [("GET", "/n/tags")]),
    ],
)
def test_rules_of_reading(ruled: Any, rule: str, denied: Any, allowed: Any) -> None:
    """FEATURES 7.1-20, 7.1-21."""
    client = ruled(f"{rule}: '!'")
    for method, below in denied:
        assert client(method, f"{NAMESPACES}{below}").status == 403, below
    for method, below in allowed:
        assert client(method, f"{NAMESPACES}{below}").status == 200, below


def test_lists_leave_out_what_a_rule_denies_one_by_one(ruled: Any) -> None:
    """As with Glance: objects by get_metadef_object, associations by get_metadef_resource_type."""
    client = ruled("get_metadef_object: '!'\nget_metadef_resource_type: '!'")
    assert client("GET", f"{NAMESPACES}/n/objects").json["objects"] == []
    assert client("GET", f"{NAMESPACES}/n/resource_types").json == {"resource_type_associations": []}
    assert len(client("GET", f"{NAMESPACES}/n").json["objects"]) == 1


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("objects", "add_metadef_object"),
        ("properties", "add_metadef_property"),
        ("tags", "add_metadef_tag"),
        ("resource_type_associations", "add_metadef_resource_type_association"),
    ],
)
def test_each_kind_that_a_namespace_brings_needs_its_rule(ruled: Any, kind: str, rule: str) -> None:
    """FEATURES 5.1-02."""
    allowed = [each for each in WRITE_RULES if each != rule]
    client = ruled("".join(f"{each}: '@'\n" for each in allowed))
    assert client("POST", NAMESPACES, document={"namespace": "m", kind: CONTENT[kind]}).status == 403
    others = {other: content for other, content in CONTENT.items() if other != kind}
    assert client("POST", NAMESPACES, document={"namespace": "m", **others}).status == 201


WRITE_RULES = ("add_metadef_object", "add_metadef_property", "add_metadef_tag", "add_metadef_resource_type_association")


@pytest.mark.parametrize(
    ("rules", "below", "status"),
    [
        ("delete_metadef_namespace", "/n/objects", 204),
        ("delete_metadef_object", "/n/objects", 403),
        ("delete_metadef_object", "/n/objects/o", 204),
        ("delete_metadef_namespace", "/n/properties", 204),
        ("remove_metadef_property", "/n/properties/p", 204),
        ("delete_metadef_namespace", "/n/tags", 403),
        ("delete_metadef_tags", "/n/tags", 403),
        ("delete_metadef_tags delete_metadef_namespace", "/n/tags", 204),
        ("delete_metadef_tag", "/n/tags/t", 204),
        ("remove_metadef_resource_type_association", "/n/resource_types/OS::Glance::Image", 204),
    ],
)
def test_rules_of_deleting(ruled: Any, rules: str, below: str, status: int) -> None:
    """FEATURES 5.1-06: emptying needs delete_metadef_namespace, of tags delete_metadef_tags too."""
    client = ruled("".join(f"{rule}: '@'\n" for rule in rules.split()))
    assert client("DELETE", f"{NAMESPACES}{below}").status == status


def test_who_may_only_read(make_service: Any) -> None:
    """FEATURES 1.2-12, 6.1-06: a read-only caller changes nothing, whatever the rules say."""
    client = make_service("allow_anonymous_access = true")
    nobody = client.as_(None)
    assert nobody("POST", NAMESPACES, document={"namespace": "n"}).status == 403
