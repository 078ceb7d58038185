"""Who is connected to other nodes, as those nodes say it.

Each node says it for all its pages at once: who it is, the epoch of its start, a number that rises with everything it
says, and until when that holds. What it does not say again in time is over. Pure: `now` is an argument.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from presence.ids import AccountId, Instant, Millis

HOLDS_MS: Millis = 6_000
"""How long a statement holds. Said anew every 2 s, so that two may be lost."""
REMEMBERED_MS: Millis = 600_000
"""How long the epoch of a node that is gone is known: no message is late for that long."""


@dataclass(frozen=True, slots=True)
class Here:
    """What one node says of one person: whether one of their pages there is visible, and what those pages have open."""

    visible: bool
    places: frozenset[str] = frozenset()
    visible_places: frozenset[str] = frozenset()
    """Those of them that a visible page has open."""
    locked: bool = False
    """Every one of their pages there is: it shows nothing of others (CB4)."""
    got: Mapping[str, Instant] = field(default_factory=dict, compare=False)
    """Witnessed action → when a visible page there last said that something of it had reached it (WA4). Said every few
    seconds: nobody is told of that alone."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node, and which of its lives. `epoch` rises with every start of the same node."""

    id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Everyone who is connected to one node, or the `part`-th of so many `parts` of them. All parts of one statement
    have the same number; it counts once the last of them is here."""

    node: Node
    number: int
    holds_until: Instant
    people: Mapping[AccountId, Here]
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class _Told:
    """The newest whole statement of a node, and the parts of a newer one."""

    node: Node
    number: int = -1
    holds_until: Instant = 0
    people: Mapping[AccountId, Here] = field(default_factory=dict)
    coming: Mapping[int, Statement] = field(default_factory=dict)
    excused: bool = False


class Elsewhere:
    """What this node believes of the others. Only `hear`, `forget` and `excuse` change it, on one thread; what they
    change they replace whole, so other threads may ask at any time."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._reaches: Mapping[AccountId, bool] = {}

    def hear(self, said: Statement, now: Instant) -> set[AccountId]:
        """Take in what a node says. Returns everyone of whom something changed by that.

        What an earlier life of the node said, and what is older than what it said last, is ignored, and so is what is
        over already. A new life ends the past one: its people are not here until it says so."""
        before = self._told.get(said.node.id, _Told(said.node))
        if said.node.epoch < before.node.epoch:
            return set()
        until = min(said.holds_until, now + HOLDS_MS)  # whatever the other one's clock says
        told = before if said.node == before.node else _Told(said.node, holds_until=until)
        if until > now:
            told = _with(told, replace(said, holds_until=until))
        self._told[said.node.id] = told
        changed = _differing(before.people, told.people)
        if changed:
            self._reaches = self._all_reaches()
        return changed

    def forget(self, now: Instant) -> set[AccountId]:
        """Drop everyone whose node has not spoken in time. Returns who they are."""
        gone: set[AccountId] = set()
        for told in list(self._told.values()):
            if now >= told.holds_until + REMEMBERED_MS:
                del self._told[told.node.id]
            elif now >= told.holds_until and (told.people or told.coming):
                gone |= set(told.people)
                # The epoch and the number stay known: what was said before is over for good.
                self._told[told.node.id] = replace(told, people={}, coming={})
        if gone:
            self._reaches = self._all_reaches()
        return gone

    def excuse(self, until: Instant) -> None:
        """This node could not hear: what others said holds until then at least. That is nobody's silence. Once for each
        statement: where a bus comes and goes, a node that died would else be there for as long as that lasts."""
        for told in list(self._told.values()):
            if told.people and not told.excused:
                until_then = max(told.holds_until, until)
                self._told[told.node.id] = replace(told, holds_until=until_then, excused=True)

    def nodes(self, now: Instant) -> list[Node]:
        """Those that have spoken in time."""
        return [told.node for told in list(self._told.values()) if now < told.holds_until]

    def of(self, account: AccountId) -> list[Here]:
        """What each node says of this person."""
        return [told.people[account] for told in list(self._told.values()) if account in told.people]

    def got(self, account: AccountId, action: str) -> Instant | None:
        """When something of this action last reached a page of theirs, by the newest word of any node."""
        return max((here.got[action] for here in self.of(account) if action in here.got), default=None)

    def reaches(self) -> Mapping[AccountId, bool]:
        """Everyone connected elsewhere, and whether one of their pages there is visible."""
        return self._reaches

    def accounts_in(self, place: str) -> set[AccountId]:
        """Everyone who has this place open elsewhere."""
        return {a for told in list(self._told.values()) for a, here in told.people.items() if place in here.places}

    def _all_reaches(self) -> Mapping[AccountId, bool]:
        found: dict[AccountId, bool] = defaultdict(bool)
        for told in self._told.values():
            for account, here in told.people.items():
                found[account] = found[account] or here.visible
        return dict(found)


def _with(told: _Told, said: Statement) -> _Told:
    """The same life of the same node, and what it says now."""
    newest = max((told.number, *(part.number for part in told.coming.values())))
    if said.number <= told.number or said.number < newest:
        return told
    coming = {**(told.coming if said.number == newest else {}), said.part: said}
    if len(coming) < said.parts:
        return replace(told, coming=coming)
    people = {account: here for part in coming.values() for account, here in part.people.items()}
    return _Told(told.node, said.number, min(part.holds_until for part in coming.values()), people)


def _differing(before: Mapping[AccountId, Here], after: Mapping[AccountId, Here]) -> set[AccountId]:
    return {account for account in before.keys() | after.keys() if before.get(account) != after.get(account)}
