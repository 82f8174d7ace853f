"""GET /v2/metadefs/namespaces/{namespace}/properties/{property_name}: one property, by its name or as a resource type calls it."""

from glancepipe.contract import Call, Definition, Nouns
from glancepipe.contract.errors import NotFound


def show_property(nouns: Nouns, call: Call, namespace: str, name: str, resource_type: str | None = None) -> Definition:
    """The property; with ``resource_type``, ``name`` has the prefix of that association. Raises NotFound, Forbidden (FEATURES 5.1-07)."""
    found = nouns.namespaces.get(call, namespace)
    if resource_type:
        applied = {each.name: each for each in nouns.resource_types.associations(call, found)}.get(resource_type)
        if applied is None:
            raise NotFound(f"The namespace {namespace} does not apply to the resource type {resource_type}.")
        if not applied.prefix or not name.startswith(applied.prefix):
            raise NotFound(f"{name} does not begin with the prefix that properties of {namespace} have on {resource_type}.")
        name = name.removeprefix(applied.prefix)
    return nouns.definitions.get(call, found, "property", name)
