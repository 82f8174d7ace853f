"""What other services hear of metadata definitions, and in which order (FEATURES 6.3-11 to 6.3-15)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from oslo_config import cfg

from glancepipe.contract import Association, Call, Caller, Definition, Layer, Namespace, Services
from glancepipe.contract.errors import Duplicate, Forbidden
from glancepipe.layers.domain.metadefs import DomainDefinitions, DomainNamespaces
from glancepipe.layers.notifier import GROUP, Notifier
from glancepipe.operations import associate as associating
from glancepipe.operations import dissociate as dissociating
from glancepipe.operations.clear_definitions import clear_definitions
from glancepipe.operations.create_definitions import create_definitions
from glancepipe.operations.create_namespace import create_namespace
from glancepipe.operations.delete_definition import delete_definition
from glancepipe.operations.delete_namespace import delete_namespace
from glancepipe.operations.modify_definition import modify_definition
from glancepipe.operations.modify_namespace import modify_namespace
from glancepipe.operations.show_namespace import show_namespace
from glancepipe.pipeline.builder import register_options
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"admin"}), is_admin=True)
ONE_STORE: Any = SimpleNamespace(multiple=False, default="")
TIMES = ("created_at", "updated_at", "deleted_at")

NOTHING = dict.fromkeys(
    (
        *("type", "title", "description", "default", "minimum", "maximum", "enum", "pattern", "minLength", "maxLength"),
        *("confidential", "items", "uniqueItems", "minItems", "maxItems", "additionalItems"),
    )
)
NAMESPACE = {
    "namespace": "n",
    "namespace_old": "n",
    "display_name": "Displayed",
    "protected": False,
    "visibility": "public",
    "owner": "red",
    "description": None,
    "deleted": False,
}


class Keeping(Layer):
    """Refuses to delete what is protected."""

    name = "keeping"
    namespaces = DomainNamespaces
    definitions = DomainDefinitions


class Service:
    """A started notifier around ``Ends``."""

    def __init__(self, *, outbox: bool = False, **options: Any) -> None:
        self._driver = import_module("oslo_messaging.notify._impl_test")
        self._driver.reset()
        conf = cfg.ConfigOpts()
        conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        register_options(Notifier, conf)
        conf.set_override("driver", ["test"], group=GROUP)
        conf.set_override("outbox", outbox, group="notifier")
        for name, value in options.items():
            conf.set_override(name, value)
        self.pipeline = linked(Notifier, Keeping, conf=conf)
        self.pipeline.start(Services(ONE_STORE))
        self.nouns = self.pipeline.nouns

    def call(self, operation: str) -> Call:
        return Call(operation, ALICE)

    def made(self, **values: Any) -> Namespace:
        values = {"display_name": "Displayed", "visibility": "public", "owner": "red", **values}
        return create_namespace(self.nouns, self.call("create_namespace"), Namespace("n", **values))

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Every event so far, after the layer was closed and had to deliver."""
        self.pipeline.close()
        assert {priority for _, _, priority, _ in self._driver.NOTIFICATIONS} <= {"INFO"}
        return [(message["event_type"], message["payload"]) for _, message, _, _ in self._driver.NOTIFICATIONS]


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.pipeline.close()


def told(payload: dict[str, Any], **expected: Any) -> None:
    """The payload is ``expected``, but for the times, which are ISO 8601 or null."""
    for name in TIMES:
        time = payload.get(name)
        assert time is None or (len(time) == 20 and time.endswith("Z")), name
    assert {key: value for key, value in payload.items() if key not in TIMES} == expected


def test_a_namespace_and_all_that_it_brings(service: Service) -> None:
    """6.3-11 to 6.3-15: the namespace first, then each thing in the order of its making."""
    service.made(
        associations=(Association("T", "p_"),),
        definitions=(Definition("object", "o"), Definition("tag", "t"), Definition("property", "p", {"type": "string"})),
    )
    events = service.heard()
    assert [event for event, _ in events] == [
        "metadef_namespace.create",
        "metadef_resource_type.create",
        "metadef_object.create",
        "metadef_tag.create",
        "metadef_property.create",
    ]
    told(events[0][1], **NAMESPACE)
    assert events[0][1]["deleted_at"] is None
    told(events[1][1], namespace="n", name="T", name_old="T", prefix="p_", properties_target=None, deleted=False)
    assert all(payload["created_at"] for event, payload in events if event != "metadef_property.create")


