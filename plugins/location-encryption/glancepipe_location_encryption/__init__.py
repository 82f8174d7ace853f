"""The glancepipe layer ``location-encryption``."""

from glancepipe_location_encryption.layer import LocationEncryption

__all__ = ["LocationEncryption"]
