"""What a layer declares, and the course of its life.

A layer is a class in the entry point group ``glancepipe.layers``; the operator names it in ``[pipeline] layers``.

1. The class is loaded, its declaration is checked against the other layers of the line.
2. ``__init__(conf)``: remember the configuration. No side effects: no I/O, no thread, no connection.
3. The builder makes one proxy for each noun that the layer declares, and sets ``inner``.
4. ``start(services)``: once in every worker process, before its first request. Connections and threads are for here.
5. ``sweep(call)``: after start and every so often: finish or undo what a crash interrupted.
6. ``check()``: whenever the health check is asked for details.
7. ``close()``: once, when the worker ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from oslo_config import cfg
from oslo_policy import policy

from glancepipe.contract.call import Call
from glancepipe.contract.metadefs import DefinitionRepoProxy, NamespaceRepoProxy, ResourceTypeRepoProxy
from glancepipe.contract.proxies import (
    AuthorityProxy,
    ImageFactoryProxy,
    ImageProxy,
    ImageRepoProxy,
    JournalProxy,
    MemberRepoProxy,
    Nouns,
    UsageProxy,
)
from glancepipe.contract.store import Stores
from glancepipe.contract.tasks import TaskRepoProxy

CONTRACT = (1, 0)
"""Version of this contract. A minor one adds nouns or verbs (layers go on working), a major one may break layers."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the service hands to a layer when it starts."""

    stores: Stores


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the health check reports. ``down`` makes the whole service unhealthy."""

    sentence: str
    down: bool = False


class Layer:
    """Base of all layers. The class attributes are the whole declaration."""

    name: ClassVar[str] = ""
    """As the operator types it; the same as the entry point's."""
    contract: ClassVar[tuple[int, int]] = CONTRACT
    """The contract that it was written for."""
    after: ClassVar[frozenset[str]] = frozenset()
    """Layers that must stand further out, if they are in the line."""
    before: ClassVar[frozenset[str]] = frozenset()
    """Layers that must stand further in, if they are in the line."""
    requires: ClassVar[frozenset[str]] = frozenset()
    """Layers that must be in the line."""
    ends: ClassVar[frozenset[str]] = frozenset()
    """The verbs that go no further, as ``noun.verb``: ``repo.get``, ``image.set_data``."""
    options: ClassVar[Mapping[str, Sequence[cfg.Opt]]] = {}
    """Its options by group; registered before it is made."""
    rules: ClassVar[Sequence[policy.RuleDefault]] = ()
    """Defaults of the oslo.policy rules that its own operations name; the operator's policy files override them."""

    factory: ClassVar[type[ImageFactoryProxy[Any]] | None] = None
    repo: ClassVar[type[ImageRepoProxy[Any]] | None] = None
    image: ClassVar[type[ImageProxy[Any]] | None] = None
    members: ClassVar[type[MemberRepoProxy[Any]] | None] = None
    usage: ClassVar[type[UsageProxy[Any]] | None] = None
    journal: ClassVar[type[JournalProxy[Any]] | None] = None
    authority: ClassVar[type[AuthorityProxy[Any]] | None] = None
    tasks: ClassVar[type[TaskRepoProxy[Any]] | None] = None
    namespaces: ClassVar[type[NamespaceRepoProxy[Any]] | None] = None
    definitions: ClassVar[type[DefinitionRepoProxy[Any]] | None] = None
    resource_types: ClassVar[type[ResourceTypeRepoProxy[Any]] | None] = None

    inner: Nouns
    """Everything below its own place; set by the builder. The whole pipeline can't be reached from a layer."""
    line: Sequence[type[Layer]] = ()
    """All layers of the line, outermost first, as they declare themselves; set by the builder."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        """Remember the configuration. No side effects. Raises ValueError with one sentence if it can't be meant."""
        self.conf = conf

    def start(self, services: Services) -> None:
        """Get ready in this worker process."""

    def reload(self) -> None:
        """The operator asked to read configuration files again. Raise ValueError to refuse; keep what was good."""

    def sweep(self, call: Call) -> None:
        """Finish or undo what a crash interrupted; called after start and then every so often."""

    def explain(self, call: Call) -> Iterable[str]:
        """What it decided about ``call`` and why, line by line: for ``glancepipe policy explain``."""
        return ()

    def check(self) -> Iterable[Finding]:
        """What the operator should know about the layer's condition."""
        return ()

    def close(self) -> None:
        """Give back what ``start`` took."""
