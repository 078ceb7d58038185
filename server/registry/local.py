"""What a single node keeps in memory: tickets."""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import AccountId, DeviceId, Instant
from server.ids import digest, new_secret

TICKET_FOR_MS = 30_000


@dataclass(frozen=True, slots=True)
class _Ticket:
    account: AccountId
    device: DeviceId
    expires_at: Instant


class LocalTickets:
    """Single-use tickets for the first frame of a socket, 30 s long. Kept as digests; a restart spends them all."""

    def __init__(self) -> None:
        self._tickets: dict[str, _Ticket] = {}

    def issue(self, account: AccountId, device: DeviceId, now: Instant) -> tuple[str, Instant]:
        self._forget_old(now)
        ticket = new_secret()
        self._tickets[digest(ticket)] = _Ticket(account, device, now + TICKET_FOR_MS)
        return ticket, now + TICKET_FOR_MS

    def spend(self, ticket: str, now: Instant) -> tuple[AccountId, DeviceId] | None:
        """Who it was made for, once; None when it is foreign, spent or too old."""
        found = self._tickets.pop(digest(ticket), None)
        if found is None or now >= found.expires_at:
            return None
        return found.account, found.device

    def _forget_old(self, now: Instant) -> None:
        """The oldest come first: looking through all at each would let one person with many take everyone's time."""
        while self._tickets:
            oldest = next(iter(self._tickets))
            if now < self._tickets[oldest].expires_at:
                return
            del self._tickets[oldest]
