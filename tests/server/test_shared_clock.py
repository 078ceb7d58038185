"""The clock of several nodes follows the database's and never runs backwards (docs/decisions/0008, 0014)."""

from __future__ import annotations

import pytest

from server.shared_clock import SharedClock

NOW = 1_900_000_000_000
MS = 1_000_000


class Machine:
    """Its monotonic clock, which only the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ns = 77_000 * MS
        monkeypatch.setattr("server.shared_clock.time.monotonic_ns", lambda: self.ns)

    def waits(self, ms: float) -> None:
        self.ns += int(ms * MS)

    def asks(self, clock: SharedClock, at: int, took_ms: float = 0) -> None:
        before = self.ns
        self.waits(took_ms)
        clock.hear(at, before, self.ns)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_between_two_answers_it_goes_on_by_the_machines_own(machine: Machine) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW)
    machine.waits(1_000)
    assert clock.now() == pytest.approx(NOW + 1_000, abs=1)


def test_two_machines_are_right_to_half_an_answers_way(machine: Machine) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW, took_ms=40)
    assert clock.now() == pytest.approx(NOW + 20, abs=1)


def test_an_answer_that_took_long_moves_nothing_that_was_known_better(machine: Machine) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW, took_ms=2)
    machine.waits(998)
    machine.asks(clock, NOW + 1_900, took_ms=1_000)  # it was read near the end of the second
    assert clock.now() == pytest.approx(NOW + 2_000, abs=3)


def test_it_goes_forward_at_once(machine: Machine) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW)
    machine.asks(clock, NOW + 5_000)
    assert clock.now() == pytest.approx(NOW + 5_000, abs=1)


def test_it_goes_back_by_standing_still(machine: Machine) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW)
    before = clock.now()
    machine.asks(clock, NOW - 1_500)
    assert clock.now() == before
    machine.waits(1_000)
    assert clock.now() == before
    machine.waits(1_000)
    assert clock.now() == pytest.approx(NOW + 500, abs=2)


def test_a_database_whose_clock_was_set_back_by_an_hour_stops_no_deadline(machine: Machine) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW)
    machine.asks(clock, NOW - 3_600_000)
    machine.waits(60_000)
    assert clock.now() == pytest.approx(NOW + 60_000, abs=1)


def test_a_node_that_starts_after_that_begins_where_the_store_was(machine: Machine) -> None:
    clock = SharedClock(not_before=NOW)
    machine.asks(clock, NOW - 3_600_000)
    assert clock.now() == pytest.approx(NOW, abs=1)
    machine.waits(1_000)
    machine.asks(clock, NOW - 3_599_000)
    assert clock.now() == pytest.approx(NOW + 1_000, abs=2)


def test_a_node_that_starts_after_that_goes_on_with_the_others(machine: Machine) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW - 30_000)
    clock.go_on_with(NOW)
    assert clock.now() == pytest.approx(NOW, abs=1)
    machine.waits(1_000)
    machine.asks(clock, NOW - 29_000)
    assert clock.now() == pytest.approx(NOW + 1_000, abs=2)


@pytest.mark.parametrize("at", [NOW - 3_600_000, NOW + 1_900])
def test_it_follows_no_other_node_back_nor_over_a_little(machine: Machine, at: int) -> None:
    clock = SharedClock()
    machine.asks(clock, NOW)
    clock.go_on_with(at)
    assert clock.now() == pytest.approx(NOW, abs=1)
