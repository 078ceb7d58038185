"""The record of a witnessed action: a chain of entries, sealed by a signature, that verifies offline (WA6).

Each entry's hash covers the one before it, so a flipped byte, a dropped or a reordered entry is found at its place. The
seal signs the number of entries and the last hash, so a cut-off tail is found too. How values become bytes and who
signs is passed in (the product uses canonical msgpack and Ed25519); nothing here knows a clock or a key.

An exported record is plain JSON, an entry a line: people can read it without Beside, and `beside verify FILE --key K`
checks it. The file comes from anywhere: `from_text` and `check_text` take any text, and answer with `NotARecord` or
`Broken`, never with another exception.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from presence.ids import Instant

FORMAT = "beside-record-1"
ENTRIES_AT_MOST = 10_000
"""No action writes so many (`witness.FACTS_AT_MOST`); a file with more is somebody's joke."""
WHOLE_AT_MOST = 2**53 - 1
"""What every reader of JSON keeps exactly."""

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
    """Ed25519, 64 hexadecimal digits in lower case."""
    signature: str
    """128 of them."""


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
    head, key = _head_of(record, entries), public_key.hex()
    return Seal(record, len(entries), head, now, key, sign(_sealed(record, len(entries), head, now, key, encode)).hex())


def _sealed(record: str, entries: int, head: str, now: Instant, key: str, encode: Encode) -> bytes:
    return encode([FORMAT, record, entries, head, now, key])


def fingerprint(public_key: bytes) -> str:
    """What a person compares: 32 hexadecimal digits (128 bits of SHA-256) in groups of four."""
    digits = hashlib.sha256(public_key).hexdigest()[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def plain_key(said: str) -> str | None:
    """A fingerprint or a whole key as a person gave it, spaces and case aside; None if it can be neither."""
    plain = "".join(said.split()).lower()
    return plain if re.fullmatch("[0-9a-f]{32}|[0-9a-f]{64}", plain) else None


def is_key(public_key: bytes, said: str) -> bool:
    """Whether `said`, a fingerprint or a whole key in hexadecimal, is this key."""
    return plain_key(said) in (fingerprint(public_key).replace(" ", ""), public_key.hex())


# ---------------------------------------------------------------- as a file


class NotARecord(Exception):
    """The file is not an exported record at all. The message says what is missing, for a person."""


def to_text(entries: Sequence[Entry], sealed: Seal) -> str:
    """The one text of an exported record: JSON, an entry a line. Any other spelling of the same values is not it, so
    that a byte changed anywhere is found."""
    first = f'{{"format": {_json(FORMAT)}, "record": {_json(sealed.record)}, "entries": ['
    last = f'], "seal": {_json(_plain_seal(sealed))}}}\n'
    return "\n".join([first, ",\n".join(_json(_plain_entry(e)) for e in entries), last])


def _plain_entry(e: Entry) -> dict[str, Any]:
    return {"n": e.n, "at": e.at, "what": e.what, "more": dict(sorted(e.more.items())), "hash": e.hash}


def _plain_seal(sealed: Seal) -> dict[str, Any]:
    key = sealed.public_key
    return {
        "entries": sealed.entries,
        "head": sealed.head,
        "sealed_at": sealed.sealed_at,
        "public_key": key,
        "fingerprint": fingerprint(bytes.fromhex(key)) if _is_hex(key, 64) else "",
        "signature": sealed.signature,
    }


def _json(plain: object) -> str:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False)


def from_text(text: str) -> tuple[tuple[Entry, ...], Seal]:
    """The text of a file as values. Raises :class:`NotARecord`; says nothing yet of whether it holds."""
    try:
        plain = json.loads(text, object_pairs_hook=_one_of_each)
    except NotARecord:
        raise
    except RecursionError:
        raise NotARecord("Not an exported record: it is nested too deeply.") from None
    except ValueError:  # no JSON, or a number of thousands of digits
        raise NotARecord("Not an exported record: it is not JSON, or it was cut off or changed.") from None
    return read(plain)


