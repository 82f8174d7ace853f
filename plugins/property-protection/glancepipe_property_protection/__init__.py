"""The glancepipe layer ``property-protection``."""

from glancepipe_property_protection.layer import PropertyProtection

__all__ = ["PropertyProtection"]
