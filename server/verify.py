"""`beside verify FILE --key K`: whether an exported record is whole, and by whom it was sealed (WA6).

It needs the file and the key alone: no server, no data folder, no network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from presence.ids import Instant
from rooms.record import Entry, NotARecord, Seal, check_text, from_text, plain_key
from rooms.witness import Ending
from server.record_key import FILE_BYTES_AT_MOST, encode
from server.record_key import verify as fits

HOLDS, BROKEN, CANNOT_SAY = 0, 1, 2
"""Exit codes. The last: there was nothing to check, or nothing to check it with."""

HOW = {
    "video": ("saw it live", "saw it live"),
    "stills": ("saw still pictures of it", "saw still pictures of it"),
    "photo": ("saw a photo of it", "saw a photo of it"),
    "text": ("was told in text", "were told in text"),
    "": ("could not see it", "could not see it"),
}
"""What one witness attested, what several did."""
ENDED = {
    Ending.COMPLETED.value: "completed with witnesses",
    Ending.UNWITNESSED.value: "completed, and no witness saw it",
    Ending.STOPPED.value: "stopped",
    Ending.TURNED.value: "turned into a call for help",
    Ending.SAFETY.value: "ended for safety",
    Ending.EXPIRED.value: "ran out of time",
}


class CannotSay(Exception):
    """There is no verdict. The message says why, for a person."""


def verified(path: str | None, key: str | None) -> tuple[str, int]:
    """What to print, and the exit code."""
    try:
        if not path:
            raise CannotSay("Say which file: beside verify FILE --key KEY")
        if not key:
            raise CannotSay("Say the key: --key and the fingerprint that the page shows with your records.")
        if plain_key(key) is None:
            raise CannotSay("That is no key: a fingerprint has 32 digits from 0 to f, a whole key 64.")
        text = _read(Path(path))
        broken = check_text(text, key, encode, fits)
        if broken is not None:
            return f"not valid: {broken.why}", BROKEN
        return f"valid: {told(*from_text(text))}", HOLDS
    except (CannotSay, NotARecord) as why:
        return f"cannot say: {why}", CANNOT_SAY


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise CannotSay(f"There is no file {_shown(path)}.")
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_AT_MOST + 1)
        if len(content) > FILE_BYTES_AT_MOST:
            raise CannotSay("The file is too big for a record: more than a megabyte.")
        return content.decode()
    except UnicodeDecodeError:
        raise CannotSay("Not an exported record: it is not text in UTF-8.") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = getattr(error, "strerror", None) or "no such name"
        raise CannotSay(f"The file {_shown(path)} cannot be read: {why}.") from None


def _shown(path: Path) -> str:
    return ascii(str(path))


def told(entries: Sequence[Entry], sealed: Seal) -> str:
    """What a record that holds says, in plain words. Nothing that its member wrote is repeated."""
    words = [_many(len(entries), "entry", "entries")]
    if entries:
        words.append(_span(entries[0].at, entries[-1].at))
    said = Counter(_perceived(entry) for entry in entries if entry.what == "attested")
    words += [f"{_many(said[how], 'witness', 'witnesses')} {HOW[how][said[how] > 1]}" for how in HOW if said[how]]
    words.append(next((ENDED[e.what] for e in reversed(entries) if e.what in ENDED), "not ended when it was sealed"))
    return f"{', '.join(words)}.\nSealed {_when(sealed.sealed_at)} by the key you gave."


def _perceived(entry: Entry) -> str:
    how = str(entry.more.get("perceived"))
    return how if entry.more.get("saw") and how in HOW else ""


def _many(n: int, one: str, several: str) -> str:
    return f"{n} {one if n == 1 else several}"


def _span(begin: Instant, until: Instant) -> str:
    first, last = _when(begin), _when(until)
    return first if first == last else f"{first} to {last}"


def _when(at: Instant) -> str:
    """A day and a minute, as "23 Nov 2026 21:04 UTC"."""
    try:
        then = datetime.fromtimestamp(at / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return "at a time that no calendar has"
    return f"{then.day} {then:%b %Y %H:%M} UTC"
