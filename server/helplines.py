"""The phone numbers that the page shows (CB6): typed loading, and which of them nobody has looked at for too long.

They live in `server/site/helplines.json`, served at `/helplines.json` and kept by the page for when the server is gone.
Each names its source and the day somebody checked it there. A release is refused while one is older than 180 days
or was never checked; a build and a start never are, because an old number is better than none:

    python -m server.helplines             what there is, and what is stale
    python -m server.helplines --release   the same, and exit code 1 if anything is stale
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from rooms.helplines import STALE_AFTER_DAYS, age_days, is_stale, may_be_released
from server.wire.frames import Name, Part
from server.wire.http import Helpline

FILE = Path(__file__).parent / "site" / "helplines.json"


class Country(Part, frozen=True):
    """The numbers of one country. `emergency` is the one to show where only one has room; it is among the lines too."""

    name: Name
    emergency: str
    lines: list[Helpline]


class Helplines(Part, frozen=True):
    """The whole file. Countries go by their two-letter code (ISO 3166-1)."""

    note: str
    countries: dict[str, Country]


@dataclass(frozen=True, slots=True)
class Stale:
    """A number that somebody should look at again. `age_days` is None when nobody ever has."""

    country: str
    line: Helpline
    age_days: int | None

    def __str__(self) -> str:
        age = "never checked" if self.age_days is None else f"checked {self.age_days} days ago"
        return f"{self.country} {self.line.kind}: {self.line.name}, {self.line.number} ({age}; {self.line.source})"


def load(path: Path = FILE) -> Helplines:
    """Read the file. Raises msgspec.ValidationError when it is not of the form above."""
    return msgspec.json.decode(path.read_bytes(), type=Helplines)


def stale(today: date, lines: Helplines | None = None) -> list[Stale]:
    """Every number that was never checked, or not in the last 180 days (CB6)."""
    found = []
    for code, country in (lines or load()).countries.items():
        for line in country.lines:
            age = age_days(line.checked, today)
            if is_stale(age):
                found.append(Stale(code, line, age))
    return found


def main(words: Sequence[str], today: date | None = None, path: Path = FILE) -> int:
    """Say what is stale. With `--release` a stale number is an error."""
    if set(words) - {"--release"}:
        sys.stderr.write("usage: python -m server.helplines [--release]\n")
        return 2
    known = load(path)
    old = stale(today or datetime.now(UTC).date(), known)
    count = sum(len(country.lines) for country in known.countries.values())
    say = [str(one) for one in old]
    say.append(f"{count} numbers of {len(known.countries)} countries; {len(old)} to look at.")
    refused = "--release" in words and not may_be_released(one.age_days for one in old)
    if refused:
        say.append(f"No release: look at each source and write the day; {STALE_AFTER_DAYS} days is the oldest allowed.")
    sys.stdout.write("\n".join(say) + "\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
