"""The relay: one page sends a witnessed action's pictures, many watch, the server is a pipe between them (WA2, WA3).

A chunk is looked at (its kind and its size), framed once, handed to the line of every watcher whose lane takes it, and
forgotten. Who may send or watch follows from the action: whoever changes it calls `follow`, and from that call on not
one byte more goes to a person who may not have it.

Knows no sockets: a line is whatever takes bytes (`server.gateway.media` has the real one). Other nodes have a seat like
anybody: those who want the pictures watch, all together, over one line, and the one where the member's page is sends
(`server.media.pictures_between`). Each node lets only those watch who may by its own state of the action.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from presence.ids import ActionId, DeviceId, Instant, MemberId
from rooms.witness import Action
from server.bucket import Bucket
from server.clock import Clock
from server.ids import digest, new_secret
from server.media.rights import Rights, narrower, rights_of
from server.media.seats import (
    BYTES_BURST,
    BYTES_PER_SECOND,
    COUNTS_AT_LEAST_BYTES,
    WILD_AFTER_DROPS,
    WILD_FORGIVEN_PER_SECOND,
    Line,
    Seat,
    Sender,
    Watcher,
)
from server.metrics import MEDIA_BYTES, MEDIA_DROPPED, MEDIA_UNSENT, MEDIA_WATCHERS
from server.who import Who
from server.wire.chunks import KEY_WANTED, NOBODY_WATCHES, SOMEONE_WATCHES, BadChunk, Kind, kind_of
from server.wire.codes import BAD_FRAME, BAD_TICKET, NO_RIGHT, TAKEN_OVER, TOO_FAST, CloseCode

TICKET_FOR_MS = 30_000
ASK_EVERY_MS = 250
"""A key frame is some ten times a delta frame: asked for by everyone who joins, they would crowd out the rest."""
WILD_FOR_MS = 10_000
ENDED_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket is for, and whose it is."""

    action: ActionId
    who: Who
    member: MemberId
    sends: bool
    expires_at: Instant


@dataclass(slots=True, eq=False)
class _Stream:
    rights: Rights
    sender: Sender | None = None
    watchers: dict[Watcher, None] = field(default_factory=dict)
    asked_at: Instant = 0
    ask_again: asyncio.TimerHandle | None = None
    nobody_sends_until: Instant = 0
    """After a sender that was told to go for being far too fast."""


class Elsewhere(Protocol):
    """What the relay tells of itself."""

    def seats_changed(self, action: ActionId) -> None:
        """Somebody of this node sat down or left."""
        ...

    def narrowed(self, action: ActionId, rights: Rights) -> None:
        """Somebody lost a right, or nobody may see it any more."""
        ...


