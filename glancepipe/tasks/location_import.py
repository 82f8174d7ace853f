"""Concludes the data that a location brought: computes its digests, and where a client has said what they are, compares.

Whether digests are computed at all is for the layer ``location`` to say. An image that must be compared is ``importing`` and
can't be read before that; any other is active from the beginning, and stays so whatever comes of it (FEATURES 4.6-03).
"""

from __future__ import annotations

import logging
from typing import Any

from glancepipe.contract import ChangeSet, Image, Location, Status
from glancepipe.contract.errors import DatabaseUnavailable, Gone, ImageServiceError
from glancepipe.tasks.work import Work, told

log = logging.getLogger(__name__)


def location_import(work: Work) -> dict[str, Any]:
    """Answers which image it was. Raises what is wrong with the data, ImageNotFound and Gone if the image has moved on."""
    image = work.nouns.repo.get(work.call, work.task.input["image_id"])
    location = next((each for each in image.locations if each.url == work.task.input["loc_url"]), None)
    if location is None or image.status not in (Status.IMPORTING, Status.ACTIVE, Status.DEACTIVATED):
        raise Gone("The image's data was given up or replaced meanwhile.")
    if image.status == Status.IMPORTING:
        _compare(work, image, location)
    elif image.checksum is None:
        _complete(work, image, location)
    return {"image_id": image.id}


def _compare(work: Work, image: Image, location: Location) -> None:
    try:
        found = work.nouns.image.digest_data(work.call, image, location)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        _give_up(work, image, told(error))
        raise
    work.keep(image, found.plus(ChangeSet.of(image, status=Status.ACTIVE)))


def _give_up(work: Work, image: Image, failure: str) -> None:
    """Queue the image again. A location on the web stays on the record, as clients of Glance know it (FEATURES 4.6-03)."""
    kept = tuple(each for each in image.locations if each.url.startswith(("http://", "https://")))
    queued = ChangeSet.of(image, status=Status.QUEUED, locations=kept, os_hash_algo=None, os_hash_value=None)
    work.keep(image, queued, failure=failure)


def _complete(work: Work, image: Image, location: Location) -> None:
    try:
        found = work.nouns.image.digest_data(work.call, image, location)
    except DatabaseUnavailable:
        raise
    except ImageServiceError as error:
        log.warning("The data of image %s could not be hashed: %s", image.id, error)
        found = ChangeSet.of(image, os_hash_algo=None)
    if not found.empty:
        work.keep(image, found)
