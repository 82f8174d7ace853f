"""What can go wrong, in the words of the domain; only the API turns these into HTTP.

A layer raises these and nothing else. Every error carries one sentence for the caller; it must
not contain secrets, since it is sent to the client.
"""

from __future__ import annotations


class ImageServiceError(Exception):
    """Base of every error that a layer, a store or an operation raises on purpose."""

    default = "The request could not be carried out."

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default)

    @property
    def message(self) -> str:
        """One sentence for the caller."""
        return str(self.args[0])


class Invalid(ImageServiceError):
    """The request itself is wrong; sending it again will not help (400)."""

    default = "The request is not valid."


class InvalidTransition(Invalid):
    """The image's status does not allow what was asked (409 on data, 400 elsewhere; FEATURES 2.3)."""


class Unauthenticated(ImageServiceError):
    """Nobody is calling, or the proof has expired (401)."""

    default = "The request requires authentication."


class Forbidden(ImageServiceError):
    """The caller may not do this (403), or may not even know of the target (404).

    ``hidden`` says that the caller must not learn that the target exists (FEATURES 6.1-05).
    """

    default = "You are not authorized to complete this action."

    def __init__(self, message: str = "", *, hidden: bool = False) -> None:
        super().__init__(message)
        self.hidden = hidden


class NotFound(ImageServiceError):
    """There is no such thing, as far as the caller may know (404)."""

    default = "No such resource."


class ImageNotFound(NotFound):
    """There is no such image, or the caller must not know of it."""

    def __init__(self, image_id: str) -> None:
        super().__init__(f"No image found with ID {image_id}")
        self.image_id = image_id


class Conflict(ImageServiceError):
    """The present state does not allow it; it may later (409)."""

    default = "The resource is in a state that conflicts with the request."


class StatusChanged(Conflict):
    """A compare-and-swap lost: another caller changed the image's status first."""


class Duplicate(Conflict):
    """It is there already (409)."""


class InUse(Conflict):
    """The bytes can't be deleted since something else still depends on them (409)."""


class Gone(ImageServiceError):
    """The image vanished, or its status changed, while its data was arriving (410)."""

    default = "The image was deleted or changed while its data was being uploaded."


class LimitExceeded(ImageServiceError):
    """A quota or a size limit would be exceeded (413)."""

    default = "The request exceeds a limit."

    def __init__(self, message: str = "", *, usage: int | None = None) -> None:
        """``usage``: what counts against the limit already, where that is known."""
        super().__init__(message)
        self.usage = usage


class UnsupportedContent(ImageServiceError):
    """The content is not of a kind that this service takes (415)."""


class NotSatisfiable(ImageServiceError):
    """The range lies outside the data (416)."""

    default = "The requested range is outside the image's data."


class NoData(ImageServiceError):
    """The image has no data (yet), or its bytes are nowhere to be found (204 on download)."""

    default = "The image has no data."


class StoreError(ImageServiceError):
    """A store failed in a way that has no better name (500)."""

    default = "The store failed."


class StoreFull(LimitExceeded):
    """No space left in the store (413)."""

    default = "There is not enough space left in the store."


class StoreUnavailable(StoreError):
    """The store is down, marked down, too slow, or refuses to be written (503)."""

    default = "The store is not available at the moment."


class StoreReadOnly(StoreError):
    """The store never takes data (410; FEATURES 1.6-04)."""

    default = "Adding images to this store is disabled."


class RangeUnsupported(Invalid):
    """The store can't read from an offset (400; FEATURES 1.7-07)."""

    default = "The store of this image can't be read from an offset."


class ClientDisconnected(ImageServiceError):
    """The client went away, or sent less than it announced (400, if anybody still listens)."""

    default = "The connection ended before all data had arrived."


class DatabaseUnavailable(ImageServiceError):
    """The database can't be reached (503)."""

    default = "The database is not available at the moment."


class LimitsUnavailable(ImageServiceError):
    """What an owner may have can't be found out (503); nobody goes without limits because of that."""

    default = "The limits of the project can't be found out at the moment."
