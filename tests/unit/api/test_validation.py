"""What clients propose for new images, and the schemas behind the checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from glancepipe.api.schemas import Custom, custom_properties, documents, image_schema
from glancepipe.api.validation import Checks
from glancepipe.contract.errors import Forbidden, Invalid

CUSTOM = Custom({"kernel_id": {"type": ["null", "string"], "pattern": "^k"}, "count": {"type": "integer"}}, ("kernel_id",))


@pytest.fixture
def checks(conf: cfg.ConfigOpts) -> Checks:
    return Checks(image_schema(conf, Custom()), Custom())


def test_everything_is_optional(checks: Checks) -> None:
    """FEATURES 1.4-01."""
    values = checks.new_image({})
    assert (values.base, values.properties, values.tags) == ({}, {}, frozenset())


def test_only_what_was_given(checks: Checks) -> None:
    values = checks.new_image({"name": None, "min_disk": 1.0, "tags": ["a", "a"], "foo": "bar", "protected": True})
    assert values.base == {"name": None, "min_disk": 1, "protected": True}
    assert isinstance(values.base["min_disk"], int)
    assert (values.properties, values.tags) == ({"foo": "bar"}, frozenset({"a"}))


@pytest.mark.parametrize(
    "document",
    [
        *([], "x", 5, None, True),
        *({"name": 5}, {"name": "x" * 256}, {"visibility": None}, {"visibility": "x"}, {"min_disk": -1}, {"min_ram": 1 << 31}),
        *({"min_disk": 1e30}, {"min_disk": True}, {"min_disk": "1"}, {"id": "abc"}, {"tags": "x"}, {"tags": [None]}),
        *({"disk_format": "foo"}, {"container_format": 5}, {"foo": None}, {"foo": 5}, {"foo": []}, {"": "x"}),
        *({"x" * 256: "x"}, {"protected": "true"}, {"owner": 5}, {"foo": "x" * 70000}, {"location": 5}),
    ],
)
def test_invalid(checks: Checks, document: Any) -> None:
    """FEATURES 1.2-04, 1.4-01, 1.4-03, 1.4-06, 1.4-09, 12-05."""
    with pytest.raises(Invalid) as refused:
        checks.new_image(document)
    assert not refused.value.message.startswith("data")


@pytest.mark.parametrize(
    "name",
    [
        *("status", "size", "virtual_size", "checksum", "created_at", "updated_at", "direct_url", "self", "file", "schema", "stores"),
        *("os_hash_algo", "os_hash_value", "location", "deleted", "deleted_at", "os_glance_x", "os_glancefoo"),
    ],
)
def test_names_of_the_service(checks: Checks, name: str) -> None:
    """FEATURES 1.4-04, 1.4-05, 12-06."""
    value = {"status": "active", "size": 5, "virtual_size": None}.get(name, "x")
    with pytest.raises(Forbidden):
        checks.new_image({name: value})


def test_locations_are_reserved_on_creation(checks: Checks) -> None:
    """FEATURES 1.4-05."""
    with pytest.raises(Forbidden):
        checks.new_image({"locations": []})


def test_the_order_of_refusals(checks: Checks) -> None:
    """FEATURES 1.4-06: names of the view, the schema, other names that are the service's."""
    for name in ("self", "stores"):
        with pytest.raises(Forbidden, match="read-only"):
            checks.new_image({name: 5, "name": 5})
    for document in ({"status": "x"}, {"size": "x"}, {"status": "active", "foo": 5}, {"name": 5, "location": "x"}):
        with pytest.raises(Invalid):
            checks.new_image(document)
    with pytest.raises(Forbidden, match="read-only"):
        checks.new_image({"status": "active", "x" * 256: "x", "location": "x"})
    with pytest.raises(Invalid):
        checks.new_image({"x" * 256: "x", "location": "x"})


def test_formats_are_those_configured(conf: cfg.ConfigOpts) -> None:
    """FEATURES 2.6-01."""
    conf.set_override("disk_formats", ["raw", "luks"], group="image_format")
    checks = Checks(image_schema(conf, Custom()), Custom())
    assert checks.new_image({"disk_format": "luks"}).base == {"disk_format": "luks"}
    with pytest.raises(Invalid):
        checks.new_image({"disk_format": "qcow2"})


def test_required_properties_only_on_creation(conf: cfg.ConfigOpts) -> None:
    """FEATURES 1.4-12, 2.6-02: they don't stand in the way of a change."""
    checks = Checks(image_schema(conf, CUSTOM), CUSTOM)
    with pytest.raises(Invalid):
        checks.new_image({})
    checks.one("name", "x")
    with pytest.raises(Invalid):
        checks.new_image({"kernel_id": "x"})
    assert checks.new_image({"kernel_id": None, "count": 5}).properties == {"kernel_id": "", "count": "5"}


def test_schema_documents(conf: cfg.ConfigOpts) -> None:
    """FEATURES 2.6-01, 2.6-03."""
    found = {name: json.loads(text) for name, text in documents(image_schema(conf, CUSTOM)).items()}
    image = found["image"]
    assert image["additionalProperties"] == {"type": "string"}
    assert [link["rel"] for link in image["links"]] == ["self", "enclosure", "describedby"]
    assert image["properties"]["disk_format"]["enum"][0] is None
    assert image["properties"]["size"]["readOnly"] is True
    assert image["properties"]["kernel_id"] == {"type": ["null", "string"], "pattern": "^k", "is_base": False}
    assert image["required"] == ["kernel_id"]
    assert found["images"]["properties"]["images"]["items"] == image
    assert set(found["members"]["properties"]) == {"members", "schema"}
    assert set(found["member"]["properties"]) == {"member_id", "image_id", "created_at", "updated_at", "status", "schema"}


def with_file(conf: cfg.ConfigOpts, home: Path, content: str) -> Custom:
    (home / "schema-image.json").write_text(content)
    (home / "glancepipe.conf").touch()
    conf([], project="glancepipe", default_config_files=[str(home / "glancepipe.conf")], default_config_dirs=[])
    return custom_properties(conf)


def test_custom_properties_file(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    """FEATURES 2.6-02."""
    assert custom_properties(conf) == Custom()
    assert with_file(conf, tmp_path, '{"a": {"type": "string"}}') == Custom({"a": {"type": "string"}})
    both = with_file(conf, tmp_path, '{"properties": {"a": {"type": "string"}}, "required": ["a"]}')
    assert both == Custom({"a": {"type": "string"}}, ("a",))


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 5}', '{"properties": {}, "required": "a"}'])
def test_custom_properties_file_that_is_wrong(conf: cfg.ConfigOpts, tmp_path: Path, content: str) -> None:
    with pytest.raises(ValueError, match=r"schema-image\.json"):
        with_file(conf, tmp_path, content)


def test_custom_properties_against_base_attributes(conf: cfg.ConfigOpts) -> None:
    """FEATURES 2.6-02."""
    with pytest.raises(ValueError, match="'name'"):
        image_schema(conf, Custom({"name": {"type": "integer"}}))
    same = image_schema(conf, Custom())["properties"]["name"]
    assert image_schema(conf, Custom({"name": same})) == image_schema(conf, Custom())


def test_custom_schema_that_is_none(conf: cfg.ConfigOpts) -> None:
    custom = Custom({"a": {"type": "nonsense"}})
    with pytest.raises(ValueError, match="custom property"):
        Checks(image_schema(conf, custom), custom)
