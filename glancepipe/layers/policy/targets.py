"""What the policy rules are asked about: targets, and the credentials of callers. Part of the layer ``policy``.

Targets are plain dictionaries, so that a check of any kind can read them, send them away, or copy them. Their keys
are a promise to those who write rules (FEATURES 7.2-01):

=================  ==========================================================================================
of an image        ``id name status visibility protected os_hidden owner disk_format container_format min_disk
                   min_ram size virtual_size checksum os_hash_algo os_hash_value created_at updated_at tags``
custom properties  each under its own name, unless one of the other keys is called so
``image_id``       the same as ``id``
``project_id``     the same as ``owner``
``member_id``      the caller's project if the image is shared with it, else None; the member's project where a
                   membership is judged. ``member`` is the same
=================  ==========================================================================================

A new image has what its caller proposes of these, with the visibility ``private`` if none is proposed.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from glancepipe.contract import Caller, Image, ImageValues, Sight

ATTRIBUTES = (
    *("id", "name", "status", "visibility", "protected", "os_hidden", "owner", "disk_format", "container_format"),
    *("min_disk", "min_ram", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value"),
    *("created_at", "updated_at", "tags"),
)
_CREDENTIALS = ("user_id", "project_id", "user_domain_id", "project_domain_id", "domain_id", "system_scope")

_ELSEWHERE = "\0another project"

_attributes_of = attrgetter(*ATTRIBUTES)


def image_target(image: Image, caller: Caller) -> dict[str, Any]:
    """The target that an image is for ``caller``."""
    target = {**image.properties, **dict(zip(ATTRIBUTES, _attributes_of(image), strict=True))}
    shares = image.visibility == "shared" and image.membership is not None and image.owner != caller.project_id
    return _with_relations(target, image.owner, caller.project_id if shares else None, image.id)


def member_target(image: Image, caller: Caller, member_id: str) -> dict[str, Any]:
    """The target that the membership of a project in an image is for ``caller``."""
    return {**image_target(image, caller), "member_id": member_id, "member": member_id}


def proposed_target(values: ImageValues, caller: Caller) -> dict[str, Any]:
    """The target that a new image is for ``caller`` before it is made."""
    base = {"id": None, "visibility": "private", "owner": caller.project_id, **values.base}
    return _with_relations({**values.properties, "tags": values.tags, **base}, base["owner"], None, base["id"])


def caller_target(caller: Caller) -> dict[str, Any]:
    """The target of operations that are no image's: the caller's own project (FEATURES 3-20)."""
    return {"owner": caller.project_id, "project_id": caller.project_id, "visibility": "private"}


def sight_target(sight: Sight, caller: Caller) -> dict[str, Any]:
    """What the targets of all images of one sight have in common; other owners than the caller equal nobody."""
    owner = caller.project_id if sight.relation == "own" else _ELSEWHERE
    member = caller.project_id if sight.relation == "member" else None
    return {"visibility": sight.visibility, "owner": owner, "project_id": owner, "member_id": member, "member": member}


def credentials(caller: Caller) -> dict[str, Any]:
    """What checks read of the caller. What is None is left out: to oslo.policy, None here would equal None there."""
    creds: dict[str, Any] = {name: value for name in _CREDENTIALS if (value := getattr(caller, name)) is not None}
    creds["roles"] = sorted(caller.roles)
    creds["service_roles"] = sorted(caller.service_roles)
    if caller.system_scope is not None:
        creds["system"] = caller.system_scope
    return creds


def _with_relations(target: dict[str, Any], owner: str | None, member: str | None, image_id: str | None) -> dict[str, Any]:
    target["image_id"] = image_id
    target["project_id"] = owner
    target["member_id"] = target["member"] = member
    return target
