"""A call as bytes."""

from __future__ import annotations

from rooms.call import Call
from server.store.values import decode_value, encode_value


def encode_call(call: Call) -> bytes:
    return encode_value(call)


def decode_call(body: bytes) -> Call:
    return decode_value(Call, body)
