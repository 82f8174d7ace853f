"""PUT of one object, property or tag."""

from glancepipe.contract import Call, Definition, Nouns


def modify_definition(nouns: Nouns, call: Call, namespace: str, name: str, changed: Definition) -> Definition:
    """Replace it, the name included. Raises NotFound, Duplicate, Invalid, Forbidden (FEATURES 5.1-07, 5.1-09, 5.1-11)."""
    found = nouns.namespaces.get(call, namespace)
    return nouns.definitions.save(call, found, nouns.definitions.get(call, found, changed.kind, name), changed)
