"""What a store driver is: it keeps the bytes of images, and knows nothing of images.

Drivers are entry points in ``glancepipe.stores``, one class per *type*; ``enabled_backends = name:type`` makes
instances. Methods may be called by many threads at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from oslo_config import cfg

from glancepipe.contract.data import Data, Span
from glancepipe.contract.errors import StoreReadOnly


@dataclass(frozen=True, slots=True)
class Written:
    """What a store says after it took an image: where the bytes are, and what it wants remembered."""

    url: str
    size: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Store(ABC):
    """Base of all drivers. ``name`` is the backend's, which is also its option group."""

    schemes: ClassVar[tuple[str, ...]] = ()
    """URL schemes of the locations that this driver writes or reads."""
    options: ClassVar[Sequence[cfg.Opt]] = ()
    """Options of one backend, registered under its own group."""
    read_only: ClassVar[bool] = False
    ranged: ClassVar[bool] = False
    """Whether ``read`` can start at an offset."""

    def __init__(self, conf: cfg.ConfigOpts, name: str) -> None:
        """Remember the configuration. No side effects: no I/O, no thread."""
        self.conf = conf
        self.name = name
        self.settings = conf[name]

    def start(self) -> None:
        """Get ready in this process. Raises StoreUnavailable; the service then runs with this store marked down."""

    def write(self, image_id: str, data: Iterable[bytes], size: int | None) -> Written:
        """Take all blocks of ``data`` and keep them durably; ``size`` is a promise, None if unknown.

        On any error, the blocks' own included, nothing of this write may remain.
        Raises Duplicate, StoreFull, StoreUnavailable, StoreReadOnly.
        """
        raise StoreReadOnly

    @abstractmethod
    def read(self, url: str, span: Span | None = None) -> Data:
        """The bytes at ``url``, or a part of them. ``size`` of the answer is what will be sent.

        Raises NoData if there is nothing, RangeUnsupported, StoreUnavailable.
        """

    @abstractmethod
    def size(self, url: str) -> int:
        """How many bytes are at ``url``. Raises NoData, Invalid (nothing can be there), StoreUnavailable."""

    def erase(self, url: str) -> None:
        """Delete the bytes at ``url``. Nothing there is no error. Raises InUse, StoreUnavailable, StoreReadOnly."""
        raise StoreReadOnly

    def discard(self, image_id: str) -> None:
        """Remove whatever a write of ``image_id`` left that was never recorded, finished or not."""

    def owns(self, url: str) -> bool:
        """Whether ``url`` is a location in this very backend (and not just of the same type)."""
        return False

    def properties(self) -> Mapping[str, Any]:
        """What administrators are told of its configuration (FEATURES 4.4-02). No I/O, no secrets."""
        return {}

    def close(self) -> None:
        """Give back what ``start`` took."""


class Stores(Protocol):
    """The enabled backends, as layers see them."""

    multiple: bool
    """Whether ``enabled_backends`` is set; if not there is one unnamed store (FEATURES, conventions)."""
    default: str
    """The name of the default backend."""

    @property
    def down(self) -> Mapping[str, str]:
        """Backends that can't be written at the moment, and why."""

    def __iter__(self) -> Iterator[Store]:
        """All backends, in the order of the configuration."""

    def __getitem__(self, name: str) -> Store:
        """The backend of that name. Raises KeyError."""

    def holding(self, url: str, name: str | None = None) -> Store:
        """The backend that holds ``url``: ``name`` if it is enabled, else whoever owns it. Raises NoData."""

    def kind(self, name: str) -> str:
        """The backend's type, as the operator types it."""

    def weight(self, name: str) -> int:
        """The backend's weight: the heaviest is read first (FEATURES 1.7-09)."""
