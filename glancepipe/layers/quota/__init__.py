"""Layer ``quota``: how much an image and its owner may have. Inside policy, outside location.

``layer`` says what is checked at each verb, ``transfer`` how bytes are held while they move. What an owner may have is said by
the configuration (``local``) or, with ``use_keystone_limits``, by the identity service (``unified``).
"""

from glancepipe.layers.quota.layer import Quota

__all__ = ["Quota"]
