"""Layer ``notifier``: tells other services what has happened, as oslo.messaging notifications.

``layer`` tells of images and members, ``tasks`` and ``metadefs`` of what their names say, ``payloads`` what events say.
"""

from glancepipe.layers.notifier.layer import GROUP, DriverOpt, Notifier

__all__ = ["GROUP", "DriverOpt", "Notifier"]
