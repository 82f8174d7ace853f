"""Plain records: what travels through the pipeline. Treat them as immutable; ``replace`` makes a changed copy.

Field names are those of the Image API v2 (FEATURES 2.1), so that what a layer reads is what the client sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

__all__ = ["Image", "ImageValues", "Intent", "Location", "Member", "Reservation", "Status", "Target", "Usage", "replace"]


class Status:
    """The states of an image's life (FEATURES 2.3)."""

    QUEUED = "queued"
    SAVING = "saving"
    UPLOADING = "uploading"
    IMPORTING = "importing"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    KILLED = "killed"
    PENDING_DELETE = "pending_delete"
    DELETED = "deleted"


@dataclass(slots=True)
class Location:
    """Where one copy of an image's bytes is: a URL as glance_store writes it, and what the store said of it.

    ``metadata["store"]`` is the backend's name where several are enabled. ``id`` is the row's, None before
    the location is recorded.
    """

    url: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None

    @property
    def store(self) -> str | None:
        """The backend that holds this copy, if it is recorded."""
        name = self.metadata.get("store")
        return name if isinstance(name, str) else None


@dataclass(slots=True)
class Image:
    """An image's record. Times are naive UTC; sizes are bytes, ``min_disk`` GiB, ``min_ram`` MiB.

    ``properties`` are the custom ones, the reserved ``os_glance_*`` included. ``membership`` is the status of
    the membership through which the *calling project* shares the image, or None if it is not a member.
    """

    id: str
    name: str | None = None
    status: str = Status.QUEUED
    visibility: str = "shared"
    protected: bool = False
    os_hidden: bool = False
    owner: str | None = None
    disk_format: str | None = None
    container_format: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    size: int | None = None
    virtual_size: int | None = None
    checksum: str | None = None
    os_hash_algo: str | None = None
    os_hash_value: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    locations: tuple[Location, ...] = ()
    membership: str | None = None


@dataclass(slots=True)
class ImageValues:
    """What a caller proposes for a new image: base attributes by name, custom properties, tags.

    Only attributes that the caller gave are in ``base``; the domain fills in the rest.
    """

    base: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


@dataclass(slots=True)
class Member:
    """One project with which an image is shared (FEATURES 4.1)."""

    image_id: str
    member: str
    status: str = "pending"
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where data shall go: a backend's name (None: the default one), and whether its arrival activates the image.

    ``size`` is the announced number of bytes, None if unknown: what can't fit is refused before anything happens.
    """

    store: str | None = None
    activate: bool = True
    size: int | None = None


@dataclass(slots=True)
class Usage:
    """What an owner has stored and what is on its way. Sizes are bytes; every live copy counts (FEATURES 6.2-06).

    ``staged``, ``images`` and ``uploading`` are as FEATURES 6.2-09 to 6.2-12 count them, without reservations.
    """

    owner: str | None
    stored: int = 0
    reserved: int = 0
    staged: int = 0
    images: int = 0
    uploading: int = 0

    @property
    def total(self) -> int:
        """Stored and on its way."""
        return self.stored + self.reserved


UsageReport = Mapping[str, tuple[int, int]]
"""Usage and limit by the limit's name, in the limit's own unit (FEATURES 4.4-03)."""


@dataclass(slots=True)
class Reservation:
    """What is held for something under way, so that parallel requests can't overrun a limit together.

    ``of`` is what of an owner's usage it counts for: ``stored`` and ``staged`` are bytes, ``images`` and ``uploading``
    images. An image for which one is held counts once, also when it counts by itself already.
    """

    id: str
    owner: str | None
    amount: int
    of: str = "stored"
    image_id: str | None = None


@dataclass(slots=True)
class Intent:
    """An entry of the journal: what is about to be done to bytes, written down before it is done.

    ``kind`` belongs to the layer that wrote it (``location.write``, ``location.erase``); ``details`` is JSON.
    ``id`` is chosen by the writer, so that an intent can travel inside the change that it protects.
    """

    id: str
    kind: str
    image_id: str
    details: Mapping[str, Any] = field(default_factory=dict)
