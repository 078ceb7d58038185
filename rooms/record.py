"""The record of a witnessed action: a chain of entries, sealed by a signature, that verifies offline (WA6).

Each entry's hash covers the one before it, so a flipped byte, a dropped or a reordered entry is found at its place. The
seal signs the number of entries and the last hash, so a cut-off tail is found too. How values become bytes and who
signs is passed in (the product uses canonical msgpack and Ed25519); nothing here knows a clock or a key.

An exported record is plain JSON: people can read it without Beside, and `beside verify FILE --key K` checks it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from presence.ids import Instant

FORMAT = "beside-record-1"

Value = str | int | bool | None
Encode = Callable[[Any], bytes]
"""A canonical encoding: equal values give equal bytes, whoever computes them."""
Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes, bytes], bool]
"""`(public key, message, signature)`: whether the signature holds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact of the record. `n` counts from 1; `hash` is over the hash before it and the other fields."""

    n: int
    at: Instant
    what: str
    more: Mapping[str, Value]
    hash: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What the server vouches for: this record, so long, ending in this hash."""

    record: str
    entries: int
    head: str
    sealed_at: Instant
    public_key: str
    """Ed25519, hexadecimal."""
    signature: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that is wrong. `entry` is its number, None when the seal itself does not hold."""

    entry: int | None
    why: str


def genesis(record: str) -> str:
    """The hash that stands before the first entry: a chain of another record does not fit."""
    return hashlib.sha256(f"{FORMAT} {record}".encode()).hexdigest()


def next_entry(before: str, n: int, at: Instant, what: str, more: Mapping[str, Value], encode: Encode) -> Entry:
    body = encode([n, at, what, dict(sorted(more.items()))])
    return Entry(n, at, what, dict(more), hashlib.sha256(bytes.fromhex(before) + body).hexdigest())


def seal(record: str, entries: Sequence[Entry], now: Instant, public_key: bytes, sign: Sign, encode: Encode) -> Seal:
    """Sign the length and the last hash. The entries must be the whole chain."""
    head = entries[-1].hash if entries else genesis(record)
    key = public_key.hex()
    return Seal(record, len(entries), head, now, key, sign(_sealed(record, len(entries), head, now, key, encode)).hex())


def _sealed(record: str, entries: int, head: str, now: Instant, key: str, encode: Encode) -> bytes:
    return encode([FORMAT, record, entries, head, now, key])


def fingerprint(public_key: bytes) -> str:
    """What a person compares: 32 hexadecimal digits (128 bits of SHA-256) in groups of four."""
    digits = hashlib.sha256(public_key).hexdigest()[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def is_key(public_key: bytes, said: str) -> bool:
    """Whether `said`, a fingerprint or a whole key in hexadecimal, spaces and case aside, is this key."""
    plain = "".join(said.split()).lower().encode()
    ways = (fingerprint(public_key).replace(" ", "").encode(), public_key.hex().encode())
    return any(hmac.compare_digest(plain, way) for way in ways)


# ---------------------------------------------------------------- as a file


class NotARecord(Exception):
    """The file is not an exported record at all. The message says what is missing, for a person."""


def export(entries: Sequence[Entry], sealed: Seal) -> dict[str, Any]:
    """The plain values of an exported record, ready for JSON."""
    return {
        "format": FORMAT,
        "record": sealed.record,
        "entries": [{"n": e.n, "at": e.at, "what": e.what, "more": dict(e.more), "hash": e.hash} for e in entries],
        "seal": {
            "entries": sealed.entries,
            "head": sealed.head,
            "sealed_at": sealed.sealed_at,
            "public_key": sealed.public_key,
            "signature": sealed.signature,
        },
    }


def read(plain: object) -> tuple[tuple[Entry, ...], Seal]:
    """An exported record back as values. Raises :class:`NotARecord`; says nothing yet of whether it holds."""
    whole = _fields(plain, "the file", {"format": str, "record": str, "entries": list, "seal": dict})
    if whole["format"] != FORMAT:
        raise NotARecord(f"The file is not a record of this kind: its format is not {FORMAT}.")
    entries = []
    for place, one in enumerate(whole["entries"], start=1):
        kinds = {"n": int, "at": int, "what": str, "more": dict, "hash": str}
        e = _fields(one, f"the entry in place {place}", kinds)
        if not all(isinstance(k, str) and (v is None or isinstance(v, str | int)) for k, v in e["more"].items()):
            raise NotARecord(f"The entry in place {place} holds something other than text and whole numbers.")
        entries.append(Entry(e["n"], e["at"], e["what"], e["more"], e["hash"]))
    kinds = {"entries": int, "head": str, "sealed_at": int, "public_key": str, "signature": str}
    s = _fields(whole["seal"], "the seal", kinds)
    return tuple(entries), Seal(
        whole["record"], s["entries"], s["head"], s["sealed_at"], s["public_key"], s["signature"]
    )


def _fields(plain: object, where: str, kinds: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(plain, dict) or set(plain) != set(kinds):
        raise NotARecord(f"Not an exported record: {where} must have exactly {', '.join(kinds)}.")
    for name, kind in kinds.items():
        if not isinstance(plain[name], kind) or (kind is int and isinstance(plain[name], bool)):
            raise NotARecord(f"Not an exported record: “{name}” of {where} has the wrong kind of value.")
    return plain


# ---------------------------------------------------------------- checking


def check(entries: Sequence[Entry], sealed: Seal, key: str, encode: Encode, verify: Verify) -> Broken | None:
    """None when everything holds and the seal is by `key`; else the first thing that is broken."""
    try:
        public_key, signature = bytes.fromhex(sealed.public_key), bytes.fromhex(sealed.signature)
    except ValueError:
        return Broken(None, "The seal's key or signature is not hexadecimal.")
    if not is_key(public_key, key):
        return Broken(None, f"It was sealed by another key: {fingerprint(public_key)}.")
    words = _sealed(sealed.record, sealed.entries, sealed.head, sealed.sealed_at, sealed.public_key, encode)
    if not verify(public_key, words, signature):
        return Broken(None, "The signature does not fit the seal: length, last hash, time or key was changed.")
    before = genesis(sealed.record)
    for place, entry in enumerate(entries, start=1):
        if entry.n != place:
            return Broken(place, f"Entry {place} is missing or out of its place: number {entry.n} stands there.")
        right = next_entry(before, entry.n, entry.at, entry.what, entry.more, encode)
        if not hmac.compare_digest(right.hash.encode(), entry.hash.encode()):
            return Broken(place, f"Entry {place} was changed, or the one before it was.")
        before = entry.hash
    if len(entries) < sealed.entries:
        missing = len(entries) + 1
        return Broken(missing, f"The end was cut off: entry {missing} of {sealed.entries} is missing.")
    if len(entries) > sealed.entries or before != sealed.head:
        return Broken(min(sealed.entries + 1, len(entries)), "The entries are not those that were sealed.")
    return None
