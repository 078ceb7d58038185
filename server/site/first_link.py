"""The one-time link that makes the first coordinator.

Every start prints a link of its own, on every node. Whichever log somebody reads, its link works: until one of them was
used, or somebody became coordinator otherwise. Then none does any more. Only digests are kept.
"""

from __future__ import annotations

from rooms.refusals import Refusal, Refused
from server.ids import digest
from server.ports import Tx

FACT = "first_coordinator"
SPENT = "spent"
LINKS_AT_MOST = 20
"""Of the newest starts: a server that nobody ran for a year does not collect them."""


def offer(tx: Tx, token: str) -> bool:
    """Let this token work. False when somebody runs this server already: then no link of before does either, whatever
    becomes of them."""
    if _somebody_came(tx):
        tx.accounts.set_fact(FACT, SPENT)
        return False
    digests = (tx.accounts.fact(FACT) or "").split()
    tx.accounts.set_fact(FACT, " ".join([*digests, digest(token)][-LINKS_AT_MOST:]))
    return True


def spend(tx: Tx, token: str) -> None:
    """Whoever has it becomes the first coordinator, and nobody after them. Raises :class:`Refused`."""
    if _somebody_came(tx) or digest(token) not in (tx.accounts.fact(FACT) or "").split():
        raise Refused(Refusal.INVITE_SPENT)
    tx.accounts.set_fact(FACT, SPENT)


def _somebody_came(tx: Tx) -> bool:
    return tx.accounts.fact(FACT) == SPENT or any(account.coordinator for account in tx.accounts.staff())
