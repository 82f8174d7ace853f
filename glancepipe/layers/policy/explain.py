"""Says why a rule decided as it did, check by check. Part of the layer ``policy``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oslo_policy import policy

from glancepipe.contract import Call
from glancepipe.layers.policy.checks import Compiler, Rule

_JOINED = {policy.OrCheck: "any of", policy.AndCheck: "all of"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule said of a target, in the course of a call."""

    rule: Rule
    target: Mapping[str, Any]
    image_id: str | None
    allowed: bool

    def told(self, call: Call) -> str:
        """The sentence that the log has of it."""
        actor, verb = call.actor, "allows" if self.allowed else "refuses"
        image = f" on image {self.image_id}" if self.image_id is not None else ""
        return (
            f"{call.request_id}: the rule {self.rule.name} ({self.rule.text}) {verb} {call.operation.name} to user {actor.user_id} of "
            f"project {actor.project_id} with the roles {', '.join(sorted(actor.roles)) or 'none'}{image}."
        )

    def lines(self, call: Call, compiler: Compiler, creds: Mapping[str, Any]) -> Iterator[str]:
        """The sentence, the target, and each check with its verdict."""
        yield self.told(call)
        yield f"  target: {listed(self.target)}"
        if self.rule.scopes is not None:
            scopes = " or ".join(sorted(self.rule.scopes))
            yield f"  {_mark(call.actor.scope in self.rule.scopes)} scope {scopes} (the token's is {call.actor.scope})"
        for depth, passes, text in _tree(compiler, self.rule.name, compiler.checks[self.rule.name], self.target, creds):
            yield f"  {_mark(passes)} {'  ' * depth}{text}"


def listed(values: Mapping[str, Any]) -> str:
    """What is said of something, less what is unknown."""
    return ", ".join(f"{name}={_plain(value)}" for name, value in sorted(values.items()) if value is not None) or "nothing"


def _tree(
    compiler: Compiler, name: str, check: Any, target: Mapping[str, Any], creds: Mapping[str, Any]
) -> Iterator[tuple[int, bool, str]]:
    """The check and what it is made of: how deep it stands, whether it passes, and how it reads."""
    try:
        passes = compiler.part(name, check).passes(target, creds)
    except Exception as error:
        yield 0, False, f"{check}  ({type(error).__name__}: {error})"
        return
    yield 0, passes, _JOINED.get(type(check)) or ("not" if type(check) is policy.NotCheck else _filled(check, target))
    parts = []
    if type(check) in _JOINED:
        parts = check.rules
    elif type(check) is policy.NotCheck:
        parts = [check.rule]
    elif type(check) is policy.RuleCheck:
        parts = [compiler.checks[check.match]]
    for part in parts:
        for depth, passed, text in _tree(compiler, name, part, target, creds):
            yield depth + 1, passed, text


def _filled(check: Any, target: Mapping[str, Any]) -> str:
    """A check as its author wrote it, and what the target makes of it."""
    text, match = str(check), str(getattr(check, "match", ""))
    if "%(" not in match:
        return text
    try:
        return f"{text}  ({match} is {match % target!r})"
    except KeyError as missing:
        return f"{text}  (the target has no {missing})"


def _plain(value: Any) -> str:
    return "[" + " ".join(sorted(map(str, value))) + "]" if isinstance(value, (list, frozenset)) else str(value)


def _mark(passes: bool) -> str:
    return "yes" if passes else "no "
