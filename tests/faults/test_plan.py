"""A seed makes a plan, whole and always the same."""

from __future__ import annotations

from itertools import islice

from tests.faults.plan import KILLS_BETWEEN, LONG_SECONDS, Strike, strikes

OTHERS = ["cut", "frozen", "full"]


def the_first(n: int, seed: str, seconds: float = 10) -> list[Strike]:
    return list(islice(strikes(seed, seconds, "kill", OTHERS), n))


def test_the_same_seed_makes_the_same_plan() -> None:
    assert the_first(50, "one") == the_first(50, "one")
    assert the_first(50, "one") != the_first(50, "two")


def test_every_nemesis_strikes_before_any_strikes_again() -> None:
    names = [strike.nemesis for strike in the_first(12, "one") if strike.nemesis != "kill"]
    assert sorted(names[:3]) == sorted(names[3:]) == sorted(OTHERS)


def test_in_a_long_run_most_strikes_are_kills() -> None:
    names = [strike.nemesis for strike in the_first(10 * (KILLS_BETWEEN + 1), "one", LONG_SECONDS)]
    assert names.count("kill") == 10 * KILLS_BETWEEN