def _one_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets a name stand twice and readers differ in which they believe."""
    if len(pairs) != len({name for name, _ in pairs}):
        raise NotARecord("Not an exported record: a name stands twice in one place.")
    return dict(pairs)


def read(plain: object) -> tuple[tuple[Entry, ...], Seal]:
    """The values of a file as entries and seal. Raises :class:`NotARecord`."""
    whole = _fields(plain, "the file", {"format": str, "record": str, "entries": list, "seal": dict})
    if whole["format"] != FORMAT:
        raise NotARecord(f"The file is not a record of this kind: its format is not {FORMAT}.")
    if len(whole["entries"]) > ENTRIES_AT_MOST:
        raise NotARecord(f"Not an exported record: it has more than {ENTRIES_AT_MOST} entries.")
    entries = []
    for place, one in enumerate(whole["entries"], start=1):
        kinds = {"n": int, "at": int, "what": str, "more": dict, "hash": str}
        e = _fields(one, f"the entry in place {place}", kinds)
        if not all(isinstance(k, str) and (v is None or isinstance(v, str | int)) for k, v in e["more"].items()):
            raise NotARecord(f"The entry in place {place} holds something other than text and whole numbers.")
        entries.append(Entry(e["n"], e["at"], e["what"], e["more"], e["hash"]))
    kinds = {
        "entries": int, "head": str, "sealed_at": int, "public_key": str, "fingerprint": str, "signature": str,
    }  # fmt: skip
    s = _fields(whole["seal"], "the seal", kinds)
    sealed = Seal(whole["record"], s["entries"], s["head"], s["sealed_at"], s["public_key"], s["signature"])
    if s["fingerprint"] != _plain_seal(sealed)["fingerprint"]:
        raise NotARecord("Not an exported record: the fingerprint in the seal is not that of the key beside it.")
    return tuple(entries), sealed


def _fields(plain: object, where: str, kinds: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(plain, dict) or set(plain) != set(kinds):
        raise NotARecord(f"Not an exported record: {where} must have exactly {', '.join(kinds)}.")
    for name, kind in kinds.items():
        if not isinstance(plain[name], kind) or (kind is int and isinstance(plain[name], bool)):
            raise NotARecord(f"Not an exported record: “{name}” of {where} has the wrong kind of value.")
    return plain


# ---------------------------------------------------------------- checking


def check_text(text: str, key: str, encode: Encode, verify: Verify) -> Broken | None:
    """None when the file is, byte for byte, a record sealed by `key`; else the first thing that is broken. Raises
    :class:`NotARecord`."""
    entries, sealed = from_text(text)
    broken = check(entries, sealed, key, encode, verify)
    if broken is not None:
        return broken
    should = to_text(entries, sealed)
    if text == should:
        return None
    there, right = text.split("\n"), should.split("\n")
    line = next((i for i, (a, b) in enumerate(zip(there, right, strict=False)) if a != b), len(right))
    return Broken(
        line if 1 <= line <= len(entries) else None,
        "All that it says holds, but it is not written as Beside writes it: a space, a line end or the like was "
        "changed. Some programs do that when they save or send a file; ask for the file as it was.",
    )


def check(entries: Sequence[Entry], sealed: Seal, key: str, encode: Encode, verify: Verify) -> Broken | None:
    """None when everything holds and the seal is by `key`; else the first thing that is broken."""
    if not (_is_hex(sealed.public_key, 64) and _is_hex(sealed.signature, 128) and _is_hex(sealed.head, 64)):
        return Broken(None, "The seal's key, signature or last hash is not hexadecimal of the right length.")
    if not _can_stand({"": sealed.record, "n": sealed.entries, "at": sealed.sealed_at}):
        return Broken(None, "The seal holds something that no record holds.")
    public_key, signature = bytes.fromhex(sealed.public_key), bytes.fromhex(sealed.signature)
    if not is_key(public_key, key):
        return Broken(None, f"It was sealed by another key: {fingerprint(public_key)}.")
    words = _sealed(sealed.record, sealed.entries, sealed.head, sealed.sealed_at, sealed.public_key, encode)
    if not verify(public_key, words, signature):
        return Broken(None, "The signature does not fit the seal: length, last hash, time or key was changed.")
    broken = _broken_link(sealed.record, entries, encode)
    if broken is not None:
        return broken
    if len(entries) < sealed.entries:
        missing = len(entries) + 1
        return Broken(missing, f"The end was cut off: entry {missing} of {sealed.entries} is missing.")
    if len(entries) > sealed.entries:
        extra = sealed.entries + 1
        return Broken(extra, f"Entry {extra} was added: only {sealed.entries} were sealed.")
    if _head_of(sealed.record, entries) != sealed.head:
        last = len(entries) or None
        return Broken(last, "The last entry is not the one that was sealed: it or one before it was written anew.")
    return None


def is_chain(record: str, entries: Sequence[Entry], length: int, head: str, encode: Encode) -> bool:
    """Whether these are the whole of a record that has grown to this length and this last hash: to be asked before
    sealing, for a seal over less would vouch for it."""
    if len(entries) != length or _head_of(record, entries) != (head or genesis(record)):
        return False
    return _broken_link(record, entries, encode) is None


def _head_of(record: str, entries: Sequence[Entry]) -> str:
    return entries[-1].hash if entries else genesis(record)


def _broken_link(record: str, entries: Sequence[Entry], encode: Encode) -> Broken | None:
    """The first entry that does not follow from the one before it."""
    before = genesis(record)
    for place, entry in enumerate(entries, start=1):
        if not _can_stand({"n": entry.n, "at": entry.at, "what": entry.what}) or not _can_stand(entry.more):
            return Broken(place, f"Entry {place} holds something that no record holds.")
        if entry.n != place:
            return Broken(place, f"Entry {place} is missing or out of its place: number {entry.n} stands there.")
        if next_entry(before, entry.n, entry.at, entry.what, entry.more, encode).hash != entry.hash:
            return Broken(place, f"Entry {place} was changed, or the one before it was.")
        before = entry.hash
    return None


def _is_hex(said: str, digits: int) -> bool:
    return len(said) == digits and re.fullmatch("[0-9a-f]*", said) is not None


def _can_stand(values: Mapping[str, Value]) -> bool:
    """Whether every text is text (no half of a surrogate pair) and every number one that all readers keep."""
    for name, value in values.items():
        if isinstance(value, int) and abs(value) > WHOLE_AT_MOST:
            return False
        try:
            name.encode()
            if isinstance(value, str):
                value.encode()
        except UnicodeEncodeError:
            return False
    return True
