"""DELETE of all objects, all properties or all tags of a namespace."""

from glancepipe.contract import Call, Kind, Nouns


def clear_definitions(nouns: Nouns, call: Call, namespace: str, kind: Kind) -> None:
    """Delete them all. Raises NotFound, Forbidden if the namespace is protected (FEATURES 5.1-06, 5.1-08, 5.1-10)."""
    nouns.definitions.clear(call, nouns.namespaces.get(call, namespace), kind)
