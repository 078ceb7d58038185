"""The chunks of the media socket (docs/media.md): what the server reads of them, and the bytes it says itself."""

from __future__ import annotations

from enum import IntEnum

HEADER_BYTES = 11
"""Kind, epoch, counter."""
SHORTEST_BYTES = HEADER_BYTES + 8 + 16
"""Header, timestamp, tag of AES-GCM."""
CHUNK_AT_MOST_BYTES = 256 * 1024
PHOTO_AT_MOST_BYTES = 768 * 1024
TICKET_AT_MOST_BYTES = 64

YOU_SEND = b"\x01"
YOU_WATCH = b"\x02"
KEY_WANTED = b"\x10"
NOBODY_WATCHES = b"\x11"
SOMEONE_WATCHES = b"\x12"


class Kind(IntEnum):
    KEY = 1
    DELTA = 2
    STILL = 3
    PHOTO = 4
    SOUND = 5


class BadChunk(Exception):
    """Not a chunk: of no kind, too short or too long."""


def kind_of(chunk: bytes) -> Kind:
    """Its kind. The rest of a chunk is between the pages."""
    if len(chunk) < SHORTEST_BYTES:
        raise BadChunk("short")
    try:
        kind = Kind(chunk[0])
    except ValueError:
        raise BadChunk("kind") from None
    if len(chunk) > (PHOTO_AT_MOST_BYTES if kind is Kind.PHOTO else CHUNK_AT_MOST_BYTES):
        raise BadChunk("long")
    return kind
