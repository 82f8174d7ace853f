"""Metadata definitions, by the real clients (CLIENTS.md: metadef, md-*): what one makes, the other sees."""

import json
import uuid

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture
def namespace(embedded):
    """The name of a namespace that goes with the test."""
    name = f"ns-{uuid.uuid4()}"
    yield name
    embedded.request("DELETE", f"/v2/metadefs/namespaces/{name}")


@pytest.fixture
def metadef(clients, embedded):
    """Run ``openstack image metadef``; the answer is parsed if it is JSON."""

    def metadef(*words, **how):
        output = clients.openstack(embedded, "image", "metadef", *words, **how)
        return json.loads(output) if "json" in words else output

    return metadef


@pytest.fixture
def md(clients, embedded):
    """Run ``glance md-...`` for the rows that it prints."""

    def md(verb, *words, **how):
        if how:
            return clients.glance(embedded, f"md-{verb}", *words, **how)
        return clients.glance_table(embedded, f"md-{verb}", *words)

    return md


def test_namespaces(metadef, md, namespace):
    metadef("namespace", "create", "--public", namespace)
    assert dict(md("namespace-show", namespace))["visibility"] == "public"
    assert namespace in [row["namespace"] for row in metadef("namespace", "list", "-f", "json")]
    assert namespace in [row[0] for row in md("namespace-list")]
    # The whole of it is put: what is left out falls back to its default.
    metadef("namespace", "set", "--display-name", "shown", namespace)
    seen = dict(md("namespace-show", namespace))
    assert (seen["display_name"], seen["visibility"]) == ("shown", "private")
    md("namespace-update", namespace, "--description", "by glance", "--visibility", "public")
    seen = metadef("namespace", "show", namespace, "-f", "json")
    assert (seen["description"], seen["visibility"], seen["display_name"]) == ("by glance", "public", "shown")
    metadef("namespace", "delete", namespace)
    assert "404" in md("namespace-show", namespace, fails=True)


def test_a_namespace_by_glance(metadef, md, namespace):
    md("namespace-create", namespace, "--visibility", "public", "--protected", "True")
    assert "403" in metadef("namespace", "delete", namespace, fails=True)
    md("namespace-update", namespace, "--protected", "False")
    md("namespace-delete", namespace)
    assert metadef("namespace", "show", namespace, fails=True)


def test_objects(metadef, md, namespace):
    metadef("namespace", "create", namespace)
    metadef("object", "create", "--namespace", namespace, "o1")
    schema = {"properties": {"n": {"type": "integer", "title": "n"}}}
    md("object-create", namespace, "--name", "o2", "--schema", json.dumps(schema))
    assert sorted(row["name"] for row in metadef("object", "list", namespace, "-f", "json")) == ["o1", "o2"]
    assert dict(md("object-property-show", namespace, "o2", "n"))["type"] == "integer"
    metadef("object", "update", namespace, "o1", "--name", "renamed")
    metadef("object", "delete", namespace, "o2")
    assert [row[0] for row in md("object-list", namespace)] == ["renamed"]
    md("object-delete", namespace, "renamed")
    assert md("object-list", namespace) == []


def test_properties(metadef, md, namespace):
    metadef("namespace", "create", namespace)
    metadef("property", "create", "--name", "p1", "--title", "first", "--type", "string", "--schema", "{}", namespace)
    md("property-create", namespace, "--name", "p2", "--title", "second", "--type", "integer", "--schema", json.dumps({"minimum": 1}))
    assert sorted(row["name"] for row in metadef("property", "list", namespace, "-f", "json")) == ["p1", "p2"]
    assert dict(md("property-show", namespace, "p2"))["minimum"] == "1"
    metadef("property", "set", "--title", "changed", namespace, "p1")
    assert dict(md("property-show", namespace, "p1"))["title"] == "changed"
    metadef("property", "delete", namespace, "p1")
    md("namespace-properties-delete", namespace)
    assert md("property-list", namespace) == []


def test_resource_types(metadef, md, namespace):
    metadef("namespace", "create", namespace)
    metadef("resource", "type", "association", "create", namespace, "OS::Glance::Image")
    md("resource-type-associate", namespace, "--name", "OS::Nova::Server", "--prefix", "hw_")
    rows = metadef("resource", "type", "association", "list", namespace, "-f", "json")
    assert sorted(row["Name"] for row in rows) == ["OS::Glance::Image", "OS::Nova::Server"]
    assert {"OS::Glance::Image", "OS::Nova::Server"} <= {row[0] for row in md("resource-type-list")}
    md("resource-type-deassociate", namespace, "OS::Nova::Server")
    metadef("resource", "type", "association", "delete", namespace, "OS::Glance::Image")
    assert md("namespace-resource-type-list", namespace) == []


def test_tags(metadef, md, namespace):
    metadef("namespace", "create", namespace)
    md("tag-create-multiple", namespace, "--names", "a,b")
    md("tag-create", namespace, "--name", "tg")
    assert sorted(row[0] for row in md("tag-list", namespace)) == ["a", "b", "tg"]
    md("tag-update", namespace, "tg", "--name", "changed")
    md("tag-delete", namespace, "a")
    assert sorted(row[0] for row in md("tag-list", namespace)) == ["b", "changed"]
    md("namespace-tags-delete", namespace)
    assert md("tag-list", namespace) == []