def test_a_namespace_that_is_changed(service: Service) -> None:
    """6.3-11: both names are told."""
    service.made()
    modify_namespace(service.nouns, service.call("modify_namespace"), "n", Namespace("m", owner="blue"))
    _, (event, payload) = service.heard()
    assert event == "metadef_namespace.update"
    told(payload, **{**NAMESPACE, "namespace": "m", "display_name": None, "visibility": "private", "owner": "blue"})


def test_a_namespace_that_is_deleted(service: Service) -> None:
    """6.3-11; nothing is told of what was in it."""
    service.made(definitions=(Definition("tag", "t"),), associations=(Association("T"),))
    delete_namespace(service.nouns, service.call("delete_namespace"), "n")
    event, payload = service.heard()[-1]
    assert event == "metadef_namespace.delete"
    told(payload, **{**NAMESPACE, "deleted": True})
    assert payload["deleted_at"]


def test_an_object(service: Service) -> None:
    """6.3-12: properties as a list."""
    service.made()
    schema = {"description": "d", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 0, "default": 1}}}
    create_definitions(service.nouns, service.call("create_object"), "n", "object", [Definition("object", "o", schema)])
    modify_definition(service.nouns, service.call("modify_object"), "n", "o", Definition("object", "q"))
    delete_definition(service.nouns, service.call("delete_object"), "n", "object", "q")
    _, *events = service.heard()
    assert [event for event, _ in events] == ["metadef_object.create", "metadef_object.update", "metadef_object.delete"]
    told(
        events[0][1],
        namespace="n",
        name="o",
        name_old="o",
        description="d",
        required=["a"],
        deleted=False,
        properties=[{**NOTHING, "name": "a", "type": "integer", "minimum": 0, "default": 1}],
    )
    empty = {"namespace": "n", "name": "q", "description": None, "required": [], "properties": []}
    told(events[1][1], **empty, name_old="o", deleted=False)
    told(events[2][1], **empty, name_old="q", deleted=True)
    assert events[2][1]["deleted_at"]


def test_a_property(service: Service) -> None:
    """6.3-13: the schema is flattened; no times of creation and change."""
    service.made()
    schema = {"name": "p", "type": "string", "title": "P", "enum": ["a"], "operators": ["<or>"]}
    create_definitions(service.nouns, service.call("create_property"), "n", "property", [Definition("property", "p", schema)])
    modify_definition(service.nouns, service.call("modify_property"), "n", "p", Definition("property", "q", {"type": "integer"}))
    delete_definition(service.nouns, service.call("delete_property"), "n", "property", "q")
    _, *events = service.heard()
    assert [event for event, _ in events] == ["metadef_property.create", "metadef_property.update", "metadef_property.delete"]
    assert events[0][1] == {
        **NOTHING,
        "namespace": "n",
        "name": "p",
        "name_old": "p",
        "type": "string",
        "title": "P",
        "enum": ["a"],
        "deleted": False,
        "deleted_at": None,
    }
    told(events[1][1], **{**NOTHING, "namespace": "n", "name": "q", "name_old": "p", "type": "integer", "deleted": False})
    assert (events[2][1]["deleted"], events[2][1]["name"]) == (True, "q")


def test_tags(service: Service) -> None:
    """6.3-15: one event for each of several."""
    service.made()
    two = [Definition("tag", "t"), Definition("tag", "u")]
    create_definitions(service.nouns, service.call("create_tags"), "n", "tag", two, replacing=True)
    modify_definition(service.nouns, service.call("modify_tag"), "n", "u", Definition("tag", "v"))
    delete_definition(service.nouns, service.call("delete_tag"), "n", "tag", "v")
    _, *events = service.heard()
    assert [(event, payload["name"], payload["name_old"]) for event, payload in events] == [
        ("metadef_tag.create", "t", "t"),
        ("metadef_tag.create", "u", "u"),
        ("metadef_tag.update", "v", "u"),
        ("metadef_tag.delete", "v", "v"),
    ]
    told(events[0][1], namespace="n", name="t", name_old="t", deleted=False)


