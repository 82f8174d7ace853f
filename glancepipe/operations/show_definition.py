"""GET of one object or tag."""

from glancepipe.contract import Call, Definition, Kind, Nouns


def show_definition(nouns: Nouns, call: Call, namespace: str, kind: Kind, name: str) -> Definition:
    """The definition of that name. Raises NotFound, Forbidden (FEATURES 5.1-09, 5.1-11)."""
    return nouns.definitions.get(call, nouns.namespaces.get(call, namespace), kind, name)
