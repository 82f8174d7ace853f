"""Texts under AES in CBC mode, as Glance writes them with ``metadata_encryption_key`` (FEATURES 2.2-04).

A sealed text is base64 (URL-safe) of 16 random bytes and the cipher text. Before it is encrypted, a NUL and further
bytes that are not NUL fill the text up to whole blocks.
"""

from __future__ import annotations

import binascii
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK = 16
"""Bytes."""


class Seal:
    """Seals and opens texts with one key."""

    def __init__(self, key: str) -> None:
        """Raises ValueError if the key has not 16, 24 or 32 bytes."""
        self._aes = AES(key.encode())

    def close(self, text: str) -> str:
        """The sealed text; another one each time."""
        plain = text.encode()
        # Never NUL: the last one is where the text ends.
        fill = bytes(1 + secrets.randbelow(255) for _ in range(BLOCK - len(plain) % BLOCK - 1))
        start = secrets.token_bytes(BLOCK)
        cipher = Cipher(self._aes, CBC(start)).encryptor()
        return urlsafe_b64encode(start + cipher.update(plain + b"\0" + fill) + cipher.finalize()).decode()

    def open(self, sealed: str) -> str:
        """The text. Raises ValueError if it is not sealed with this key.

        The format has nothing to check that by: what another key makes of a text of some blocks is hardly ever UTF-8.
        """
        try:
            content = urlsafe_b64decode(sealed)
            cipher = Cipher(self._aes, CBC(content[:BLOCK])).decryptor()
            padded = cipher.update(content[BLOCK:]) + cipher.finalize()
            return padded[: padded.rindex(b"\0", max(0, len(padded) - BLOCK))].decode()
        except (binascii.Error, ValueError) as error:
            raise ValueError("The text is not sealed with this key.") from error
