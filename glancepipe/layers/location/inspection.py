"""Inspection: what uploaded data is, whether it is safe, and how large the disk in it is (FEATURES 11-02 to 11-07, 2.5-01).

It sees the bytes as they arrive at ``location``: what layers further out made of them. The formats are oslo.utils' to
know. They keep a bounded part of the data, and tell nothing before its end: a format may have a footer.
"""

from __future__ import annotations

import logging
from typing import IO, cast

from oslo_config import cfg
from oslo_utils.imageutils.format_inspector import ALL_FORMATS, FileInspector, ImageFormatError, InspectWrapper, SafetyCheckFailed

from glancepipe.contract import Data, Image
from glancepipe.contract.errors import UnsupportedContent

log = logging.getLogger(__name__)

OPTIONS = (
    cfg.BoolOpt(
        "require_image_format_match",
        default=True,
        help="Refuse data (415) that is not of its image's disk_format. Only images whose container_format is bare are inspected.",
    ),
    cfg.ListOpt(
        "gpt_safety_checks_nonfatal",
        default=[],
        help="Safety checks of partition tables, such as mbr, that are only logged if they fail.",
    ),
)
"""Of the group ``image_format``."""

_INT64 = (1 << 63) - 1

_NO_DISKS = frozenset({"aki", "ari"})
"""Formats of kernels, which may look like a partition table that is broken on purpose (FEATURES 11-06)."""


class Inspector:
    """Inspects uploads as the operator wants it."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self.strict: bool = conf.image_format.require_image_format_match
        self.tolerated = frozenset(conf.image_format.gpt_safety_checks_nonfatal)

    def watch(self, image: Image, data: Data) -> Inspection | None:
        """Inspect ``data`` while it passes; None if data of this image is not looked into (FEATURES 11-02)."""
        if image.container_format != "bare":
            return None
        inspection = Inspection(self, image)
        data.watch(inspection)
        return inspection


class Inspection:
    """A watch on one upload. ``virtual_size`` is in bytes, None if the data doesn't tell; final after ``finish``."""

    def __init__(self, inspector: Inspector, image: Image) -> None:
        self.virtual_size: int | None = None
        self._inspector = inspector
        self._image = image
        self._passing = _Passing()
        # It wants a whole file object, and reads.
        self._formats = InspectWrapper(cast(IO[bytes], self._passing))

    def block(self, block: bytes) -> None:
        self._passing.block = block
        self._formats.read(len(block))

    def finish(self) -> None:
        """Judge the data. Raises UnsupportedContent (FEATURES 11-04, 11-05)."""
        try:
            self._formats.close()
            found = _found(self._formats)
            for each in found:
                self._check(each)
            self.virtual_size = _virtual_size(found, self._image.disk_format)
        except UnsupportedContent:
            raise
        except ImageFormatError as error:
            self._unlike(f"The data is not what the image's disk_format {self._image.disk_format} says: {error}.")
        except Exception:
            # Whoever makes an inspector stumble must not get past it (FEATURES 11-07).
            log.exception("The data of image %s could not be inspected.", self._image.id)
            self._unlike("The format of the data can't be told.")

    def _check(self, found: FileInspector) -> None:
        try:
            found.safety_check()
        except SafetyCheckFailed as error:
            tolerated = self._inspector.tolerated | ({"mbr"} if self._image.disk_format in _NO_DISKS else set())
            names = ", ".join(sorted(error.failures))
            if found.NAME != "gpt" or error.failures.keys() - tolerated:
                raise UnsupportedContent(f"The data fails safety checks of the format {found}: {names}.") from error
            log.warning("Image %s fails safety checks that are tolerated: %s", self._image.id, names)

    def _unlike(self, sentence: str) -> None:
        if self._inspector.strict:
            raise UnsupportedContent(sentence)
        log.warning("Image %s is taken as it is: %s", self._image.id, sentence)


class _Passing:
    """A file that has just the block that is passing."""

    block = b""

    def read(self, size: int) -> bytes:
        return self.block


def _found(formats: InspectWrapper) -> list[FileInspector]:
    """The formats that the data has, more than one if somebody is up to something."""
    found = {str(inspector): inspector for inspector in formats.formats or ()}
    if found.keys() == {"iso", "gpt"}:
        # An ISO image that boots from a USB stick as well.
        return [found["iso"]]
    return [found[name] for name in sorted(found)]


def _virtual_size(formats: list[FileInspector], declared: str | None) -> int | None:
    """Bytes of the disk in the data, None if unknown. Raises ImageFormatError if the data is not what it should be."""
    if len(formats) > 1:
        raise ImageFormatError(f"it is {' and '.join(map(str, formats))} at once")
    (found,) = formats
    if str(found) == declared:
        size = found.virtual_size
    elif str(found) == "raw" and declared not in ALL_FORMATS:
        return None
    elif declared == "raw":
        log.warning("An image that is declared raw is %s.", found)
        size = found.actual_size
    else:
        raise ImageFormatError(f"it is {found}")
    if not 0 <= size <= _INT64:
        raise ImageFormatError(f"its header speaks of a disk of {size} bytes")
    return size or None
