"""Tickets for sockets: single use, 30 s, and cheap however many are asked for."""

from __future__ import annotations

import time

from presence.ids import AccountId, DeviceId
from server.registry.local import TICKET_FOR_MS, LocalTickets

MANY = 20_000
WHO = (AccountId("ana"), DeviceId("phone"))


def test_many_tickets_take_no_time_from_others() -> None:
    tickets = LocalTickets()
    began = time.monotonic()
    for _ in range(MANY):
        tickets.issue(*WHO, 0)
    assert time.monotonic() - began < 1


def test_old_tickets_are_forgotten_and_young_ones_are_not() -> None:
    tickets = LocalTickets()
    old, _ = tickets.issue(*WHO, 0)
    young, _ = tickets.issue(*WHO, TICKET_FOR_MS // 2)
    tickets.issue(*WHO, TICKET_FOR_MS)
    assert len(tickets._tickets) == 2
    assert tickets.spend(old, TICKET_FOR_MS) is None
    assert tickets.spend(young, TICKET_FOR_MS) == WHO
    assert tickets.spend(young, TICKET_FOR_MS) is None
