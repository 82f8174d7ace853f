"""The base of all nouns' proxies, and what a noun's verbs are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self

from typing_extensions import TypeVar

if TYPE_CHECKING:
    from glancepipe.contract.layer import Layer

L = TypeVar("L", bound="Layer", default="Layer")
"""The layer that a proxy belongs to."""


class Proxy(Generic[L]):
    """What all proxies have: their ``layer``, and ``inner``, the same noun one step further in."""

    def __init__(self, layer: L, inner: Self) -> None:
        self.layer = layer
        self.inner = inner


def verbs(noun: type[Proxy[Any]]) -> list[str]:
    """The verbs of a noun, in the order in which they are written."""
    return [name for name, value in vars(noun).items() if callable(value) and not name.startswith("_")]
