"""Makes check trees of oslo.policy fast to ask, and finds out what they look at. Part of the layer ``policy``.

oslo.policy inspects signatures and evaluates literals each time that a check is asked, 100 to 200 us for a rule of
the size of ``get_image``. Here a tree becomes nested functions once, when it is loaded, which takes 1 to 2 us to
ask. The kinds of checks that oslo.policy itself brings are translated; any other kind (``http:``, those of other
distributions) is asked through oslo.policy as ever. A property test holds both ways of asking equal.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_policy import policy

log = logging.getLogger(__name__)

Values = Mapping[str, Any]
Passes = Callable[[Values, Values], bool]

# oslo.policy exports neither a common base of checks nor these classes by name.
_TRUE, _FALSE, _ROLE, _GENERIC = (type(policy.RuleDefault("x", text).check) for text in ("@", "!", "role:x", "x:y"))

BY_SIGHT = frozenset({"owner", "project_id", "member_id", "member", "visibility"})
"""Keys of an image's target that mean the same for all images of one ``Sight``, if owners are only compared to the
caller's project."""

_OWNERS = frozenset({"owner", "project_id"})


class BadRule(ValueError):
    """A rule that can't be meant. ``names`` are its own and those of others that have part in it."""

    def __init__(self, name: str, complaint: str, *others: str) -> None:
        super().__init__(f"the rule {name!r} {complaint}")
        self.names = (name, *others)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A check that is ready to be asked. ``by_sight``: it has the same answer for all images of one ``Sight``."""

    passes: Passes
    by_sight: bool = True


EVERYBODY = Compiled(lambda _target, _creds: True)
NOBODY = Compiled(lambda _target, _creds: False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule: ``text`` is what its author wrote, ``scopes`` the token scopes that it accepts, None for any."""

    name: str
    text: str
    check: Compiled
    scopes: frozenset[str] | None

    def allows(self, target: Values, creds: Values, scope: str) -> bool:
        """Whether the rule lets ``creds``, of a token of that scope, do it to ``target``; a check that fails refuses."""
        if self.scopes is not None and scope not in self.scopes:
            return False
        try:
            return self.check.passes(target, creds)
        except Exception:
            # A remote authority that is down or a check of another distribution that trips must not let anybody in.
            log.exception("The policy rule %r could not be asked and refuses: %s", self.name, self.text)
            return False


def parse(name: str, text: object) -> policy.RuleDefault:
    """The rule that a file gives as ``text``. Raises BadRule where oslo.policy would only log and refuse everybody."""
    if not isinstance(text, str):
        raise BadRule(name, f"must be a check string, not {text!r}")
    try:
        rule = policy.RuleDefault(name, text)
    except Exception as error:
        raise BadRule(name, f"has a check string that can't be parsed ({error}): {text}") from error
    words = [word for word in (word.strip("()") for word in text.split()) if word]
    refusals = sum(type(leaf) is _FALSE for leaf in _leaves(rule.check))
    if refusals != words.count("!") or (type(rule.check) is _FALSE and words != ["!"]):
        raise BadRule(name, f"has a check string that can't be parsed: {text}")
    return rule


