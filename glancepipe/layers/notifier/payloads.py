"""What events say of images, members and tasks (FEATURES 6.3). Part of the layer ``notifier``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from glancepipe.contract import Image, Member, Task

Payload = dict[str, Any] | str


def image_payload(image: Image) -> dict[str, Any]:
    """What an event says of an image (FEATURES 6.3-16): no locations, since they may contain credentials."""
    return {
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "created_at": iso(image.created_at),
        "updated_at": iso(image.updated_at),
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "protected": image.protected,
        "checksum": image.checksum,
        "owner": image.owner,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "size": image.size,
        "virtual_size": image.virtual_size,
        "is_public": image.visibility == "public",
        "visibility": image.visibility,
        "properties": dict(image.properties),
        "tags": sorted(image.tags),
        "deleted": False,
        "deleted_at": None,
    }


def import_lists(image: Image) -> dict[str, Any]:
    """The stores that an import still has to reach, and those that it failed to reach (FEATURES 6.3-04)."""
    names = ("os_glance_importing_to_stores", "os_glance_failed_import")
    return {name: [store for store in image.properties.get(name, "").split(",") if store] for name in names}


def member_payload(member: Member) -> dict[str, Any]:
    """What an event says of a membership (FEATURES 6.3-09)."""
    return {
        "image_id": member.image_id,
        "member_id": member.member,
        "status": member.status,
        "created_at": iso(member.created_at),
        "updated_at": iso(member.updated_at),
        "deleted": False,
        "deleted_at": None,
    }


def deleted(record: Image | Member | Task) -> dict[str, Any]:
    """What the event of a deletion says of it."""
    return {"deleted": True, "deleted_at": iso(record.deleted_at or datetime.now(UTC))}


def iso(at: datetime | None) -> str | None:
    """A time as events have it."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def task_payload(task: Task) -> dict[str, Any]:
    """What an event says of a task: neither input nor result, which may contain secrets (FEATURES 6.3-10)."""
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "result": None,
        "owner": task.owner,
        "message": None,
        "expires_at": iso(task.expires_at),
        "created_at": iso(task.created_at),
        "updated_at": iso(task.updated_at),
        "deleted": False,
        "deleted_at": None,
    }
