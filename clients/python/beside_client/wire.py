"""Bytes ↔ frames, with limits: a client must survive a server that is broken or not ours."""

from __future__ import annotations

import secrets
from typing import Any

import msgpack

from beside_client.failures import Unreadable

View = dict[str, Any]
"""A frame, or a part of one, as it stands on the wire."""

PROTOCOL_VERSION = 1
MAX_EVENT_BYTES = 1024 * 1024
"""Well above the 256 KiB that the server keeps for one reader, so nothing lawful is ever cut."""
MAX_DEPTH = 8
"""The deepest event (`desk_now` → rows → row → helpers → helper → person) has 7 levels."""

_closing_codes = {
    1012: True, 4001: False, 4002: False, 4003: False, 4004: True, 4005: True, 4006: True, 4007: True, 4008: True,
}  # fmt: skip
DRAINING = 1012


def new_key() -> str:
    """A fresh client key. Send a command again under the same key and it is done once (`UNIQUE(device, key)`)."""
    return secrets.token_urlsafe(12)


def comes_back(code: int) -> bool:
    """Whether a client should connect again by itself after this close code (`server/wire/codes.py`). A code that is
    not known is that of a lost line or of a proxy: come back."""
    return _closing_codes.get(code, True)


def encode(frame: View) -> bytes:
    """Absent fields are left out: the server's own default stands for them."""
    data: bytes = msgpack.packb({name: value for name, value in frame.items() if value is not None})
    return data


def decode(data: str | bytes) -> View:
    """An event, or :class:`Unreadable`."""
    if isinstance(data, str):
        raise Unreadable("a text frame")
    try:
        event = msgpack.unpackb(
            data,
            strict_map_key=True,
            max_str_len=64 * 1024,
            max_array_len=20_000,
            max_map_len=64,
            max_bin_len=0,
            max_ext_len=0,
        )
    except (ValueError, RecursionError) as error:  # msgpack's own errors are ValueErrors
        raise Unreadable(type(error).__name__) from None
    if not isinstance(event, dict) or not isinstance(event.get("t"), str):
        raise Unreadable("not a tagged map")
    if not _is_flat_enough(event, MAX_DEPTH):
        raise Unreadable("too deep")
    return event


def _is_flat_enough(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_is_flat_enough(v, depth - 1) for v in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_is_flat_enough(v, depth - 1) for v in value)
    return True
