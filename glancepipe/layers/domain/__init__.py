"""Layer ``domain``: the rules of an image's life.

``layer`` is about images and members, ``tasks`` and ``metadefs`` about what their names say.
"""

from glancepipe.layers.domain.layer import TRANSITIONS, Domain

__all__ = ["TRANSITIONS", "Domain"]
