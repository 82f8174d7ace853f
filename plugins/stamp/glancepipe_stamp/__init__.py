"""The glancepipe layer ``stamp``."""

from glancepipe_stamp.layer import Stamp

__all__ = ["Stamp"]
