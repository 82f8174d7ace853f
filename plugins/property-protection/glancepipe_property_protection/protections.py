"""The file that says who may do what with which properties, in Glance's format (FEATURES 6.7-01, 6.7-02).

A section's name is a regular expression; the first section that is found in a property's name speaks for it. Its four
keys say who may ``create``, ``read``, ``update`` and ``delete``: ``@`` everybody, ``!`` nobody, else roles with commas
between them, or in the format ``policies`` one policy rule.
"""

from __future__ import annotations

import configparser
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

log = logging.getLogger(__name__)

OPERATIONS = ("create", "read", "update", "delete")
RESERVED = "os_glance"
"""Properties of the service itself: not for this file to speak of."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do one thing: ``everybody``, or who has one of these roles, or passes this policy rule."""

    everybody: bool = False
    roles: frozenset[str] = frozenset()
    rule: str | None = None


EVERYBODY, NOBODY = Grant(everybody=True), Grant()
Section = tuple[re.Pattern[str], Mapping[str, Grant]]


class Protections:
    """What a file says. ``rules`` are the policy rules that it names."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = (re.compile(RESERVED), dict.fromkeys(OPERATIONS, EVERYBODY)), *sections
        self.rules = frozenset(grant.rule for _, grants in sections for grant in grants.values() if grant.rule is not None)
        # Clients choose names freely, but most images have the same few.
        self.grants = lru_cache(maxsize=1024)(self._grants)
        """The grants on a property, by operation; none if no section speaks for it."""

    def _grants(self, name: str) -> Mapping[str, Grant]:
        return next((grants for pattern, grants in self._sections if pattern.search(name)), {})


def read(path: str, *, policies: bool) -> Protections:
    """The file at ``path``. Raises ValueError with one sentence if it can't be meant."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, UnicodeError, configparser.Error) as error:
        raise ValueError(f"The property protection file {path} can't be read: {' '.join(str(error).split())}") from error
    try:
        return Protections(list(_sections(parser, policies)))
    except ValueError as error:
        raise ValueError(f"In the property protection file {path} {error}.") from error


def _sections(parser: configparser.ConfigParser, policies: bool) -> Iterator[Section]:
    for name in parser.sections():
        if name.startswith(RESERVED):
            log.warning("The section [%s] is left out: the service's own properties are not for the file to protect.", name)
            continue
        try:
            pattern = re.compile(name)
        except re.error as error:
            raise ValueError(f"the section [{name}] is no regular expression: {error}") from error
        yield pattern, {operation: _grant(parser, name, operation, policies) for operation in OPERATIONS}


def _grant(parser: configparser.ConfigParser, section: str, operation: str, policies: bool) -> Grant:
    text = parser.get(section, operation, fallback=None)
    if text is None:
        raise ValueError(f"the section [{section}] does not say who may {operation}: '@' is everybody, '!' nobody")
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        log.warning("The section [%s] names nobody who may %s: nobody may. Write '!' if that is meant.", section, operation)
    if "@" in names and "!" in names:
        raise ValueError(f"the section [{section}] lets everybody and nobody {operation}: '@' and '!' exclude each other")
    if policies and len(names) > 1:
        raise ValueError(f"the section [{section}] names several policy rules for {operation}: join them in the policy file")
    if not names or "!" in names:
        return NOBODY
    if "@" in names:
        return EVERYBODY
    return Grant(rule=names[0]) if policies else Grant(roles=frozenset(name.lower() for name in names))
