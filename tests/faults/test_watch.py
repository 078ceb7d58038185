"""How late a ring was: by its own time, and by nothing that was no lateness."""

from __future__ import annotations

from presence.ids import AccountId, CallId, GroupId, MemberId, RoomId
from rooms.call import Call, Ring, RingSent
from tests.faults.deployment import SHORT_MS
from tests.faults.watch import ring_lateness_ms

PRESSED = 1_000_000
DUE = PRESSED + SHORT_MS["BACKUP_AFTER"]
RUNG = Call(
    CallId("call"), GroupId("g"), "One", RoomId("c"), MemberId("ana"), AccountId("ana"), "ana", "", PRESSED, PRESSED,
    rings=(RingSent(Ring.PEERS, PRESSED), RingSent(Ring.BACKUP, DUE + 700), RingSent(Ring.AGAIN, DUE + 1_800)),
)  # fmt: skip


def test_what_the_clock_alone_decides_is_measured() -> None:
    late = [(ring, ms) for ring, _at, ms in ring_lateness_ms(RUNG, 0, stood_still=False)]
    assert late == [(Ring.BACKUP, 700), (Ring.AGAIN, 100)]


def test_before_the_server_was_ready_nobody_waited_for_it() -> None:
    late = [(ring, ms) for ring, _at, ms in ring_lateness_ms(RUNG, DUE + 500, stood_still=False)]
    assert late == [(Ring.BACKUP, 200), (Ring.AGAIN, 100)]
    assert [ring for ring, _at, _ms in ring_lateness_ms(RUNG, DUE + 701, stood_still=False)] == [Ring.AGAIN]


def test_a_call_that_a_person_stopped_for_a_while_is_not() -> None:
    assert not list(ring_lateness_ms(RUNG, 0, stood_still=True))
