"""Records as clients see them: plain dicts, ready for the encoder (FEATURES 2.1, 2.2, 4.1)."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

from glancepipe.contract import Image, Location, Member, Status, Stores

HIDDEN = ("os_glance_stage_host", "os_glance_hash_op_host")
"""Properties that the service keeps for itself (FEATURES 2.2-05)."""


class ImageView:
    """Makes the view of an image; it knows what the operator shows of locations."""

    def __init__(self, conf: cfg.ConfigOpts, stores: Stores) -> None:
        self._stores = stores
        self._direct_url: bool = conf.show_image_direct_url
        self._locations: bool = conf.show_multiple_locations

    def __call__(self, image: Image, admin: bool) -> dict[str, Any]:
        """The view for an administrator or anybody else. Times stay datetimes: the encoder formats them."""
        path = f"/v2/images/{image.id}"
        # Base attributes come last, so that no property hides one (FEATURES 12-06). One display is the fastest way.
        view = {
            **image.properties,
            "name": image.name,
            "disk_format": image.disk_format,
            "container_format": image.container_format,
            "visibility": image.visibility,
            "size": image.size,
            "virtual_size": image.virtual_size,
            "status": image.status,
            "checksum": image.checksum,
            "protected": image.protected,
            "min_ram": image.min_ram,
            "min_disk": image.min_disk,
            "owner": image.owner,
            "os_hidden": image.os_hidden,
            "os_hash_algo": image.os_hash_algo,
            "os_hash_value": image.os_hash_value,
            "id": image.id,
            "created_at": image.created_at,
            "updated_at": image.updated_at,
            "tags": sorted(image.tags),
            "self": path,
            "file": f"{path}/file",
            "schema": "/v2/schemas/image",
        }
        for name in HIDDEN:
            view.pop(name, None)
        self._add_locations(view, image, admin)
        return view

    def _add_locations(self, view: dict[str, Any], image: Image, admin: bool) -> None:
        # Where a deactivated image is, only administrators see (FEATURES 2.2-02).
        locations = image.locations if admin or image.status != Status.DEACTIVATED else ()
        if self._stores.multiple:
            names = [location.store for location in locations if location.store]
            if names:
                view["stores"] = ",".join(names)
        if self._direct_url and locations:
            view["direct_url"] = max(locations, key=self._weight).url
        if self._locations:
            view["locations"] = [{"url": location.url, "metadata": dict(location.metadata)} for location in locations]

    def _weight(self, location: Location) -> int:
        if not self._stores.multiple or location.store is None:
            return 0
        try:
            return self._stores.weight(location.store)
        except KeyError:
            # The store of this copy is not enabled here (FEATURES 8.3-04).
            return 0


def member_view(member: Member) -> dict[str, Any]:
    """One membership (FEATURES 4.1)."""
    return {
        "member_id": member.member,
        "image_id": member.image_id,
        "status": member.status,
        "created_at": member.created_at,
        "updated_at": member.updated_at,
        "schema": "/v2/schemas/member",
    }
