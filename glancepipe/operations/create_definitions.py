"""POST of an object, a property, a tag or several tags."""

from collections.abc import Sequence

from glancepipe.contract import Call, Definition, Kind, Nouns


def create_definitions(
    nouns: Nouns, call: Call, namespace: str, kind: Kind, definitions: Sequence[Definition], *, replacing: bool = False
) -> Sequence[Definition]:
    """Add all of them or none; ``replacing`` takes those away that there were, if any come instead.

    Raises NotFound, Duplicate, Invalid, Forbidden (FEATURES 5.1-06, 5.1-08, 5.1-10, 5.1-11).
    """
    found = nouns.namespaces.get(call, namespace)
    return nouns.definitions.add(call, found, kind, definitions, replacing and bool(definitions))
