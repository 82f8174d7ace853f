"""The locations of an image, on their own (FEATURES 1.3-13, 1.3-14, 4.6)."""

from __future__ import annotations

import re
from typing import Any

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import Digest
from glancepipe.contract.errors import Invalid
from glancepipe.operations.add_location import add_location
from glancepipe.operations.list_locations import list_locations

ALGORITHMS = ("sha1", "sha256", "sha512", "md5")
"""By which a client may say what the data's hash is (FEATURES 4.6-01)."""

_DIGESTS = {"os_hash_algo", "os_hash_value"}
_HEX = re.compile(r"[0-9a-fA-F]+")


def add(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """POST /v2/images/{image_id}/locations (FEATURES 4.6-02)."""
    url, digests = _proposal(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        entry = add_location(shared.nouns, call, image_id, url, digests)
    shared.runner.run(entry)
    answers.nothing(response, 202)


def index(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """GET /v2/images/{image_id}/locations (FEATURES 4.6-06)."""
    with call_for(shared, request) as call:
        locations = list_locations(shared.nouns, call, image_id)
    answers.json(response, [{"url": location.url, "metadata": dict(location.metadata)} for location in locations])


def _proposal(document: Any) -> tuple[str, dict[str, str]]:
    """URL and digests that a body gives; what else is in it is ignored. Raises Invalid."""
    if not isinstance(document, dict):
        raise Invalid("The body must be a JSON object.")
    url = document.get("url")
    if not isinstance(url, str) or not url:
        raise Invalid("The body must give the location's url, a string.")
    return url, _digests(document.get("validation_data", {}))


def _digests(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise Invalid("validation_data must be an object.")
    if not given:
        return {}
    if given.keys() != _DIGESTS:
        raise Invalid("validation_data must give os_hash_algo and os_hash_value, and nothing else.")
    algorithm, value = given["os_hash_algo"], given["os_hash_value"]
    if algorithm not in ALGORITHMS:
        raise Invalid(f"os_hash_algo must be one of {', '.join(ALGORITHMS)}.")
    length = len(Digest(algorithm).hexdigest)
    if not isinstance(value, str) or len(value) != length or not _HEX.fullmatch(value):
        raise Invalid(f"os_hash_value must have {length} hexadecimal digits.")
    return {"os_hash_algo": algorithm, "os_hash_value": value.lower()}
