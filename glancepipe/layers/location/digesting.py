"""Digests of data that the service did not see pass, since a location brought it (FEATURES 4.6-03)."""

from __future__ import annotations

import logging
from typing import Any

from glancepipe.contract import Image, Location, replace
from glancepipe.contract.errors import Invalid, StoreError
from glancepipe.layers.location.holdings import Holdings, errors_of

log = logging.getLogger(__name__)


def digested(holdings: Holdings, image: Image, location: Location, algorithm: str, retries: int) -> dict[str, Any]:
    """What the record must say of the data at ``location``. Raises NoData, and StoreError after so many retries."""
    problem = StoreError()
    for _ in range(1 + retries):
        try:
            return _read(holdings, image, location, algorithm)
        except StoreError as error:
            log.info("The data of image %s could not be read to its end: %s", image.id, error)
            problem = error
    raise problem


def _read(holdings: Holdings, image: Image, location: Location, algorithm: str) -> dict[str, Any]:
    data = holdings.read(replace(image, locations=(location,)))
    md5, digest = data.digest("md5"), data.digest(algorithm)
    try:
        with errors_of(holdings.stores.holding(location.url, location.store)):
            data.finish()
    except Invalid as error:
        # Not what the store had announced.
        raise StoreError(error.message) from error
    finally:
        data.close()
    return {"size": data.count, "checksum": md5.hexdigest, "os_hash_algo": algorithm, "os_hash_value": digest.hexdigest}
