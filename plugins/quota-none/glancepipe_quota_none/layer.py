"""Layer ``quota-none``: stands where quota stands, limits nothing, and says so whenever data begins to arrive."""

from __future__ import annotations

import logging

from glancepipe.contract import Call, ChangeSet, Image, ImageProxy, Layer, Target

log = logging.getLogger(__name__)


class QuotaNoneImage(ImageProxy["QuotaNone"]):
    """Acts on data when it begins to arrive."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Lets every project store as much as the store takes, and leaves a line in the log."""
        changes = self.inner.begin_data(call, image, target)
        log.info("Image %s of project %s receives data; no quota applies.", image.id, image.owner)
        return changes


class QuotaNone(Layer):
    """No quota."""

    name = "quota-none"
    # Where quota stands: what is logged was allowed, and has not moved yet.
    after = frozenset({"policy"})
    before = frozenset({"location", "domain", "db"})

    image = QuotaNoneImage
