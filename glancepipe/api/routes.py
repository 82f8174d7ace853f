"""The routes, as data: method and path, who answers, which operation it is, whether it has a body (FEATURES 1.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate

import falcon

from glancepipe.api import actions, discovery, image_data, images, members, schemas_view, tags
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import OPERATIONS

Handler = Callable[Concatenate[Shared, Request, falcon.Response, ...], None]
"""Answers a request; the fields of the path come as keyword arguments."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. ``body``: a request may have one, elsewhere it is refused (FEATURES 1.2-03)."""

    method: str
    path: str
    handler: Handler
    operation: str | None = None
    body: bool = False


def _for(operation: str, handler: Handler, *, body: bool = False) -> Route:
    row = OPERATIONS[operation]
    return Route(row.method, row.path, handler, operation, body)


ROUTES = (
    _for("list_images", images.index, body=True),
    _for("create_image", images.create, body=True),
    _for("show_image", images.show),
    _for("modify_image", images.modify, body=True),
    _for("delete_image", images.delete),
    _for("download_image", image_data.download),
    _for("upload_image", image_data.upload, body=True),
    _for("deactivate", actions.deactivate),
    _for("reactivate", actions.reactivate),
    _for("add_tag", tags.add),
    _for("remove_tag", tags.remove),
    _for("list_members", members.index),
    _for("add_member", members.add, body=True),
    _for("show_member", members.show),
    _for("modify_member", members.modify, body=True),
    _for("delete_member", members.delete),
    Route("GET", "/v2/schemas/image", schemas_view.show),
    Route("GET", "/v2/schemas/images", schemas_view.show),
    Route("GET", "/v2/schemas/member", schemas_view.show),
    Route("GET", "/v2/schemas/members", schemas_view.show),
    Route("GET", "/v2/info/import", discovery.import_methods),
    Route("GET", "/v2/info/stores", discovery.stores),
    Route("GET", "/v2/info/usage", discovery.usage, body=True),
)
"""All routes; the order of a path's methods is that of the Allow header."""
