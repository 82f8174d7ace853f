"""GET of all objects, all properties or all tags of a namespace."""

from collections.abc import Sequence

from glancepipe.contract import Call, Definition, DefinitionQuery, Kind, Nouns


def list_definitions(nouns: Nouns, call: Call, namespace: str, kind: Kind, query: DefinitionQuery) -> Sequence[Definition]:
    """Those that ``query`` asks for. Raises NotFound (the marker too), Invalid, Forbidden (FEATURES 5.1-06, 5.1-08, 5.1-10)."""
    return nouns.definitions.list(call, nouns.namespaces.get(call, namespace), kind, query)
