"""How far a node knows each call, so that two nodes find out what one of them lacks (docs/decisions/0015)."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from dataclasses import dataclass

from presence.ids import CallId
from rooms.call import Call
from server.ports import Tx
from server.store.lifeboat import Lifeboat
from server.store.unsaved import Unsaved

WORDS_AT_MOST = 500
FAR = 2**53


@dataclass(frozen=True, slots=True)
class Head:
    """Of one call: its version, how many words its room has, and a checksum of what changed when: two branches may have
    the same number."""

    version: int
    words: int
    changes: int


def behind(theirs: Head | None, mine: Head) -> bool:
    """Whether they may lack something that is here."""
    return theirs is None or (theirs != mine and (theirs.version <= mine.version or theirs.words < mine.words))


async def heads_in(boat: Lifeboat, besides: Collection[CallId]) -> dict[CallId, Head]:
    """Of every call that goes on, as this node knows it without the store; of what is not saved, and of `besides`, also
    when it has ended."""
    wanted = {*besides, *(call.id for call in boat.carried())}

    def read(tx: Tx) -> dict[CallId, Head]:
        calls = {call.id: call for call in tx.calls.live()}
        for call_id in wanted - calls.keys():
            call = tx.calls.get(call_id)
            if call is not None:
                calls[call.id] = call
        return {call.id: _head(tx, call) for call in calls.values()}

    return await boat.on_mirror(read)


async def of_calls_in(boat: Lifeboat, wanted: Collection[CallId]) -> Unsaved:
    """All that this node knows of these calls, their words too."""

    def read(tx: Tx) -> Unsaved:
        known = Unsaved()
        for call_id in wanted:
            call = tx.calls.get(call_id)
            if call is not None:
                known.calls[call.id] = call
                known.note_entries(tx.chat.entries(call.room, 0, FAR, WORDS_AT_MOST))
        return known

    return await boat.on_mirror(read)


def _head(tx: Tx, call: Call) -> Head:
    room = tx.chat.room(call.room)
    return Head(call.version, room.head if room else 0, zlib.crc32(repr(sorted(call.changed.items())).encode()))