class Compiler:
    """Turns ``checks``, by name, into functions; ``enforcer`` is what checks of foreign kinds get to see."""

    def __init__(self, checks: Values, enforcer: policy.Enforcer) -> None:
        self.checks = checks
        self._enforcer = enforcer
        self._open: list[str] = []

    def rule(self, name: str) -> Compiled:
        """A named rule, compiled. Raises BadRule if it, or one that it refers to, can't be meant."""
        if name in self._open:
            circle = self._open[self._open.index(name) :]
            raise BadRule(name, f"refers to itself ({' -> '.join([*circle, name])})", *circle)
        if name not in self.checks:
            raise BadRule(self._open[-1], f"refers to the rule {name!r}, which does not exist")
        self._open.append(name)
        compiled = self._compile(self.checks[name])
        self._open.pop()
        return compiled

    def part(self, name: str, check: Any) -> Compiled:
        """A check that has part in the rule of that name, by itself."""
        self._open.append(name)
        compiled = self._compile(check)
        self._open.pop()
        return compiled

    def _compile(self, check: Any) -> Compiled:
        kind = type(check)
        if kind is policy.OrCheck:
            return _joined([self._compile(part) for part in check.rules], _any_of)
        if kind is policy.AndCheck:
            return _joined([self._compile(part) for part in check.rules], _all_of)
        if kind is policy.NotCheck:
            return _joined([self._compile(check.rule)], _none_of)
        if kind is policy.RuleCheck:
            return self.rule(check.match)
        if kind is _TRUE:
            return EVERYBODY
        if kind is _FALSE:
            return NOBODY
        if kind is _ROLE:
            keys = self._keys(check.match)
            return Compiled(_has_role(check.match, keys), keys <= BY_SIGHT - _OWNERS)
        return self._generic(check) if kind is _GENERIC else self._foreign(check)

    def _generic(self, check: Any) -> Compiled:
        keys = self._keys(check.match)
        try:
            literal = ast.literal_eval(check.kind)
        except ValueError:
            if "." in check.kind:
                return self._foreign(check)
            relative = check.kind == "project_id" and check.match in ("%(owner)s", "%(project_id)s")
            return Compiled(_holds(check.kind, check.match), keys <= BY_SIGHT and (relative or not keys & _OWNERS))
        except (SyntaxError, TypeError):
            raise BadRule(self._open[-1], f"has a check that means nothing: {check}") from None
        return Compiled(_reads(str(literal), check.match), keys <= BY_SIGHT - _OWNERS)

    def _foreign(self, check: Any) -> Compiled:
        # oslo.policy's own way of asking knows checks of three and of four arguments; the name is that of the outermost
        # rule, whichever other one the check stands in.
        asked, enforcer, name = policy.AndCheck([check]), self._enforcer, self._open[0]
        return Compiled(lambda target, creds: bool(asked(target, dict(creds), enforcer, name)), by_sight=False)

    def _keys(self, match: str) -> frozenset[str]:
        mentioned = _Mentioned()
        try:
            match % mentioned
        except (ValueError, TypeError, KeyError) as error:
            raise BadRule(self._open[-1], f"has a value that can't be filled in ({error}): {match}") from error
        return frozenset(mentioned)


class _Mentioned(dict[str, int]):
    """Collects the keys that a format asks for; 0 suits every conversion."""

    def __missing__(self, key: str) -> int:
        return self.setdefault(key, 0)


def _leaves(check: Any) -> Iterator[Any]:
    parts = check.rules if isinstance(check, (policy.AndCheck, policy.OrCheck)) else None
    if isinstance(check, policy.NotCheck):
        parts = [check.rule]
    if parts is None:
        yield check
        return
    for part in parts:
        yield from _leaves(part)


def _joined(parts: Sequence[Compiled], how: Callable[[tuple[Passes, ...]], Passes]) -> Compiled:
    return Compiled(how(tuple(part.passes for part in parts)), all(part.by_sight for part in parts))


def _any_of(parts: tuple[Passes, ...]) -> Passes:
    def passes(target: Values, creds: Values) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs more than the checks themselves
            if part(target, creds):
                return True
        return False

    return passes


def _all_of(parts: tuple[Passes, ...]) -> Passes:
    def passes(target: Values, creds: Values) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if not part(target, creds):
                return False
        return True

    return passes


def _none_of(parts: tuple[Passes, ...]) -> Passes:
    (part,) = parts
    return lambda target, creds: not part(target, creds)


def _has_role(match: str, keys: frozenset[str]) -> Passes:
    if not keys:
        role = (match % {}).lower()
        return lambda _target, creds: role in creds["roles"]

    def passes(target: Values, creds: Values) -> bool:
        try:
            return (match % target).lower() in creds["roles"]
        except KeyError:
            return False

    return passes


def _holds(kind: str, match: str) -> Passes:
    """Whether what the credentials say under ``kind``, or one of several such values, reads as ``match``."""

    def passes(target: Values, creds: Values) -> bool:
        try:
            wanted = match % target
            value = creds[kind]
        except KeyError:
            return False
        if isinstance(value, list):
            return any(str(each) == wanted for each in value)
        return str(value) == wanted

    return passes


def _reads(literal: str, match: str) -> Passes:
    def passes(target: Values, creds: Values) -> bool:
        try:
            return match % target == literal
        except KeyError:
            return False

    return passes
