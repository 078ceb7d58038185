"""The roster: which connections are in which group or call, and what that says of their people.

Pure: `now` is an argument, nothing is sent. One member may hold many connections; a member is here while at least
one of them holds a live lease (PR1, PR3), and *live* while at least one such page is visible (PR4). Connections and
their seats are this node's own; what is said of a person is of all nodes together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from presence.availability import Reach
from presence.elsewhere import Elsewhere, Here
from presence.ids import AccountId, ConnectionId, DeviceId, Instant, Millis
from presence.lease import Lease, LeaseTimes, excused, grant, renew, with_urgency

K = TypeVar("K")
GOT_KEPT_MS: Millis = 60_000
"""What reached a page longer ago keeps nobody present."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One live connection. `places` are the groups and calls whose room this page has open. A `locked` page shows
    nothing of others (CB4)."""

    connection: ConnectionId
    account: AccountId
    device: DeviceId
    visible: bool
    lease: Lease
    places: frozenset[str] = frozenset()
    locked: bool = False
    got: Mapping[str, Instant] = field(default_factory=dict)
    """Witnessed action → when this page last said that something of it had reached it (WA4)."""


class Roster:
    """Every live connection of this node, and what other nodes say of theirs (`elsewhere`). Deleting a seat is the
    caller's duty when a socket closes (within 1 s for a clean leave); `lapsed` finds those whose page went silent."""

    def __init__(self, times: LeaseTimes, elsewhere: Elsewhere | None = None) -> None:
        self._times = times
        self.elsewhere = elsewhere or Elsewhere()
        self.changes = 0
        """Rises with everything that other nodes are to hear of."""
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
        locked: bool = False,
    ) -> None:
        self.changes += 1
        lease = grant(now, urgent=urgent)
        self._seats[connection] = Seat(connection, account, device, visible, lease, locked=locked)
        self._of_account[account].add(connection)

    def leave(self, connection: ConnectionId) -> Seat | None:
        """The socket closed. Returns the seat it held, so that its places can be told."""
        seat = self._seats.pop(connection, None)
        if seat is None:
            return None
        self.changes += 1
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
        self.changes += 1
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
        if seat is not None and place not in seat.places:
            self.changes += 1
            self._seats[connection] = replace(seat, places=seat.places | {place})
            self._in_place[place].add(connection)

    def exit(self, connection: ConnectionId, place: str) -> None:
        seat = self._seats.get(connection)
        if seat is not None and place in seat.places:
            self.changes += 1
            self._seats[connection] = replace(seat, places=seat.places - {place})
            self._drop(self._in_place, place, connection)

    def got(self, connection: ConnectionId, action: str, now: Instant) -> None:
        """Something of a witnessed action reached this page. Other nodes hear it with what is said anyway: within the
        2 s of that nobody's presence hangs on it."""
        seat = self._seats.get(connection)
        if seat is not None:
            kept = {other: at for other, at in seat.got.items() if now - at < GOT_KEPT_MS}
            self._seats[connection] = replace(seat, got={**kept, action: now})

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
        """This person's connections to this node."""
        return list(self._of_account.get(account, ()))

    def people(self) -> dict[AccountId, Here]:
        """What this node says to the others: everyone with a connection to it."""
        found: dict[AccountId, Here] = {}
        for seat in self._seats.values():
            known = found.get(seat.account, Here(visible=False, locked=True))
            seen = seat.places if seat.visible else frozenset[str]()
            found[seat.account] = Here(
                visible=known.visible or seat.visible,
                places=known.places | seat.places,
                visible_places=known.visible_places | seen,
                locked=known.locked and seat.locked,
                got=_newest(known.got, seat.got),
            )
        return found

    # What is said of a person, on whichever node their pages are.

    def reach(self, account: AccountId, *, takes_push: bool) -> Reach:
        """How this person can be reached: the best of all their pages and devices (PR4)."""
        seats: list[Seat | Here] = [self._seats[c] for c in self._of_account.get(account, ())]
        seats += self.elsewhere.of(account)
        if any(seat.visible for seat in seats):
            return Reach.LIVE
        return Reach.STANDBY if seats or takes_push else Reach.AWAY

    def reaches(self) -> dict[AccountId, bool]:
        """Every account with a live connection, and whether one of its pages is visible. A copy: safe to hand to
        another thread."""
        found = dict(self.elsewhere.reaches())
        for seat in self._seats.values():
            found[seat.account] = found.get(seat.account, False) or seat.visible
        return found

    def accounts_in(self, place: str) -> set[AccountId]:
        return {self._seats[c].account for c in self._in_place.get(place, ())} | self.elsewhere.accounts_in(place)

    # What a transaction asks comes from another thread, while pages come and go: it works on copies.

    def is_connected(self, account: AccountId) -> bool:
        """Whether this person has any page at all."""
        return bool(self.connections_of(account)) or account in self.elsewhere.reaches()

    def is_in(self, account: AccountId, place: str, *, visible_only: bool = False) -> bool:
        """Whether any of this person's pages has the place open."""
        seats = [self._seats.get(c) for c in self.connections_of(account)]
        if any(place in seat.places and (seat.visible or not visible_only) for seat in seats if seat is not None):
            return True
        return any(place in (h.visible_places if visible_only else h.places) for h in self.elsewhere.of(account))

    @staticmethod
    def _drop(index: dict[K, set[ConnectionId]], key: K, connection: ConnectionId) -> None:
        held = index.get(key)
        if held is not None:
            held.discard(connection)
            if not held:
                del index[key]


def _newest(one: Mapping[str, Instant], other: Mapping[str, Instant]) -> Mapping[str, Instant]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in one.keys() | other.keys()} if one else other
