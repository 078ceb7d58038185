"""What the lifeboats of a fleet say to each other, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from presence.ids import CallId, Instant
from server.records import Head
from server.store import unsaved as codec
from server.store.unsaved import Unsaved


@dataclass(frozen=True, slots=True)
class Afloat:
    """The store is down for this node, or (`afloat` false) answers it; and what it has of every call that goes on, or
    that is not saved."""

    node: str
    at: Instant
    afloat: bool
    heads: Mapping[CallId, Head]


@dataclass(frozen=True, slots=True)
class Carried:
    """What happened to calls, and is not saved, or (`saved`) is in the store, which somebody cannot read."""

    node: str
    at: Instant
    saved: bool
    unsaved: Unsaved


class _Afloat(msgspec.Struct, tag="afloat", array_like=True, frozen=True):
    node: str
    at: int
    afloat: bool
    heads: dict[str, tuple[int, int, int]]


class _Carried(msgspec.Struct, tag="carried", array_like=True, frozen=True):
    node: str
    at: int
    saved: bool
    unsaved: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Afloat | _Carried).decode


def encode(signal: Afloat | Carried) -> bytes:
    if isinstance(signal, Afloat):
        heads = {str(call): (h.version, h.words, h.changes) for call, h in signal.heads.items()}
        return _encode(_Afloat(signal.node, signal.at, signal.afloat, heads))
    return _encode(_Carried(signal.node, signal.at, signal.saved, codec.encode(signal.unsaved)))


def decode(data: bytes) -> Afloat | Carried:
    """Raises msgspec.MsgspecError when it is none."""
    raw = _decode(data)
    if isinstance(raw, _Afloat):
        return Afloat(raw.node, raw.at, raw.afloat, {CallId(c): Head(*head) for c, head in raw.heads.items()})
    return Carried(raw.node, raw.at, raw.saved, codec.decode(raw.unsaved))
