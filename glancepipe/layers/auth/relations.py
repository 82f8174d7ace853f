"""How a caller stands to what it asks for. Part of the layer ``auth``."""

from __future__ import annotations

from glancepipe.contract import Caller, Image


def administers(caller: Caller) -> bool:
    """Whether everything is the caller's to see and to change: an administrator, or the service itself."""
    return caller.is_admin or caller.service


def commands(caller: Caller, image: Image) -> bool:
    """Whether the image is the caller's to change; nobody but administrators commands an ownerless one (FEATURES 6.1-03)."""
    return administers(caller) or (image.owner is not None and image.owner == caller.project_id)


def visible(caller: Caller, image: Image) -> bool:
    """Whether the caller may know of the image; a membership counts whatever its status (FEATURES 2.4-01)."""
    return (
        commands(caller, image)
        or image.owner is None
        or image.visibility in ("public", "community")
        or (image.visibility == "shared" and image.membership is not None)
    )