class Relay:
    """Fulfils `server.ports.Media`. `framed` makes a message of bytes as it goes over the wire."""

    def __init__(self, clock: Clock, framed: Callable[[bytes], bytes]) -> None:
        self._clock = clock
        self._framed = framed
        self._tickets: dict[str, Ticket] = {}
        """By digest, the oldest first."""
        self._streams: dict[ActionId, _Stream] = {}
        self._ended: OrderedDict[ActionId, None] = OrderedDict()
        """What is over stays over, should older news of it come late."""
        self._worst_unsent = 0
        self.elsewhere: Elsewhere | None = None

    # ---- rights

    def ticket(self, action: Action, who: Who, member: MemberId, *, sends: bool, now: Instant) -> str:
        """See `server.ports.Media`."""
        self.follow(action)
        self._forget_old_tickets(now)
        ticket = new_secret()
        self._tickets[digest(ticket)] = Ticket(action.id, who, member, sends, now + TICKET_FOR_MS)
        return ticket

    def follow(self, action: Action) -> None:
        """See `server.ports.Media`. Older news than is known changes nothing."""
        if action.id in self._ended:
            return
        rights, stream = rights_of(action), self._streams.get(action.id)
        if rights.over:
            self._end(action.id, stream)
            if stream is not None and self.elsewhere is not None:
                self.elsewhere.narrowed(action.id, rights)
        elif stream is None:
            self._streams[action.id] = _Stream(rights)
        elif rights.version >= stream.rights.version:
            before = stream.rights
            self._apply(stream, rights)
            if self.elsewhere is not None and narrower(rights, before):
                self.elsewhere.narrowed(action.id, rights)

    def narrow(self, action: ActionId, said: Rights) -> None:
        """Another node knows a newer state of the action. What it takes away is taken at once; for what it gives this
        node asks the store, and follows."""
        stream = self._streams.get(action)
        if stream is not None and said.version > stream.rights.version:
            now = stream.rights
            narrowed = replace(now, version=said.version, watchers=now.watchers & said.watchers)
            self._apply(stream, replace(narrowed, flows=now.flows and said.flows))

    def rights(self, action: ActionId) -> Rights | None:
        """As this node knows them; None when nobody may any more."""
        stream = self._streams.get(action)
        return stream.rights if stream is not None else None

    def _apply(self, stream: _Stream, rights: Rights) -> None:
        flowed, stream.rights = stream.rights.flows, rights
        for watcher in list(stream.watchers):
            if watcher.member is None:
                continue
            if watcher.member not in rights.watchers:
                self._turn_out(stream, watcher, NO_RIGHT)
            elif flowed and not rights.flows and watcher.line.unsent():
                self._turn_out(stream, watcher, NO_RIGHT)  # what was cut is not delivered late; they come anew
        if rights.flows and not flowed:
            self._begin_anew(stream)

    def _end(self, action: ActionId, stream: _Stream | None) -> None:
        self._ended[action] = None
        if len(self._ended) > ENDED_REMEMBERED:
            self._ended.popitem(last=False)
        if stream is None:
            return
        del self._streams[action]
        if stream.ask_again is not None:
            stream.ask_again.cancel()
        for watcher in list(stream.watchers):
            self._turn_out(stream, watcher, NO_RIGHT)
        if stream.sender is not None:
            stream.sender.line.close_soon(NO_RIGHT)

    def device_gone(self, device: DeviceId) -> None:
        """Signed out or locked: it neither sends nor sees any more (CB4). Which of the two, its main socket says."""
        for key in [key for key, ticket in self._tickets.items() if ticket.who.device == device]:
            del self._tickets[key]
        for stream in self._streams.values():
            for watcher in [w for w in stream.watchers if w.who is not None and w.who.device == device]:
                self._turn_out(stream, watcher, NO_RIGHT)
            sender = stream.sender
            if sender is not None and sender.who is not None and sender.who.device == device:
                sender.line.close_soon(NO_RIGHT)
                stream.sender = None
                self._seats_changed(sender)

    def devices(self) -> list[DeviceId]:
        """Every device with a socket here."""
        seats: list[Seat] = []
        for stream in self._streams.values():
            seats += [*stream.watchers, *([stream.sender] if stream.sender is not None else [])]
        return [seat.who.device for seat in seats if seat.who is not None]

    # ---- coming and going

    def owner(self, ticket: str) -> Who | None:
        """Who may come with this ticket, if it is one."""
        found = self._tickets.get(digest(ticket))
        return found.who if found is not None else None

    def hand_over(self, name: str) -> Ticket | None:
        """The ticket of this digest, to another node: from here on it is none here."""
        return self._tickets.pop(name, None)

    def accept(self, ticket: str, given: Ticket) -> None:
        """Another node gave it. The caller has seen to it that the action is followed here."""
        self._forget_old_tickets(self._clock.now())
        self._tickets[digest(ticket)] = given

    def enter(self, ticket: str, line: Line) -> Seat | CloseCode:
        """The seat that this ticket is for, once; or why there is none. Nothing is written to the line."""
        now, found = self._clock.now(), self._tickets.pop(digest(ticket), None)
        if found is None or now >= found.expires_at:
            return BAD_TICKET
        stream = self._streams.get(found.action)
        if stream is None:
            return NO_RIGHT
        if found.sends:
            if found.member != stream.rights.member:
                return NO_RIGHT
            if now < stream.nobody_sends_until:
                return TOO_FAST
            bucket = Bucket.full(BYTES_PER_SECOND, BYTES_BURST, now)
            drops = Bucket.full(WILD_FORGIVEN_PER_SECOND, WILD_AFTER_DROPS, now)
            return Sender(found.action, found.who, line, bucket, drops)
        if found.member not in stream.rights.watchers:
            return NO_RIGHT
        return Watcher(found.action, found.who, found.member, line)

    def sit(self, seat: Seat) -> None:
        """The line was told what it is: from now on it is part of the stream. In the same turn as `enter`."""
        stream = self._streams[seat.action]
        if isinstance(seat, Watcher):
            stream.watchers[seat] = None
            if seat.who is not None:
                MEDIA_WATCHERS.inc()
            if len(stream.watchers) == 1:
                self._tell_sender(stream, SOMEONE_WATCHES)
            self._ask(stream)
            self._seats_changed(seat)
            return
        before, stream.sender = stream.sender, seat
        if before is not None:
            before.line.close_soon(TAKEN_OVER)
        self._tell_sender(stream, SOMEONE_WATCHES if stream.watchers else NOBODY_WATCHES)
        self._begin_anew(stream)
        self._seats_changed(seat)

    def left(self, seat: Seat) -> None:
        """Its socket closed. A stream without a sender waits for the next. Twice is once."""
        stream = self._streams.get(seat.action)
        if stream is None:
            return
        if isinstance(seat, Watcher):
            self._remove(stream, seat)
        elif stream.sender is seat:
            stream.sender = None
            self._seats_changed(seat)

    def _turn_out(self, stream: _Stream, watcher: Watcher, code: CloseCode) -> None:
        self._remove(stream, watcher)
        if watcher.line.unsent():
            watcher.line.throw_away()  # a close frame would wait behind pictures that they may not have any more
        else:
            watcher.line.close_soon(code)

    def _remove(self, stream: _Stream, watcher: Watcher) -> None:
        if watcher in stream.watchers:
            del stream.watchers[watcher]
            if watcher.who is not None:
                MEDIA_WATCHERS.dec()
            if not stream.watchers:
                self._tell_sender(stream, NOBODY_WATCHES)
            self._seats_changed(watcher)

    # ---- other nodes

    def sender(self, action: ActionId) -> Sender | None:
        stream = self._streams.get(action)
        return stream.sender if stream is not None else None

    def watched_here(self, action: ActionId) -> bool:
        """Whether a page of this node watches."""
        stream = self._streams.get(action)
        return stream is not None and any(w.who is not None for w in stream.watchers)

    def waits_for_picture(self, action: ActionId) -> bool:
        """Whether a whole picture was asked for, for somebody of this node, and has not come."""
        stream = self._streams.get(action)
        return stream is not None and any(w.lane.asked for w in stream.watchers if w.who is not None)

    def wants_picture(self, seat: Watcher) -> None:
        """Somebody behind this seat has just begun to look; what the others there get goes on."""
        seat.lane.has_picture = seat.lane.asked = False
        self._ask(self._streams[seat.action])

    def missed(self, seat: Sender) -> None:
        """Some chunks of this sender were lost on the way here."""
        stream = self._streams.get(seat.action)
        if stream is not None and stream.sender is seat:
            self._begin_anew(stream)

    def _seats_changed(self, seat: Seat) -> None:
        if self.elsewhere is not None and seat.who is not None:
            self.elsewhere.seats_changed(seat.action)

    # ---- chunks

    def chunk(self, sender: Sender, data: bytes) -> CloseCode | None:
        """Hand one on. Returns why this sender must be closed, or None."""
        try:
            kind = kind_of(data)
        except BadChunk:
            return BAD_FRAME
        stream = self._streams.get(sender.action)
        if stream is None or stream.sender is not sender or not stream.rights.flows:
            return None  # cut, not live yet, or on its way out: the page stops by itself
        now = self._clock.now()
        if not sender.bucket.take(now, max(len(data), COUNTS_AT_LEAST_BYTES)):
            MEDIA_DROPPED.labels(why="fast").inc()
            if not sender.drops.take(now):
                stream.nobody_sends_until = now + WILD_FOR_MS
                return TOO_FAST
            if kind is not Kind.SOUND:
                self._begin_anew(stream)
            return None
        frame, sent, dropped, asks = self._framed(data), 0, 0, False
        size = len(frame)
        for watcher in stream.watchers:
            unsent = watcher.line.unsent()
            if unsent > self._worst_unsent:
                self._worst_unsent = unsent
                MEDIA_UNSENT.set(unsent)
            if watcher.lane.takes(kind, size, unsent):
                watcher.line.write(frame if watcher.who is not None else data)
                sent += size
            else:
                dropped += 1
            asks = asks or not watcher.lane.has_picture
        MEDIA_BYTES.inc(sent)
        if dropped:
            MEDIA_DROPPED.labels(why="slow").inc(dropped)
        if asks:
            self._ask(stream)
        return None

    def _begin_anew(self, stream: _Stream) -> None:
        for watcher in stream.watchers:
            watcher.lane.begin_anew()
        self._ask(stream)

    def _ask(self, stream: _Stream) -> None:
        """Ask the sender for a whole picture, once for all who want one, at most once in 250 ms. Whoever wants one and
        is too far behind for it is looked at again: no chunk need come in the meantime."""
        if stream.sender is None or not stream.rights.flows:
            return
        waiting = [w for w in stream.watchers if not w.lane.has_picture and not w.lane.asked]
        ready = [w for w in waiting if w.lane.wants_picture(w.line.unsent())]
        now = self._clock.now()
        if ready and now - stream.asked_at >= ASK_EVERY_MS:
            stream.asked_at = now
            for watcher in ready:
                watcher.lane.asked = True
            self._tell_sender(stream, KEY_WANTED)
        if len(ready) < len(waiting) or any(not w.lane.asked for w in ready):
            self._look_again(stream)

    def _look_again(self, stream: _Stream) -> None:
        def look() -> None:
            stream.ask_again = None
            self._ask(stream)

        if stream.ask_again is None:
            stream.ask_again = asyncio.get_running_loop().call_later(ASK_EVERY_MS / 1000, look)

    def _tell_sender(self, stream: _Stream, word: bytes) -> None:
        if stream.sender is not None:
            stream.sender.line.write(self._framed(word) if stream.sender.who is not None else word)

    def _forget_old_tickets(self, now: Instant) -> None:
        while self._tickets:
            oldest = next(iter(self._tickets))
            if now < self._tickets[oldest].expires_at:
                return
            del self._tickets[oldest]
