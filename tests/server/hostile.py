"""Frames that mean harm: a valid frame with exactly one thing wrong with it, or bytes that were never a frame.

Pure and seeded: the same seed makes the same frames. What is wrong is named, so that a failure says what it was.
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

Frame = dict[str, Any]
KEY = re.compile(r"[A-Za-z0-9_-]{8,36}")
ID = re.compile(r"[A-Za-z0-9_-]{16}")
MAX_FRAME_BYTES = 16 * 1024


@dataclass(frozen=True)
class Shot:
    """`wrong` names the one mutation; `valid` is false for what never was a frame."""

    data: bytes | str
    wrong: str
    valid: bool
    meant: str | None = None
    """The key of the frame before it was spoilt."""

    @property
    def key(self) -> str | None:
        """The client key, if everybody could read it out of this frame."""
        if isinstance(self.data, str):
            return None
        try:
            raw = msgpack.unpackb(self.data, strict_map_key=False)
        except Exception:
            return None  # whatever msgpack says to bytes that are not msgpack
        key = raw.get("k") if isinstance(raw, dict) and all(isinstance(name, str) for name in raw) else None
        return key if isinstance(key, str) and KEY.fullmatch(key) else None

    @property
    def tag(self) -> str:
        try:
            return str(msgpack.unpackb(self.data, strict_map_key=False)["t"]) if isinstance(self.data, bytes) else ""
        except Exception:
            return ""


class Gunner:
    """`frames` are valid ones; `foreign` are ids of a group, a room, people and a call that are none of the sender's
    business. Four shots of five and more are a valid frame with one mutation."""

    def __init__(self, seed: str, frames: Sequence[Frame], foreign: Sequence[str]) -> None:
        self._random = random.Random(seed)
        self._frames = frames
        self._foreign = foreign
        self._count = 0

    def shot(self) -> Shot:
        self._count += 1
        if self._random.random() < 0.9:
            name = self._random.choice(list(MUTATIONS))
            frame = self.valid_frame()
            key = frame.get("k")
            return Shot(MUTATIONS[name](self._random, frame, self._foreign), name, valid=True, meant=key)
        if self._random.random() < 0.5:
            return Shot(self._random.randbytes(self._random.choice((0, 1, 2, 16, 300, 4000))), "noise", valid=False)
        return Shot(msgpack.packb(self.valid_frame()), "nothing", valid=False)

    def valid_frame(self) -> Frame:
        """One of the valid frames under a key of its own."""
        frame = dict(self._random.choice(self._frames))
        if "k" in frame:
            frame["k"] = f"hostile-{self._count}-{self._random.getrandbits(32):08x}"
        return frame


Mutation = Callable[[random.Random, Frame, Sequence[str]], "bytes | str"]


def _flip_a_bit(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    data = bytearray(msgpack.packb(frame))
    data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def _drop_a_field(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    del frame[r.choice(list(frame))]
    return bytes(msgpack.packb(frame))


def _a_field_twice(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    name = r.choice(list(frame))
    again = r.choice((frame[name], 7, "other-other-other"[:16], None))
    return _map([*frame.items(), (name, again)])


def _rename_a_field(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    name = r.choice(list(frame))
    return bytes(msgpack.packb({(f"{n}s" if n == name else n): value for n, value in frame.items()}))


def _an_unknown_field(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    name = r.choice(("role", "account", "admin", "as", "badge", "now", "__class__", ""))
    return bytes(msgpack.packb({**frame, name: r.choice(("moderator", 1, True, None))}))


def _a_wrong_type(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    others: list[Any] = [0, -1, True, None, b"bytes", [], {}, ["x"], {"t": "say"}, "text", 1.5]
    return _with(r, frame, r.choice(others))


def _a_number_out_of_bounds(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    return _with(r, frame, r.choice((-1, -(2**63), 2**31, 2**53, 2**63, 2**64 - 1)))


def _a_text_out_of_bounds(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    return _with(r, frame, r.choice(("", "x" * 37, "y" * 1001, "z" * 4001, "é" * 4000, "💥" * 33)))


def _a_foreign_id(r: random.Random, frame: Frame, foreign: Sequence[str]) -> bytes:
    ids = [name for name, value in frame.items() if isinstance(value, str) and ID.fullmatch(value) and name != "k"]
    if not ids:
        return _a_wrong_type(r, frame, foreign)
    return bytes(msgpack.packb({**frame, r.choice(ids): r.choice(foreign)}))


def _deep_nesting(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    depth = r.choice((20, 200, 600, 5_000))
    deep = b"\x91" * depth + b"\xc0" if r.random() < 0.5 else b"\x81\xa1a" * depth + b"\xc0"
    return _with_raw(r, frame, deep)


def _an_ext_type(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    exts = (
        msgpack.packb(msgpack.ExtType(5, b"x" * 9)),
        b"\xd6\xff" + r.randbytes(4),  # a timestamp
        b"\xc7\x0c\xff" + r.randbytes(12),  # one with nanoseconds that are too many, mostly
        b"\xc9\xff\xff\xff\xff\x01",  # 4 GB of it
    )
    return _with_raw(r, frame, r.choice(exts))


def _no_number(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    return _with(r, frame, r.choice((float("nan"), float("inf"), float("-inf"), 1e308, -0.0)))


def _cut_short(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    data = msgpack.packb(frame)
    return bytes(data[: r.randrange(len(data))])


def _too_large(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    return _with(r, frame, "x" * r.choice((MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1, 70_000)))


def _a_null_character(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    texts = [name for name, value in frame.items() if isinstance(value, str)]
    name = r.choice(texts) if texts else "t"
    return bytes(msgpack.packb({**frame, name: f"{frame[name]}\x00"}))


def _a_newline_at_the_end(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    """`$` in a pattern lets it pass: one id with two spellings."""
    ids = [name for name, value in frame.items() if isinstance(value, str) and KEY.fullmatch(value) and name != "t"]
    name = r.choice(ids) if ids else "t"
    return bytes(msgpack.packb({**frame, name: f"{frame[name]}\n"}))


def _a_wrong_tag(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    tags: tuple[Any, ...] = ("welcome", "my_call", "ok", "refused", "Say", "say ", "", 3, None, ["say"], "hello")
    return bytes(msgpack.packb({**frame, "t": r.choice(tags)}))


def _as_text(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> str:
    return r.choice((repr(frame), msgpack.packb(frame).decode("latin-1"), ""))


def _a_huge_header(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    head = r.choice((b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xde\xff\xff"))
    data = bytes(msgpack.packb(frame))
    return head + data[1:] if r.random() < 0.5 else _with_raw(r, frame, head)


def _not_utf8(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    return _with_raw(r, frame, r.choice((b"\xa2\xff\xfe", b"\xa3\xed\xa0\x80", b"\xa4\xf8\x88\x80\x80", b"\xa1\x80")))


def _more_after_the_end(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    return bytes(msgpack.packb(frame)) + r.choice((b"\x00", b"\xc1", msgpack.packb(frame)))


def _a_key_that_is_no_text(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    keys = (b"\x80", b"\x90", b"\x91\x80", b"\xc0", b"\x07", b"\xca\x7f\xc0\x00\x00", b"\xc4\x01t", b"\xd4\x05\x00")
    pairs = [msgpack.packb(n) + msgpack.packb(v) for n, v in frame.items()]
    pairs.insert(r.randrange(len(pairs) + 1), r.choice(keys) + msgpack.packb(1))
    return bytes([0x80 | len(pairs)]) + b"".join(pairs)


def _a_reserved_byte(r: random.Random, frame: Frame, _foreign: Sequence[str]) -> bytes:
    return _with_raw(r, frame, b"\xc1")


MUTATIONS: dict[str, Mutation] = {
    function.__name__.strip("_").replace("_", " "): function
    for function in (
        _flip_a_bit, _drop_a_field, _a_field_twice, _rename_a_field, _an_unknown_field, _a_wrong_type,
        _a_number_out_of_bounds, _a_text_out_of_bounds, _a_foreign_id, _deep_nesting, _an_ext_type, _no_number,
        _cut_short, _too_large, _a_null_character, _a_newline_at_the_end, _a_wrong_tag, _as_text, _a_huge_header,
        _not_utf8, _more_after_the_end, _a_key_that_is_no_text, _a_reserved_byte,
    )
}  # fmt: skip


def _with(r: random.Random, frame: Frame, value: Any) -> bytes:
    """The frame with another value in one of its fields, the tag left alone."""
    name = r.choice([n for n in frame if n != "t"] or ["t"])
    return bytes(msgpack.packb({**frame, name: value}))


def _with_raw(r: random.Random, frame: Frame, value: bytes) -> bytes:
    name = r.choice([n for n in frame if n != "t"] or ["t"])
    pairs = [msgpack.packb(n) + (value if n == name else msgpack.packb(v)) for n, v in frame.items()]
    return bytes([0x80 | len(pairs)]) + b"".join(pairs)


def _map(pairs: Sequence[tuple[str, Any]]) -> bytes:
    return bytes([0x80 | len(pairs)]) + b"".join(msgpack.packb(n) + msgpack.packb(v) for n, v in pairs)


# ---------------------------------------------------------------- below the frames: websocket bytes

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def websocket_bytes(r: random.Random) -> bytes:
    """One websocket frame as no library would send it: reserved bits, no mask, lengths that lie."""
    length = r.choice((0, 1, 5, 125, 126, 127, 200, 65_535, 65_537, 2**31, 2**63 - 1))
    mask = r.choice((0, 0x80, 0x80))
    head = bytes([r.getrandbits(8)])
    if length < 126 and r.random() < 0.8:
        head += bytes([mask | length])
    elif r.random() < 0.5:
        head += bytes([mask | 126]) + struct.pack("!H", length & 0xFFFF)
    else:
        head += bytes([mask | 127]) + struct.pack("!Q", length)
    return head + r.randbytes(r.choice((0, 2, 4, 4, 12, 150)))


def http_bytes(r: random.Random) -> bytes:
    """A handshake with one thing wrong, or no handshake at all."""
    data = bytearray(HANDSHAKE)
    match r.randrange(5):
        case 0:
            data[r.randrange(len(data))] ^= 1 << r.randrange(8)
        case 1:
            return bytes(data[: r.randrange(len(data))])
        case 2:
            return bytes(data).replace(b"13", r.choice((b"12", b"", b"13, 13")))
        case 3:
            return r.randbytes(400)
        case _:
            return HANDSHAKE[:-2] + b"X-Long: " + b"a" * r.choice((8_000, 70_000)) + b"\r\n\r\n"
    return bytes(data)
