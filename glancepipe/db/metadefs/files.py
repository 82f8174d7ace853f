"""Files of metadata definitions, one namespace in each: read into records and written from them (FEATURES 5.3-02)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from glancepipe.contract.metadefs import Association, Definition, Namespace

OWNER = "admin"
"""Who owns the namespace of a file that does not say, as with Glance."""

_TEXT, _TEXTS = (str, type(None)), (list, type(None))
_FIELDS: Mapping[str, tuple[type, ...]] = {
    "display_name": _TEXT,
    "description": _TEXT,
    "visibility": _TEXT,
    "protected": (bool, type(None)),
    "owner": _TEXT,
    "resource_type_associations": _TEXTS,
    "properties": (dict, type(None)),
    "objects": _TEXTS,
    "tags": _TEXTS,
}
"""Of what type the members of a file are; null is as good as nothing. Others are passed over."""


def paths(source: Path) -> list[Path]:
    """The file that ``source`` is, or those in that directory. Raises ValueError if there are none."""
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise ValueError(f"There is no file or directory {source}.")
    found = sorted(each for each in source.iterdir() if each.suffix == ".json" and each.is_file())
    if not found:
        raise ValueError(f"There is no file *.json in {source}.")
    return found


def read(path: Path) -> Namespace:
    """The namespace that a file describes. Raises ValueError with a sentence if it is none."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"it can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError("it must be a JSON object")
    for name, types in _FIELDS.items():
        if not isinstance(document.get(name), types):
            raise ValueError(f"{name!r} is of the wrong type")
    visibility = document.get("visibility") or "private"
    if visibility not in ("public", "private"):
        raise ValueError("'visibility' must be public or private")
    return Namespace(
        _name("namespace", document.get("namespace")),
        document.get("display_name"),
        document.get("description"),
        visibility,
        bool(document.get("protected")),
        document.get("owner") or OWNER,
        associations=tuple(_association(each) for each in document.get("resource_type_associations") or ()),
        definitions=tuple(_definitions(document)),
    )


def write(namespace: Namespace, path: Path) -> None:
    """Describe a namespace in a file that is whole whenever somebody looks. Raises OSError."""
    document = {
        "namespace": namespace.namespace,
        "display_name": namespace.display_name,
        "description": namespace.description,
        "visibility": namespace.visibility,
        "protected": namespace.protected,
        "owner": namespace.owner,
        "resource_type_associations": [
            {"name": each.name, "prefix": each.prefix, "properties_target": each.properties_target} for each in namespace.associations
        ],
        "properties": {each.name: each.schema for each in namespace.definitions if each.kind == "property"},
        "objects": [{"name": each.name, **each.schema} for each in namespace.definitions if each.kind == "object"],
        "tags": [{"name": each.name} for each in namespace.definitions if each.kind == "tag"],
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document, indent=4) + "\n")
    os.replace(part, path)


def names(namespaces: Iterable[str]) -> dict[str, str]:
    """A file name for each namespace, made of its letters and digits; no two have the same one, in upper case or lower."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for namespace in namespaces:
        stem = re.sub(r"\W+", "-", namespace).strip("-") or "namespace"
        name, number = f"{stem}.json", 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}.json"
        taken.add(name.lower())
        found[namespace] = name
    return found


def _definitions(document: Mapping[str, Any]) -> Iterable[Definition]:
    for each in document.get("objects") or ():
        yield _object(each)
    for each in document.get("tags") or ():
        yield Definition("tag", _name("tag", _member("tag", each)))
    for name, schema in (document.get("properties") or {}).items():
        yield Definition("property", _name("property", name), _schema(name, schema))


def _object(document: Any) -> Definition:
    name = _name("object", _member("object", document))
    description, required, properties = (document.get(each) for each in ("description", "required", "properties"))
    if not isinstance(description, str | None) or not isinstance(properties, dict | None):
        raise ValueError(f"the description or the properties of the object {name!r} are of the wrong type")
    if not all(isinstance(each, str) and each and "," not in each for each in _listed(name, required)):
        raise ValueError(f"what the object {name!r} requires must be names without commas")
    schema = {
        "description": description,
        "required": required or None,
        "properties": {each: _schema(each, inner) for each, inner in (properties or {}).items()},
    }
    return Definition("object", name, {key: value for key, value in schema.items() if value is not None})


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | None):
        raise ValueError(f"what the object {name!r} requires must be a list")
    return value or []


def _association(document: Any) -> Association:
    name = _name("resource type", _member("resource type", document))
    prefix, target = document.get("prefix"), document.get("properties_target")
    if not isinstance(prefix, str | None) or not isinstance(target, str | None):
        raise ValueError(f"the prefix or the target of the resource type {name!r} is no string")
    return Association(name, prefix, target)


def _schema(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"the property {name!r} must be an object")
    return value


def _member(what: str, document: Any) -> Any:
    if not isinstance(document, dict):
        raise ValueError(f"each {what} must be an object with a name")
    return document.get("name")


def _name(what: str, name: Any) -> str:
    if not isinstance(name, str) or not name or "/" in name:
        raise ValueError(f"a {what} must have a name, without a slash")
    return name
