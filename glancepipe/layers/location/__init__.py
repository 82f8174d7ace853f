"""Layer ``location``: picks the store, streams, digests, records the location, deletes bytes with the image.

``layer`` says what happens at each verb, ``writes`` and ``erasures`` how bytes come and go without being lost or
left behind, ``holdings`` which store has which copy.
"""

from glancepipe.layers.location.layer import Location

__all__ = ["Location"]
