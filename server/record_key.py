"""The server's key of records: what seals them, and how their values become bytes (WA6).

`rooms.record` decides what is signed and when a record holds; here are the two things it is handed: canonical msgpack
and Ed25519. `beside verify` uses the same two functions, without the key.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from presence.ids import ActionId, Instant
from rooms import record
from rooms.record import Entry, Seal
from server.settings import BadSetting

FILE_BYTES_AT_MOST = 1_000_000
"""What `beside verify` reads. The longest record that an action can write is a tenth of it."""

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def encode(plain: Any) -> bytes:
    """Canonical msgpack: smallest forms, the names of a map in order. Any other implementation that does so gives the
    same bytes. Raises on what msgpack cannot hold (half a surrogate pair, more than 64 bits)."""
    return _ENCODER.encode(plain)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is by this key; False too for bytes that are no key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class RecordKey:
    """Seals records. Ed25519 leaves nothing to chance: the same record sealed for the same time is the same file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()
        self.fingerprint = record.fingerprint(self.public_key)
        """What the page shows and `beside verify --key` takes."""

    @classmethod
    def load_or_make(cls, path: Path) -> RecordKey:
        """The key of this file; made at first start, readable by its owner alone.

        Raises :class:`BadSetting` when the file holds something else. It is never replaced by itself: the fingerprint
        that members wrote down would silently be another.
        """
        if not path.exists():
            _write_once(path, cls.new_pem())
        return cls.from_pem(path.read_bytes(), str(path))

    @staticmethod
    def new_pem() -> bytes:
        return _pem(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, where: str = "the database") -> RecordKey:
        """Raises :class:`BadSetting`, as above."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise BadSetting(
                f"The key of records in {where} cannot be read. Put back the copy from your backup. Without one, move "
                "the file away: the next start makes another, and older records verify with the old fingerprint alone."
            )
        return cls(key)

    def encode(self, plain: object) -> bytes:
        return encode(plain)

    def seal(self, action: ActionId, entries: Sequence[Entry], sealed_at: Instant) -> Seal:
        return record.seal(action, entries, sealed_at, self.public_key, self._key.sign, encode)

    def file(self, action: ActionId, entries: Sequence[Entry], sealed_at: Instant) -> str:
        """The sealed record as JSON text, the fingerprint in it."""
        return record.to_text(entries, self.seal(action, entries, sealed_at))


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_once(path: Path, content: bytes) -> None:
    """The whole file or none of it: half a key, left by a power cut, would stop every later start. Whoever comes second
    finds the first one's."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # Windows opens no folders
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
