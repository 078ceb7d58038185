"""Bytes ↔ frames. Everything that a stranger can send ends here as a typed frame or as :class:`BadFrame`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from server.wire.frames import MAX_FRAME_BYTES, Command, Event, Key, Ok, Part

REPLY_AT_MOST_BYTES = 128 * 1024
"""Half of what the outbox keeps for one reader. Without it 50 long entries made a room that nobody could open: every
try ended with the reader aborted as slow."""
PartT = TypeVar("PartT", bound=Part)

_command_decoder: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_event_encoder = msgspec.msgpack.Encoder()


class BadFrame(Exception):
    """Not a frame of the protocol. `reason` names the rule that was broken and holds nothing of what was sent."""

    def __init__(self, reason: str, key: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key


def decode_command(data: bytes) -> Command:
    """A typed command, or :class:`BadFrame`. The key of a refused frame is kept when it can be read, so that the
    refusal can name it. The typed decoder goes no deeper than a frame's own fields, so depth needs no own limit."""
    if len(data) > MAX_FRAME_BYTES:
        raise BadFrame("too large")
    try:
        return _command_decoder.decode(data)
    except msgspec.ValidationError as error:
        raise BadFrame(_without_values(str(error)), _key_of(data)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        raise BadFrame("not msgpack of this protocol") from None


def encode_event(event: Event) -> bytes:
    return _event_encoder.encode(event)


def that_fit(parts: Iterable[PartT]) -> list[PartT]:
    """The first of these that go into one reply. At least one always does: what made it came in a 16 KiB frame."""
    left, kept = REPLY_AT_MOST_BYTES, []
    for part in parts:
        left -= len(_event_encoder.encode(part))
        if left < 0:
            break
        kept.append(part)
    return kept


def command_digest(command: Command) -> str:
    """Tells two commands under the same key apart: same key and same content is a retry, else the key was reused."""
    return hashlib.sha256(_event_encoder.encode(command)).hexdigest()[:32]


class _Keyed(msgspec.Struct):
    """The key of a frame and nothing else of it: what is wrong with the rest is skipped, not read."""

    k: Key


_keyed_decoder = msgspec.msgpack.Decoder(_Keyed)


def _key_of(data: bytes) -> str | None:
    """A key of the protocol, and never other bytes of a stranger's."""
    try:
        return _keyed_decoder.decode(data).k
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        return None


def _without_values(message: str) -> str:
    """msgspec's messages name types and paths; a bad enum or tag is quoted from the frame, so quotes are cut."""
    return message.split("'", maxsplit=1)[0].strip().rstrip(":,") or "invalid"


_ok_decoder = msgspec.msgpack.Decoder(Ok)


def decode_ok(data: bytes) -> Ok:
    """A stored reply."""
    return _ok_decoder.decode(data)
