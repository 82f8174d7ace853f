"""What requests say beside path and body, and answers beside their body: query parameters and headers (FEATURES 1.6, 1.7, 3)."""

from __future__ import annotations

from glancepipe.api import filters
from glancepipe.api.queries import MEMBER_STATUSES, SORT_KEYS
from glancepipe.api.routes.route import Parameter
from glancepipe.contract.query import VISIBILITIES

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 0}
_INT64 = {"type": "integer", "minimum": -(1 << 63), "maximum": (1 << 63) - 1}
_TRUTH = {"type": "string", "enum": ["true", "false"]}

PAGING = (
    Parameter("limit", {**_WHOLE, "maximum": 10**19 - 1}, "How many rows a page has; the service has a maximum"),
    Parameter("marker", _TEXT, "ID of the row behind which the page begins: the last one of the page before"),
)
"""FEATURES 3-01, 3-02."""

SORTING = (
    Parameter("sort", _TEXT, "`key[:dir],key[:dir]...`; not beside sort_key and sort_dir"),
    Parameter("sort_key", {"type": "array", "items": {"enum": list(SORT_KEYS)}}, "By what to sort; may be repeated"),
    Parameter("sort_dir", {"type": "array", "items": {"enum": ["asc", "desc"]}}, "One direction for all keys, or as many as keys"),
)
"""FEATURES 3-05 to 3-07."""

FILTERS = (
    Parameter("visibility", {"enum": [*VISIBILITIES, "all"]}, "Only images of this visibility"),
    Parameter("member_status", {"enum": list(MEMBER_STATUSES)}, "Of the images that others share: only those with this answer"),
    Parameter("os_hidden", _TRUTH, "Whether to list hidden images instead of the others"),
    Parameter("protected", _TRUTH, "Only images that are safe from being deleted, or only those that are not"),
    Parameter("tag", {"type": "array", "items": _TEXT}, "Only images with this tag; may be repeated"),
    *(Parameter(name, _TEXT, f"Equal to a {name}; `in:` takes several, `eq:` one that has a colon") for name in sorted(filters.LISTED)),
    *(Parameter(name, _TEXT, "A time as ISO 8601 writes it, after `eq: neq: gt: gte: lt:` or `lte:`") for name in sorted(filters.TIMES)),
    *(Parameter(name, _TEXT, f"Equal to this {name}") for name in sorted(filters.TEXTS | filters.NUMBERS)),
    *(
        Parameter(f"{name}_{bound}", _INT64, f"Where {name} has at {least} this value")
        for name in sorted(filters.NUMBERS)
        for bound, least in (("min", "least"), ("max", "most"))
    ),
    Parameter("properties", {"type": "object", "additionalProperties": _TEXT}, "Any other name: a custom property with this value"),
)
"""FEATURES 3-09 to 3-18."""

STORE = Parameter("x-image-meta-store", _TEXT, "The store that takes the data, where there are several", "header")
SIZE = Parameter("x-openstack-image-size", _WHOLE, "Bytes that will come; counts more than Content-Length, 0 is no promise", "header")
RANGE = Parameter("Range", {"type": "string"}, "One range of bytes (RFC 9110, 14.2)", "header")
IF_RANGE = Parameter("If-Range", _TEXT, "The ETag of the data of which a part is wanted; else everything is sent", "header")
IF_NONE_MATCH = Parameter("If-None-Match", _TEXT, "ETags of data that the client has", "header")
PREFER = Parameter("prefer", _TEXT, "Stores, separated by commas, to read from if they have the data")
CONTENT_RANGE = Parameter("Content-Range", {"type": "string"}, "An older way to say Range, `bytes FIRST-LAST/SIZE`", "header")

LOCATION = Parameter("Location", {"type": "string", "format": "uri"}, "URL of what was created", "header", required=True)
IMPORT_METHODS = Parameter("OpenStack-image-import-methods", _TEXT, "Import methods that can be used, separated by commas", "header")
STORE_IDS = Parameter("OpenStack-image-store-ids", _TEXT, "Stores, separated by commas, where there are several", "header")
ETAG = Parameter("ETag", _TEXT, "Identifies the data", "header")
ACCEPT_RANGES = Parameter("Accept-Ranges", {"const": "bytes"}, "Parts can be asked for", "header")
CONTENT_MD5 = Parameter("Content-MD5", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "The whole image's md5, in hexadecimal", "header")
