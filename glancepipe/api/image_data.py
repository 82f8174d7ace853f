"""Image data: upload and download (FEATURES 1.6, 1.7)."""

from __future__ import annotations

import re

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.conditions import is_current, is_known, validators
from glancepipe.api.downloads import stream_of
from glancepipe.api.queries import pairs_of
from glancepipe.api.ranges import span_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import Data, Image, Span, Status, Target
from glancepipe.contract.errors import Invalid, NotSatisfiable, UnsupportedContent
from glancepipe.operations.download_image import download_image
from glancepipe.operations.upload_image import upload_image

MEDIA_TYPE = "application/octet-stream"

_SIZE = re.compile(r"\s*([0-9]{1,18})\s*", re.ASCII)


def upload(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """PUT /v2/images/{image_id}/file (FEATURES 1.6-01 to 1.6-11)."""
    if request.media_type != MEDIA_TYPE:
        raise UnsupportedContent(f"The Content-Type of data must be {MEDIA_TYPE}.")
    # Where there is a single store nobody names it (FEATURES 1.6-04).
    store = request.get_header("x-image-meta-store") if shared.stores.multiple else None
    data = Data(request.body.blocks(), _announced_size(request))
    with call_for(shared, request) as call:
        upload_image(shared.nouns, call, image_id, data, Target(store or None))
    answers.nothing(response)


def download(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """GET /v2/images/{image_id}/file (FEATURES 1.7, 12-15)."""
    chosen: Span | None = None

    def choose(image: Image) -> Span | None:
        nonlocal chosen
        if image.status == Status.ACTIVE and is_known(request.get_header("If-None-Match"), image):
            raise falcon.HTTPStatus(304, headers=validators(image))
        if image.size is not None and is_current(request.get_header("If-Range"), image):
            try:
                chosen = span_of(image.size, request.get_header("Range"), request.get_header("Content-Range"))
            except NotSatisfiable:
                # Says what there is (RFC 9110, 15.5.17).
                response.set_header("Content-Range", f"bytes */{image.size}")
                raise
        return chosen

    with call_for(shared, request) as call:
        image, data = download_image(shared.nouns, call, image_id, choose, _preferred(request))
    response.stream = stream_of(data, request.env)
    response.content_type = MEDIA_TYPE
    response.set_headers(validators(image))
    if image.checksum:
        # The whole image's md5 in hexadecimal, also for a part of it: clients expect that (FEATURES 1.7-01, 1.7-05).
        response.set_header("Content-MD5", image.checksum)
    if data.size is not None:
        response.content_length = data.size
    if chosen is not None:
        response.status = 206
        response.set_header("Content-Range", f"bytes {chosen.start}-{chosen.start + chosen.length - 1}/{image.size}")


def _preferred(request: Request) -> tuple[str, ...]:
    """Stores that the client would rather have the data from (FEATURES 1.7-08)."""
    named = [value for name, value in pairs_of(request.query_string) if name == "prefer"][-1:]
    return tuple(filter(None, (name.strip() for name in ",".join(named).split(","))))


def _announced_size(request: Request) -> int | None:
    """The size that the client promises, None if it does not; 0 is no promise (FEATURES 1.6-02, 1.6-11). Raises Invalid."""
    header = request.get_header("x-openstack-image-size")
    if header is None:
        return request.body.length or None
    size = _SIZE.fullmatch(header)
    if size is None:
        raise Invalid("x-openstack-image-size must be a number of bytes.")
    return int(size[1]) or None
