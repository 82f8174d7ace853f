"""A record less what its reader may not read: what leaves the layer outwards, and comes back whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter

from glancepipe.contract import Image, replace

_NAMES = tuple(each.name for each in fields(Image))
_values_of = attrgetter(*_NAMES)


@dataclass(slots=True)
class Redacted(Image):
    """An image without some of its properties, which it keeps where only this layer looks."""

    withheld: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


class Readable(dict[str, bool]):
    """Which properties somebody may read, each found out once: a listing has the same few a thousand times."""

    def __init__(self, may: Callable[[str], bool]) -> None:
        super().__init__()
        self._may = may

    def __missing__(self, name: str) -> bool:
        self[name] = may = self._may(name)
        return may


def redacted(image: Image, readable: Readable) -> Image:
    """The image less the properties that aren't ``readable``; the very same one if all are."""
    withheld = {name: value for name, value in image.properties.items() if not readable[name]}
    if not withheld:
        return image
    # Nobody has seen it yet; `replace` would cost as much as all the rest.
    shown = Redacted(*(*_values_of(image), withheld))
    shown.properties = {name: value for name, value in image.properties.items() if name not in withheld}
    return shown


def whole(image: Image) -> Image:
    """The image with all its properties, as further in they are needed: to count, to verify, to tell of them."""
    if not isinstance(image, Redacted):
        return image
    return replace(Image(*_values_of(image)), properties={**image.properties, **image.withheld})


def withheld_from(image: Image) -> Mapping[str, str]:
    """The properties that the record's reader doesn't see."""
    return image.withheld if isinstance(image, Redacted) else {}
