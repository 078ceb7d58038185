"""An action planned for later: reminded, due, asked, run out; by the clock on the member's wall (WA1, UC13)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.fakes import MovableClock
from tests.server.action_world import asked, declares, in_local_time, is_over, mine, never_asked, refused
from tests.worlds import Member, World

HOUR_SECONDS = 3600
SPRING = int(datetime(2030, 3, 31, 0, 0, tzinfo=UTC).timestamp() * 1000)
"""An hour before clocks in Berlin go from 02:00 to 03:00."""
AUTUMN = int(datetime(2030, 10, 27, 0, 0, tzinfo=UTC).timestamp() * 1000)
"""At 00:00 and at 01:00 UTC it is between 02:00 and 03:00 in Berlin."""


def at_utc(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%H:%M}"


async def test_wa01_a_plan_asks_nobody_until_the_member_says_so(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await declares(ana, plan=in_local_time(world, "Europe/Berlin", hours=2))
    planned = await mine(ana, action, stage="planned")
    assert planned["plan"]["zone"] == "Europe/Berlin"
    await maria.page.set_visible(True)
    assert never_asked(maria, action)
    await ana.page.ask_witnesses(action)
    await asked(maria, action, stage="gathering")


async def test_wa01_it_reminds_ten_minutes_before_is_due_at_its_hour_and_runs_out(
    world: World, a_group: list[Member]
) -> None:
    _maria, ana = a_group
    action = await declares(ana, plan=in_local_time(world, "UTC", hours=1))
    first = (await mine(ana, action, stage="planned"))["version"]
    at = (await mine(ana, action))["since"]
    await world.pass_time((at - world.clock.now()) // 1000 - 600 - 1)
    assert ana.page.state.my_action_when(action, version=first)
    await world.pass_time(1)
    reminded = await ana.page.until(lambda s: s.my_action_when(action, stage="planned", version=first + 1))
    assert reminded["until"] == at
    await world.pass_time(600)
    await mine(ana, action, stage="due")
    await world.pass_time(30 * 60 - 1)
    await mine(ana, action, stage="due")
    await world.pass_time(1)
    await is_over(ana, action, "expired")


async def test_wa01_a_plan_that_came_while_the_server_was_down_is_due_when_it_is_back(
    world: World, a_group: list[Member]
) -> None:
    _maria, ana = a_group
    action = await declares(ana, plan=in_local_time(world, "UTC", hours=1))
    await world.restart(down_for_seconds=HOUR_SECONDS)
    await world.pass_time(1)
    await mine(ana, action, stage="due")


async def test_wa01_several_may_be_planned_and_one_runs(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    plans = [await declares(ana, plan=in_local_time(world, "UTC", hours=h)) for h in range(1, 11)]
    async with refused("too_fast"):
        await declares(ana, plan=in_local_time(world, "UTC", hours=12))
    await ana.page.ask_witnesses(plans[0])
    async with refused("one_at_a_time"):
        await ana.page.ask_witnesses(plans[1])
    await ana.page.ask_witnesses(plans[0])
    await ana.page.stop_action(plans[0])
    await ana.page.ask_witnesses(plans[1])
    await asked(maria, plans[1])


@pytest.mark.parametrize(
    ("begin", "local", "utc"),
    [(SPRING, "2030-03-31T02:30", "01:00"), (AUTUMN, "2030-10-27T02:30", "00:30"),
     (SPRING, "2030-03-31T03:00", "01:00"), (AUTUMN, "2030-10-27T03:00", "02:00")],
)  # fmt: skip
async def test_uc13_a_missing_hour_is_the_next_minute_and_a_doubled_one_the_first(
    world: World, clock: MovableClock, a_group: list[Member], begin: int, local: str, utc: str
) -> None:
    _maria, ana = a_group
    assert begin > clock.now()
    action = await declares(ana, plan={"local": local, "zone": "Europe/Berlin"})
    assert at_utc((await mine(ana, action))["since"]) == utc


@pytest.mark.parametrize(
    ("local", "zone", "code"),
    [("2040-02-30T10:00", "UTC", "not_a_time"), ("2040-01-01T10:00", "Europe/Nowhere", "not_a_time"),
     ("2040-01-01T10:00", "../etc/passwd", "bad_frame"), ("2040-01-01T25:00", "UTC", "not_a_time"),
     ("2001-01-01T10:00", "UTC", "not_a_time")],
)  # fmt: skip
async def test_wa01_a_time_that_is_none_is_refused(a_group: list[Member], local: str, zone: str, code: str) -> None:
    _maria, ana = a_group
    async with refused(code):
        await declares(ana, plan={"local": local, "zone": zone})
