"""DELETE of one object, property or tag."""

from glancepipe.contract import Call, Kind, Nouns


def delete_definition(nouns: Nouns, call: Call, namespace: str, kind: Kind, name: str) -> None:
    """Delete it. Raises NotFound, Forbidden if the namespace is protected (FEATURES 5.1-07, 5.1-09, 5.1-11)."""
    found = nouns.namespaces.get(call, namespace)
    nouns.definitions.remove(call, found, nouns.definitions.get(call, found, kind, name))