@pytest.mark.parametrize(("kind", "kinds"), [("object", "objects"), ("property", "properties"), ("tag", "tags")])
def test_all_of_a_kind_deleted(service: Service, kind: Any, kinds: str) -> None:
    """6.3-11, 6.3-15: one event, about the namespace."""
    service.made(definitions=(Definition(kind, "a"), Definition(kind, "b")))
    clear_definitions(service.nouns, service.call(f"clear_{kinds}"), "n", kind)
    *_, last = service.heard()
    assert last[0] == f"metadef_namespace.delete_{kinds}"
    told(last[1], **NAMESPACE)


def test_an_association(service: Service) -> None:
    """6.3-14."""
    service.made()
    associating.associate(service.nouns, service.call("associate"), "n", Association("T", "p_", "image"))
    dissociating.dissociate(service.nouns, service.call("dissociate"), "n", "T")
    _, created, deleted = service.heard()
    said = {"namespace": "n", "name": "T", "name_old": "T", "prefix": "p_", "properties_target": "image"}
    assert (created[0], deleted[0]) == ("metadef_resource_type.create", "metadef_resource_type.delete")
    told(created[1], **said, deleted=False)
    told(deleted[1], **said, deleted=True)
    assert deleted[1]["deleted_at"]


def test_nothing_is_told_of_what_did_not_happen(service: Service) -> None:
    """An event says what has happened."""
    service.made(protected=True, definitions=(Definition("tag", "t"),))
    with pytest.raises(Duplicate):
        service.made()
    with pytest.raises(Forbidden):
        delete_namespace(service.nouns, service.call("delete_namespace"), "n")
    with pytest.raises(Forbidden):
        clear_definitions(service.nouns, service.call("clear_tags"), "n", "tag")
    with pytest.raises(Duplicate):
        create_definitions(service.nouns, service.call("create_tag"), "n", "tag", [Definition("tag", "t")])
    show_namespace(service.nouns, service.call("show_namespace"), "n")
    assert [event for event, _ in service.heard()] == ["metadef_namespace.create", "metadef_tag.create"]


def test_events_that_nobody_wants() -> None:
    """8.1: by type or by group."""
    service = Service(disabled_notifications=["metadef_tag", "metadef_namespace.delete"])
    service.made(definitions=(Definition("tag", "t"), Definition("object", "o")))
    delete_namespace(service.nouns, service.call("delete_namespace"), "n")
    assert [event for event, _ in service.heard()] == ["metadef_namespace.create", "metadef_object.create"]


def test_the_outbox_keeps_what_changes_have_to_tell() -> None:
    """6.3-11 to 6.3-15: an entry for each change, stored with it; the same events come of it."""
    service = Service(outbox=True)
    kept: list[list[str]] = []
    ends = service.pipeline.layers[-1]
    noted = ends.noted

    def noting(call: Call, verb: str, answer: Any) -> Any:
        before = set(ends.intents)
        result = noted(call, verb, answer)
        (entry,) = set(ends.intents) - before
        kept.append([event for _, event, _ in ends.intents[entry].details["events"]])
        return result

    ends.noted = noting
    service.made(definitions=(Definition("tag", "t"),), associations=(Association("T"),))
    create_definitions(service.nouns, service.call("create_object"), "n", "object", [Definition("object", "o")])
    modify_definition(service.nouns, service.call("modify_object"), "n", "o", Definition("object", "q"))
    delete_definition(service.nouns, service.call("delete_object"), "n", "object", "q")
    clear_definitions(service.nouns, service.call("clear_tags"), "n", "tag")
    associating.associate(service.nouns, service.call("associate"), "n", Association("U"))
    dissociating.dissociate(service.nouns, service.call("dissociate"), "n", "U")
    modify_namespace(service.nouns, service.call("modify_namespace"), "n", Namespace("m"))
    delete_namespace(service.nouns, service.call("delete_namespace"), "m")
    told = [event for event, _ in service.heard()]
    assert kept == [
        ["metadef_namespace.create", "metadef_resource_type.create", "metadef_tag.create"],
        ["metadef_object.create"],
        ["metadef_object.update"],
        ["metadef_object.delete"],
        ["metadef_namespace.delete_tags"],
        ["metadef_resource_type.create"],
        ["metadef_resource_type.delete"],
        ["metadef_namespace.update"],
        ["metadef_namespace.delete"],
    ]
    assert told == [event for events in kept for event in events]
