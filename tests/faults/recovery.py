"""When a fault is over for the people: everyone is back, a new word is saved, and everyone sees who is here (PR3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

from beside_client import Refused
from tests.faults.cast import Cast, Group
from tests.faults.history import FOR_EVER, Fault, History, Seconds, Seen
from tests.faults.people import Person, now

BACK_WITHIN_SECONDS = 45.0
"""A drained server spreads those who return over 10 s, a machine that is busy adds to that; beyond this nobody is
coming."""
TRUE_WITHIN_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.05


async def recovered(cast: Cast, fault: str) -> Seconds | None:
    """The moment, or None when it did not come; the history is told what was missing."""
    began = now()
    if not await _holds(lambda: not any(_missing(cast)), BACK_WITHIN_SECONDS):
        _tell(cast.history, "not back", fault, ", ".join(_missing(cast)))
        return None
    try:
        async with asyncio.timeout(BACK_WITHIN_SECONDS):
            for group in cast.names:
                await cast.groups[group].moderator.say_a_word(cast.groups[group].room)
    except (TimeoutError, Refused) as error:
        _tell(cast.history, "no new word is saved", fault, type(error).__name__)
        return None
    left = max(TRUE_WITHIN_SECONDS - (now() - began), 1.0)
    if not await _holds(lambda: not any(untrue(cast)), left):
        _tell(cast.history, "presence untrue", fault, "; ".join(untrue(cast)))
        return None
    return now()


def _tell(h: History, rule: str, fault: str, what: str) -> None:
    h.seen.append(Seen(now(), rule, f"after {fault}: {what}"))


async def _holds(truth: Callable[[], bool], within_seconds: float) -> bool:
    until = time.monotonic() + within_seconds
    while not truth():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return True


def _missing(cast: Cast) -> Iterator[str]:
    return (p.name for p in cast.people if not p.up and p.name not in cast.wanderers)


def untrue(cast: Cast) -> Iterator[str]:
    """Whoever is shown as here and is not, or is here and not shown: of those who are surely in the group, to those who
    are, and not between two who have a block, or may have."""
    for group in cast.groups.values():
        steady = {p.name: p for p in group.members.values() if p.name not in cast.wanderers}
        for reader in steady.values():
            yield from _untrue_for(cast.history, group, reader, steady)


def _untrue_for(h: History, group: Group, reader: Person, steady: dict[str, Person]) -> Iterator[str]:
    view = reader.state.presence.get(group.id)
    shown = {p["person"]["name"] for p in view["people"]} if view is not None else set()
    blocked = {a.one: a.other for a in h.apart if a.kind == "block"}
    for name, person in steady.items():
        may_be_blocked = name in (blocked.get(reader.name), reader.name) or blocked.get(name) == reader.name
        if not may_be_blocked and person.up != (name in shown):
            yield f"{name} is {'here' if person.up else 'gone'} and {reader.name} sees otherwise"


def recovery_times(faults: list[Fault]) -> dict[str, list[Seconds]]:
    """By nemesis, from the end of the cause to the end of its effects. What never recovered is FOR_EVER."""
    found: dict[str, list[Seconds]] = {}
    for fault in faults:
        took = FOR_EVER if fault.recovered is None else fault.recovered - fault.healed
        found.setdefault(fault.nemesis, []).append(took)
    return found
