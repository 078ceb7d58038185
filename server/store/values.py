"""The core's values as bytes: a call, a witnessed action. Dataclasses of which one field may hold several kinds go in
tagged maps (`"_"` holds the type), so that every answer, end and stage keeps only its own fields, and unknown types are
an error instead of a guess."""

from __future__ import annotations

import dataclasses
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from rooms import call as call_types
from rooms import witness as action_types

_TAGGED: dict[str, type] = {
    t.__name__: t
    for t in (
        call_types.Asked, call_types.CantNow, call_types.Coming, call_types.InRoom, call_types.Here, call_types.Left,
        call_types.Withdrawn, call_types.Lapsed, call_types.Dismissed, call_types.Cancelled, call_types.Closed,
        call_types.Parked,
        action_types.Proposed, action_types.Gathering, action_types.Live, action_types.Attesting, action_types.Turned,
        action_types.Ended,
    )
}  # fmt: skip


T = TypeVar("T")


def encode_value(value: object) -> bytes:
    return msgspec.msgpack.encode(_plain(value))


def decode_value(kind: type[T], body: bytes) -> T:
    """Raises when the bytes are not such a value."""
    value = _build(kind, msgspec.msgpack.decode(body))
    if not isinstance(value, kind):
        raise TypeError(f"not a {kind.__name__}")
    return value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        name = type(value).__name__
        return {"_": name, **fields} if name in _TAGGED else fields
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {_plain(k): _plain(v) for k, v in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


@lru_cache(maxsize=64)
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _build(kind: Any, raw: Any) -> Any:
    if raw is None:
        return None
    if isinstance(raw, dict) and "_" in raw:
        cls = _TAGGED[raw["_"]]
        return _fields(cls, {k: v for k, v in raw.items() if k != "_"})
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _build(next(a for a in get_args(kind) if a is not type(None)), raw)
    if origin is tuple:
        return tuple(_build(get_args(kind)[0], v) for v in raw)
    if origin is frozenset:
        return frozenset(raw)
    if isinstance(raw, dict) and origin is not None:
        key, item = get_args(kind)
        return {_build(key, k): _build(item, v) for k, v in raw.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _fields(kind, raw)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(raw)
    return raw


def _fields(cls: type, raw: dict[str, Any]) -> Any:
    hints = _hints(cls)
    return cls(**{name: _build(hints[name], value) for name, value in raw.items()})
