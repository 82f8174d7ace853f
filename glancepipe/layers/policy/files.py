"""Reads the policy files, and keeps the last good rules while they are broken. Part of the layer ``policy``.

Which files count is as in oslo.policy: ``[oslo_policy] policy_file``, then the files of ``policy_dirs`` in order,
each overriding rules by name (FEATURES 7.2-06). A change is noticed within a second, and read apart from the rules
in force: those are replaced all at once, or not at all.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from oslo_config import cfg
from oslo_policy import policy

from glancepipe.layers.policy.checks import NOBODY, BadRule, Compiler, Rule, parse
from glancepipe.layers.policy.rules import list_rules

log = logging.getLogger(__name__)

Stamps = tuple[tuple[str, int, int, int], ...]
"""The files and what tells whether one has changed: its time, size and inode."""


class RuleBook:
    """The rules in force, for any number of threads. ``trouble`` is what is wrong with the files at present."""

    interval = 1.0
    """Seconds between two looks at the files."""

    def __init__(self, conf: cfg.ConfigOpts, declared: Callable[[], Iterable[policy.RuleDefault]] = tuple) -> None:
        """``declared`` answers the rules that the layers of the line bring along, beside the service's own."""
        self.trouble: str | None = None
        self._conf = conf
        self._declared = declared
        self._reading = threading.Lock()
        self._rules: dict[str, Rule] = {}
        self._compiler: Compiler | None = None
        self._seen: Stamps = ()
        self._look_at = 0.0

    def load(self) -> None:
        """Read the files now. Raises ValueError, one sentence that names the file, and keeps the rules in force."""
        with self._reading:
            self._read(self._stamps())

    def get(self, name: str) -> Rule:
        """The rule of that name as it is now; one that nobody wrote refuses everybody (FEATURES 7.1-02)."""
        if time.monotonic() >= self._look_at:
            self.look()
        return self._rules.get(name) or Rule(name, "no such rule", NOBODY, None)

    def __contains__(self, name: str) -> bool:
        """Whether somebody wrote a rule of that name."""
        if time.monotonic() >= self._look_at:
            self.look()
        return name in self._rules

    @property
    def compiler(self) -> Compiler:
        """What made the rules in force, for those who want to know what a rule is made of."""
        assert self._compiler is not None
        return self._compiler

    def findings(self) -> Iterator[str]:
        """What the operator should know about the files."""
        self.look()
        if self.trouble is not None:
            yield f"{self.trouble} The rules that were in force before stay so."
        chosen = self._conf.get_location("policy_file", "oslo_policy")
        name = self._conf.oslo_policy.policy_file
        if chosen is not None and chosen.location is cfg.Locations.user and not self._conf.find_file(name):
            yield f"There is no policy file {name}, which [oslo_policy] policy_file names: the default rules are in force."

    def look(self) -> None:
        """Read the files if they have changed; if that fails say so once, and keep the rules in force."""
        if not self._reading.acquire(blocking=False):
            return  # Another thread is at it, and nobody needs to wait for it.
        try:
            stamps = self._stamps()
            if stamps != self._seen:
                self._read(stamps)
                log.info("The policy files were read again.")
        except ValueError as error:
            log.error("%s The rules that were in force before stay so.", error)
        finally:
            self._look_at = time.monotonic() + self.interval
            self._reading.release()

    def _read(self, stamps: Stamps) -> None:
        # The stamps are older than the reading: a file that changes meanwhile is read again at the next look.
        self._seen = stamps
        try:
            self._rules, self._compiler = _compiled(self._conf, [stamp[0] for stamp in stamps], self._declared())
        except ValueError as error:
            self.trouble = str(error)
            raise
        self.trouble = None

    def _stamps(self) -> Stamps:
        found = []
        for path in _files(self._conf):
            try:
                state = os.stat(path)
            except OSError:
                found.append((path, 0, 0, 0))
            else:
                found.append((path, state.st_mtime_ns, state.st_size, state.st_ino))
        return tuple(found)


def _files(conf: cfg.ConfigOpts) -> list[str]:
    """The policy files that are there, in the order in which they override each other."""
    main = conf.find_file(conf.oslo_policy.policy_file)
    found = [main] if main else []
    for name in conf.oslo_policy.policy_dirs:
        directory = conf.find_file(name)
        if directory:
            found += _listed(directory)
    return found


def _listed(directory: str) -> list[str]:
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return [directory]  # Reading it as a file fails too, and then says why.
    paths = [os.path.join(directory, name) for name in names if not name.startswith(".")]
    return [path for path in paths if not os.path.isdir(path)]


def _compiled(conf: cfg.ConfigOpts, paths: list[str], declared: Iterable[policy.RuleDefault]) -> tuple[dict[str, Rule], Compiler]:
    defaults = {rule.name: rule for rule in list_rules()}
    for rule in declared:
        if defaults.setdefault(rule.name, rule) is not rule:
            raise ValueError(f"The policy rule {rule.name!r} is declared by more than one layer; take one of them out of the line.")
    rules = dict(defaults)
    origin: dict[str, str] = {}
    for path in paths:
        for name, rule in _written(path).items():
            rules[name] = rule
            origin[name] = path
    new_only = conf.oslo_policy.enforce_new_defaults
    checks = {name: rule.check if new_only or name in origin else _lenient(rule) for name, rule in rules.items()}
    compiler = Compiler(checks, policy.Enforcer(conf, rules=checks, use_conf=False))
    compiled = {}
    for name, rule in rules.items():
        try:
            check = compiler.rule(name)
        except BadRule as error:
            guilty = next(origin[part] for part in error.names if part in origin)
            raise ValueError(f"In the policy file {guilty} {error}.") from error
        scopes = defaults[name].scope_types if name in defaults else None
        compiled[name] = Rule(name, rule.check_str, check, frozenset(scopes) if scopes else None)
    return compiled, compiler


def _written(path: str) -> dict[str, policy.RuleDefault]:
    try:
        with open(path, encoding="utf-8") as file:
            content: Any = policy.parse_file_contents(file.read())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"The policy file {path} can't be read: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise ValueError(f"The policy file {path} is no mapping of rules to check strings.")
    try:
        return {str(name): parse(str(name), text) for name, text in content.items()}
    except BadRule as error:
        raise ValueError(f"In the policy file {path} {error}.") from error


def _lenient(rule: policy.RuleDefault) -> Any:
    """A default that also lets everybody pass whom the former default let pass (FEATURES 7.2-08)."""
    former = rule.deprecated_rule
    return rule.check if former is None else policy.OrCheck([rule.check, former.check])
