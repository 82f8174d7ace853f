"""The glancepipe layer ``quota-none``."""

from glancepipe_quota_none.layer import QuotaNone

__all__ = ["QuotaNone"]
