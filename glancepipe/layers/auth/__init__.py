"""Layer ``auth``: who owns an image, and who may see it.

``layer`` is about images and members, ``metadefs`` about namespaces, ``tasks`` about tasks; ``relations`` says how a caller
stands to an image.
"""

from glancepipe.layers.auth.layer import Auth

__all__ = ["Auth"]
