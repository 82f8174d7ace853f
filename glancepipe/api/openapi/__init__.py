"""The API's description in OpenAPI 3.1: made of the routes' tables and the schemas, for a configuration (FEATURES 1.3)."""

from glancepipe.api.openapi.document import describe
from glancepipe.api.openapi.page import page

__all__ = ["describe", "page"]
