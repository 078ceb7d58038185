"""The roster: which connections are in which group or call, and what that says of their people.

Pure: `now` is an argument, nothing is sent. One member may hold many connections; a member is here while at least
one of them holds a live lease (PR1, PR3), and *live* while at least one such page is visible (PR4).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TypeVar

from presence.availability import Reach
from presence.ids import AccountId, ConnectionId, DeviceId, Instant, Millis
from presence.lease import Lease, LeaseTimes, excused, grant, renew, with_urgency

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Seat:
    """One live connection. `places` are the groups and calls whose room this page has open."""

    connection: ConnectionId
    account: AccountId
    device: DeviceId
    visible: bool
    lease: Lease
    places: frozenset[str] = frozenset()


class Roster:
    """Every live connection of this node. Deleting a seat is the caller's duty when a socket closes (within 1 s for
    a clean leave); `lapsed` finds those whose page went silent."""

    def __init__(self, times: LeaseTimes) -> None:
        self._times = times
        self._seats: dict[ConnectionId, Seat] = {}
        self._of_account: dict[AccountId, set[ConnectionId]] = defaultdict(set)
        self._in_place: dict[str, set[ConnectionId]] = defaultdict(set)

    def join(
        self,
        connection: ConnectionId,
        account: AccountId,
        device: DeviceId,
        *,
        visible: bool,
        urgent: bool,
        now: Instant,
    ) -> None:
        self._seats[connection] = Seat(connection, account, device, visible, grant(now, urgent=urgent))
        self._of_account[account].add(connection)

    def leave(self, connection: ConnectionId) -> Seat | None:
        """The socket closed. Returns the seat it held, so that its places can be told."""
        seat = self._seats.pop(connection, None)
        if seat is None:
            return None
        self._drop(self._of_account, seat.account, connection)
        for place in seat.places:
            self._drop(self._in_place, place, connection)
        return seat

    def renew(self, connection: ConnectionId, now: Instant) -> None:
        seat = self._seats.get(connection)
        if seat is not None:
            self._seats[connection] = replace(seat, lease=renew(seat.lease, now))

    def set_visible(self, connection: ConnectionId, *, visible: bool) -> bool:
        """Returns whether anything changed."""
        seat = self._seats.get(connection)
        if seat is None or seat.visible == visible:
            return False
        self._seats[connection] = replace(seat, visible=visible)
        return True

    def set_urgent(self, account: AccountId, *, urgent: bool, now: Instant) -> None:
        """This person became available or joined a call (or neither any more): all their leases change pace."""
        for connection in self._of_account.get(account, ()):
            seat = self._seats[connection]
            lease = with_urgency(seat.lease, urgent=urgent, now=now, times=self._times)
            self._seats[connection] = replace(seat, lease=lease)

    def enter(self, connection: ConnectionId, place: str) -> None:
        seat = self._seats.get(connection)
        if seat is not None:
            self._seats[connection] = replace(seat, places=seat.places | {place})
            self._in_place[place].add(connection)

    def exit(self, connection: ConnectionId, place: str) -> None:
        seat = self._seats.get(connection)
        if seat is not None:
            self._seats[connection] = replace(seat, places=seat.places - {place})
            self._drop(self._in_place, place, connection)

    def excuse(self, ms: Millis) -> None:
        """For so long nobody was asked or heard: every lease goes on for that much longer."""
        for connection, seat in self._seats.items():
            self._seats[connection] = replace(seat, lease=excused(seat.lease, ms))

    def lapsed(self, now: Instant) -> list[ConnectionId]:
        """Connections whose page stopped answering: to be closed by the caller."""
        return [c for c, seat in self._seats.items() if seat.lease.has_lapsed(now, self._times)]

    def seat(self, connection: ConnectionId) -> Seat | None:
        return self._seats.get(connection)

    def seats(self) -> list[Seat]:
        return list(self._seats.values())

    def connections_of(self, account: AccountId) -> list[ConnectionId]:
        return list(self._of_account.get(account, ()))

    def reach(self, account: AccountId, *, takes_push: bool) -> Reach:
        """How this person can be reached: the best of all their pages and devices (PR4)."""
        seats = [self._seats[c] for c in self._of_account.get(account, ())]
        if any(seat.visible for seat in seats):
            return Reach.LIVE
        return Reach.STANDBY if seats or takes_push else Reach.AWAY

    def reaches(self) -> dict[AccountId, bool]:
        """Every account with a live connection, and whether one of its pages is visible. A copy: safe to hand to
        another thread."""
        found: dict[AccountId, bool] = {}
        for seat in self._seats.values():
            found[seat.account] = found.get(seat.account, False) or seat.visible
        return found

    # What a transaction asks comes from another thread, while pages come and go: it works on copies.

    def is_in(self, account: AccountId, place: str, *, visible_only: bool = False) -> bool:
        """Whether any of this person's pages has the place open."""
        seats = [self._seats.get(c) for c in self.connections_of(account)]
        return any(place in seat.places and (seat.visible or not visible_only) for seat in seats if seat is not None)

    def accounts_in(self, place: str) -> set[AccountId]:
        return {self._seats[c].account for c in self._in_place.get(place, ())}

    @staticmethod
    def _drop(index: dict[K, set[ConnectionId]], key: K, connection: ConnectionId) -> None:
        held = index.get(key)
        if held is not None:
            held.discard(connection)
            if not held:
                del index[key]
