"""Pictures from node to node: sealed chunks go over the bus while another node has somebody who may watch, and nobody
keeps one (WA3, docs/decisions/0014).

Chunks have a bus of their own: however many wait, they stand before no card and no doorbell. What they are to say to
each other, who watches, who sends, who lost a right, goes over the bus of everything else.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field

import msgspec

from presence.elsewhere import Node
from presence.ids import ActionId, Instant, MemberId
from server.bucket import Bucket
from server.clock import Clock
from server.media.relay import Relay
from server.media.rights import Rights
from server.media.seats import (
    BYTES_BURST,
    BYTES_PER_SECOND,
    WILD_AFTER_DROPS,
    WILD_FORGIVEN_PER_SECOND,
    Sender,
    Watcher,
)
from server.media.talk import Talk
from server.ports import Bus
from server.wire.chunks import KEY_WANTED
from server.wire.codes import CloseCode

HEADER = struct.Struct(">QQ")
"""Before each chunk: from which source, and its number there."""


class RightsSaid(msgspec.Struct, array_like=True, frozen=True):
    version: int
    watchers: list[str]
    flows: bool


class PicturesSaid(msgspec.Struct, array_like=True, frozen=True):
    """All that a node has of an action's pictures. `asked` rises with each whole picture that somebody there waits for.
    `source` is of the page that sends there, 0 for none, and `since` says which is the newer one."""

    watches: bool
    asked: int
    source: int
    since: int
    rights: RightsSaid | None


@dataclass(frozen=True, slots=True)
class _Told:
    """Of what this node said last, what another must know at once when it changes."""

    watches: bool = False
    source: int = 0


@dataclass(slots=True)
class _Source:
    """Where the pictures come from that are sent at another node."""

    id: int
    seat: Sender
    next: int | None = None
    """The number of the next chunk."""


@dataclass(slots=True)
class _Road:
    """Of one action that somebody of this node sends or watches."""

    mine: Sender | None = None
    source: int = 0
    since: Instant = 0
    number: int = 0
    asked: int = 0
    others: Watcher | None = None
    """The seat of all other nodes that watch."""
    coming: _Source | None = None
    listens: bool = False
    told: _Told = _Told()
    asked_by: dict[str, int] = field(default_factory=dict)


class PicturesBetween:
    """Fulfils `server.media.relay.Elsewhere`. `bus` for words, `pictures` for chunks alone."""

    def __init__(self, relay: Relay, bus: Bus, pictures: Bus, clock: Clock) -> None:
        self._relay, self._pictures, self._clock = relay, pictures, clock
        self._talk = Talk(bus, "watch", PicturesSaid, self._said, self._heard)
        self._roads: dict[ActionId, _Road] = {}
        self._narrowed: dict[ActionId, Rights] = {}
        self._me = ""

    def start(self, me: Node) -> None:
        self._me = me.id
        self._talk.start(me)
        self._relay.elsewhere = self

    async def stop(self) -> None:
        self._relay.elsewhere = None
        await self._talk.stop()

    # ---- what the relay tells

    def seats_changed(self, action: ActionId) -> None:
        road = self._roads.setdefault(action, _Road())
        sender = self._relay.sender(action)
        mine = sender if sender is not None and sender.who is not None else None
        if mine is not road.mine:
            road.mine, road.number = mine, 0
            road.source = secrets.randbits(63) | 1 if mine is not None else 0
            newest = max((said.since for _node, said in self._talk.others(action) if said.source), default=0)
            road.since = max(self._clock.now(), newest + 1)
        self._look(action, road)

    def narrowed(self, action: ActionId, rights: Rights) -> None:
        """Said at once, so that nobody elsewhere waits for the store to stop."""
        self._narrowed[action] = rights
        self._talk.say(action)
        del self._narrowed[action]

    # ---- words

    def _said(self, action: ActionId) -> PicturesSaid:
        road = self._roads.get(action, _Road())
        if self._relay.waits_for_picture(action):
            road.asked += 1  # again with every word: the last may have been lost
        rights = self._narrowed.get(action) or self._relay.rights(action)
        said = None if rights is None else RightsSaid(rights.version, sorted(rights.watchers), rights.flows)
        return PicturesSaid(self._relay.watched_here(action), road.asked, road.source, road.since, said)

    def _heard(self, action: ActionId) -> None:
        for _node, said in self._talk.others(action):
            now = self._relay.rights(action)
            if said.rights is not None and now is not None:
                watchers = frozenset(MemberId(member) for member in said.rights.watchers)
                newer = Rights(said.rights.version, now.member, watchers, said.rights.flows, now.over)
                self._relay.narrow(action, newer)
        road = self._roads.get(action)
        if road is None:
            return
        self._look(action, road)
        asked_by = {node.id: said.asked for node, said in self._talk.others(action)}
        before, road.asked_by = road.asked_by, asked_by
        if road.others is not None and any(asked > before.get(node, 0) for node, asked in asked_by.items()):
            self._relay.wants_picture(road.others)

    # ---- seats

    def _look(self, action: ActionId, road: _Road) -> None:
        self._settle(action, road)
        watched = self._relay.watched_here(action)
        if road.mine is None and not watched:
            del self._roads[action]
            if road.coming is not None:
                self._relay.left(road.coming.seat)
            self._talk.unfollow(action)
            return
        self._talk.follow(action)
        told = _Told(watched, road.source)
        if told != road.told:
            road.told = told
            self._talk.say(action)

    def _settle(self, action: ActionId, road: _Road) -> None:
        """The seats of other nodes follow what those say, and who sits here."""
        others = self._talk.others(action) if self._relay.rights(action) is not None else []
        sends = [(said.since, node.id, said.source) for node, said in others if said.source]
        since, node, source = max(sends, default=(0, "", 0))
        if road.mine is not None and source and (since, node) > (road.since, self._me):
            road.mine, road.source = None, 0  # taken over at another node: that seat closes this one
        wanted = road.mine is not None and any(said.watches for _node, said in others)
        if wanted and road.others is None:
            road.others = Watcher(action, None, None, _ToOthers(self._pictures, action, road))
            self._relay.sit(road.others)
        elif not wanted and road.others is not None:
            seat, road.others = road.others, None
            self._relay.left(seat)
        self._listen(action, road, to=road.mine is None and self._relay.watched_here(action))
        coming = source if road.mine is None else 0
        if road.coming is not None and road.coming.id != coming:
            gone, road.coming = road.coming, None
            self._relay.left(gone.seat)
        if coming and road.coming is None:
            road.coming = _Source(coming, self._sender_elsewhere(action))
            self._relay.sit(road.coming.seat)

    def _sender_elsewhere(self, action: ActionId) -> Sender:
        """Twice as much as a page may send: it was counted there, and may come in one go."""
        now = self._clock.now()
        bucket = Bucket.full(2 * BYTES_PER_SECOND, 2 * BYTES_BURST, now)
        drops = Bucket.full(WILD_FORGIVEN_PER_SECOND, WILD_AFTER_DROPS, now)
        return Sender(action, None, _ToSender(self._talk, action), bucket, drops)

    # ---- chunks

    def _listen(self, action: ActionId, road: _Road, *, to: bool) -> None:
        if to and not road.listens:
            self._pictures.subscribe(_topic(action), lambda data: self._chunk(action, data))
        elif road.listens and not to:
            self._pictures.unsubscribe(_topic(action))
        road.listens = to

    def _chunk(self, action: ActionId, data: bytes) -> None:
        """From another node, in order; what is missing was lost, and what comes after it is of no use to a decoder."""
        road = self._roads.get(action)
        coming = road.coming if road is not None else None
        if coming is None:
            return
        source, number = HEADER.unpack_from(data)
        if source != coming.id or (coming.next is not None and number < coming.next):
            return
        if coming.next is not None and number > coming.next:
            self._relay.missed(coming.seat)
        coming.next = number + 1
        self._relay.chunk(coming.seat, data[HEADER.size :])


class _ToOthers:
    """The line of all other nodes that watch. Fulfils `server.media.seats.Line`."""

    def __init__(self, pictures: Bus, action: ActionId, road: _Road) -> None:
        self._pictures, self._action, self._road = pictures, action, road

    def unsent(self) -> int:
        return self._pictures.waiting_bytes

    def write(self, frame: bytes) -> None:
        self._pictures.publish(_topic(self._action), HEADER.pack(self._road.source, self._road.number) + frame)
        self._road.number += 1

    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None:
        """They see for themselves why."""

    def throw_away(self) -> None:
        """What waits is of nobody's right by now: the nodes that get it hand it to nobody."""


class _ToSender:
    """The line to the node where the member's page sends. Fulfils `server.media.seats.Line`."""

    def __init__(self, talk: Talk[PicturesSaid], action: ActionId) -> None:
        self._talk, self._action = talk, action

    def unsent(self) -> int:
        return 0

    def write(self, frame: bytes) -> None:
        if frame == KEY_WANTED:  # whether somebody watches is said anyway
            self._talk.say(self._action)

    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None:
        """Nobody of this node has that page."""

    def throw_away(self) -> None:
        """Nothing waits."""


def _topic(action: ActionId) -> str:
    return f"pictures:{action}"
