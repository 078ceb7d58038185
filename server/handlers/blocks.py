"""Every block, in memory, for checks at delivery (CB2)."""

from __future__ import annotations

from collections.abc import Iterable

from presence.ids import AccountId
from server.handlers.services import Services


def note_blocks(services: Services, pairs: Iterable[tuple[AccountId, AccountId]]) -> None:
    """From here on nothing goes from one of a pair to the other."""
    for one, other in pairs:
        services.blocked.setdefault(one, set()).add(other)
        services.blocked.setdefault(other, set()).add(one)


async def learn_blocks(services: Services) -> None:
    """All of them, as the store has them. A block that is told while they are read is not undone by that reading."""
    while True:
        told, was_afloat = services.blocks_told, services.store.afloat
        pairs = await services.store.read(lambda tx: tx.care.all_blocks())
        if told == services.blocks_told:
            break
    if not was_afloat and not services.store.afloat:  # what memory does not know of may be in the store all the same
        services.blocked.clear()
    note_blocks(services, pairs)
