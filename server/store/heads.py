"""How far a node knows each call, so that two nodes find out what one of them lacks (docs/decisions/0015)."""

from __future__ import annotations

from collections.abc import Collection

from presence.ids import CallId
from server.ports import Tx
from server.records import Head
from server.store.lifeboat import Lifeboat
from server.store.unsaved import Unsaved

WORDS_AT_MOST = 500
FAR = 2**53


def behind(theirs: Head | None, mine: Head) -> bool:
    """Whether they may lack something that is here."""
    return theirs is None or (theirs != mine and (theirs.version <= mine.version or theirs.words < mine.words))


async def heads_in(boat: Lifeboat, besides: Collection[CallId]) -> dict[CallId, Head]:
    """Of every call that goes on, as this node knows it without the store; of what is not saved, and of `besides`, also
    when it has ended."""
    wanted = {*besides, *(call.id for call in boat.carried())}
    return await boat.on_mirror(lambda tx: tx.calls.heads(wanted))


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
