"""The names of zones, as pages send them (UC13, WA1)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rooms.refusals import Refusal, Refused
from server.wall_time import planned_at, zone_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Argentina/Ushuaia", "UTC", "Etc/GMT+12", "Asia/Calcutta"])
def test_uc13_zones_that_browsers_name_are_known(name: str) -> None:
    assert zone_of(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "", "Mars/Olympus", "America", "europe/berlin ", "../../etc/passwd", "/etc/localtime", "a\0b", "\ud800",
        "x" * 64, "x" * 5000, "tzdata.zi", "zone.tab", "localtime", "Factory", "posixrules", "posix/UTC", "right/UTC",
    ],
)  # fmt: skip
def test_uc13_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(Refused) as no:
        zone_of(name)
    assert no.value.code is Refusal.NOT_A_TIME


def test_uc13_a_plan_keeps_what_was_written() -> None:
    plan = planned_at("2026-03-29T02:30", "Europe/Berlin")
    assert (plan.local, plan.zone) == ("2026-03-29T02:30", "Europe/Berlin")
    assert plan.at == datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000
    for local, zone in (("2026-02-30T12:00", "UTC"), ("0001-01-01T00:00", "Asia/Tokyo")):
        with pytest.raises(Refused) as no:
            planned_at(local, zone)
        assert no.value.code is Refusal.NOT_A_TIME


def test_uc13_a_machine_without_zones_of_its_own_knows_them_all_the_same() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONTZPATH": "", "PYTHONPATH": str(ROOT)}
    words = "from server.wall_time import zone_of; print(zone_of('Europe/Berlin').key)"
    said = subprocess.run([sys.executable, "-c", words], env=env, capture_output=True, text=True)
    assert said.stdout == "Europe/Berlin\n", said.stderr
