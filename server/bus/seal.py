"""What goes over the bus, closed with a key of the deployment: whoever has the password of its Redis, and another
deployment that shares it, neither reads a word nor says one (docs/decisions/0014)."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV


class Seal:
    """`key`: 32 bytes, the same on every node. AES-SIV (RFC 5297) needs no nonce, so no number of messages is too many;
    two equal messages of one node look equal. A message can be held back and said again: whoever hears it must know
    that by what it says (a number, a time)."""

    def __init__(self, key: bytes) -> None:
        self._key = AESSIV(key)

    def close(self, topic: str, sender: bytes, payload: bytes) -> bytes:
        """`sender` has no NUL in it."""
        return self._key.encrypt(sender + b"\0" + payload, [topic.encode()])

    def open(self, topic: str, data: bytes) -> tuple[bytes, bytes] | None:
        """Sender and payload; None for what no node of this deployment said on this topic."""
        try:
            plain = self._key.decrypt(data, [topic.encode()])
        except (InvalidTag, ValueError):
            return None
        sender, _, payload = plain.partition(b"\0")
        return sender, payload
