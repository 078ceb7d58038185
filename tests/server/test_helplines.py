"""CB6: every number names its source and the real day it was checked; a release with an old one is refused."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from rooms.helplines import STALE_AFTER_DAYS
from server.helplines import Country, Helplines, load, main, stale
from server.wire.http import Helpline

TODAY = date(2026, 1, 31)
KNOWN = load()
LINES = [(code, line) for code, country in KNOWN.countries.items() for line in country.lines]


def a_line(checked: str) -> Helpline:
    return Helpline(
        kind="crisis", name="A line", number="0800 1", source="https://line.example", checked=checked, verified=True
    )


def with_one(line: Helpline) -> Helplines:
    return Helplines(note="", countries={"GB": Country(name="Somewhere", emergency="999", lines=[line])})


@pytest.mark.parametrize(("code", "country"), KNOWN.countries.items(), ids=list(KNOWN.countries))
def test_cb6_a_country_has_an_emergency_number_and_a_crisis_line(code: str, country: Country) -> None:
    assert re.fullmatch(r"[A-Z]{2}", code)
    assert country.emergency in [line.number for line in country.lines if line.kind == "emergency"]
    assert any(line.kind == "crisis" for line in country.lines)


@pytest.mark.parametrize(("code", "line"), LINES, ids=[f"{code}-{line.kind}-{line.number}" for code, line in LINES])
def test_cb6_a_number_has_a_source_and_can_be_dialled(code: str, line: Helpline) -> None:
    assert re.match(r"https?://[^/\s]+\.[^/\s]+/\S*$", line.source), code
    # What the page puts behind `tel:` (clients/web/src/device/helplines.ts) keeps digits, + * and # alone.
    assert re.fullmatch(r"[\d +-]+", line.number), "written with digits, spaces and hyphens alone"
    assert 3 <= len(re.sub(r"\D", "", line.number)) <= 15


def test_cb6_no_number_stands_twice_under_one_heading() -> None:
    seen = [(code, line.kind, line.number) for code, line in LINES]
    assert sorted(set(seen)) == sorted(seen)


def test_cb6_verified_means_that_there_is_a_real_day() -> None:
    """The page shows the day of a verified number and "not checked yet" for every other (CB6)."""
    for code, line in LINES:
        assert line.verified == bool(line.checked), (code, line.name)
        if line.checked:
            assert date.fromisoformat(line.checked).isoformat() == line.checked


@pytest.mark.parametrize(
    ("days", "is_stale"), [(0, False), (STALE_AFTER_DAYS, False), (STALE_AFTER_DAYS + 1, True), (2000, True)]
)
def test_cb6_a_number_is_stale_after_180_days(days: int, is_stale: bool) -> None:
    checked = (TODAY - timedelta(days=days)).isoformat()
    assert bool(stale(TODAY, with_one(a_line(checked)))) == is_stale


def test_cb6_a_number_that_nobody_checked_is_stale() -> None:
    (one,) = stale(TODAY, with_one(a_line("")))
    assert one.age_days is None
    assert str(one) == "GB crisis: A line, 0800 1 (never checked; https://line.example)"


def test_cb6_a_release_is_refused_and_names_each_stale_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "helplines.json"
    old.write_bytes(msgspec.json.encode(with_one(a_line("2020-02-29"))))
    assert main(["--release"], TODAY, old) == 1
    assert "GB crisis: A line, 0800 1 (checked 2163 days ago" in capsys.readouterr().out
    assert main(["--release"], date(2020, 3, 1), old) == 0


def test_cb6_a_build_is_never_refused(tmp_path: Path) -> None:
    """However old: the numbers are told of, and the exit code is 0."""
    old = tmp_path / "helplines.json"
    old.write_bytes(msgspec.json.encode(with_one(a_line(""))))
    assert main([], TODAY, old) == 0


def test_a_file_of_another_form_is_not_taken(tmp_path: Path) -> None:
    other = tmp_path / "helplines.json"
    other.write_text('{"note": "", "countries": {"GB": {"name": "x", "emergency": "999", "lines": [{"kind": "fax"}]}}}')
    with pytest.raises(msgspec.ValidationError):
        load(other)
