"""Tickets that any node can take: they carry whom they are for, sealed with the deployment's key."""

from __future__ import annotations

import itertools
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from presence.ids import AccountId, DeviceId, Instant
from server.ports import Bus

TICKET_FOR_MS = 30_000
ID_BYTES = 12
NUMBER_BITS = 22
SEAL_BYTES = 16
TICKET_BYTES = SEAL_BYTES + 8 + 2 * ID_BYTES
PURPOSE = [b"beside ticket 1"]


class SealedTickets:
    """Fulfils `server.ports.Tickets`. `key`: 32 bytes, the same on every node that is to take them.

    Not only signed but closed (AES-SIV, RFC 5297): an account's id never leaves the server in words (GR6). Two tickets
    are never the same, for each has a number beside its time."""

    def __init__(self, key: bytes, bus: Bus) -> None:
        self._seal = AESSIV(key)
        self._bus = bus
        self._numbers = itertools.count(secrets.randbits(NUMBER_BITS))
        self._spent: dict[str, Instant] = {}
        """Seal → when it may be forgotten, the oldest first."""

    def issue(self, account: AccountId, device: DeviceId, now: Instant) -> tuple[str, Instant]:
        expires_at = now + TICKET_FOR_MS
        head = (expires_at << NUMBER_BITS) | (next(self._numbers) % (1 << NUMBER_BITS))
        plain = head.to_bytes(8) + urlsafe_b64decode(account) + urlsafe_b64decode(device)
        return urlsafe_b64encode(self._seal.encrypt(plain, PURPOSE)).decode(), expires_at

    async def spend(self, ticket: str, now: Instant) -> tuple[AccountId, DeviceId] | None:
        try:
            sealed = urlsafe_b64decode(ticket)
            plain = self._seal.decrypt(sealed, PURPOSE) if len(sealed) == TICKET_BYTES else b""
        except (ValueError, InvalidTag):
            return None
        if not plain or now >= int.from_bytes(plain[:8]) >> NUMBER_BITS:
            return None
        seal = sealed[:SEAL_BYTES].hex()
        self._forget_old(now)
        if seal in self._spent:
            return None
        self._spent[seal] = now + TICKET_FOR_MS  # before anything is waited for: two may bring it at once
        if await self._bus.first(f"ticket:{seal}", TICKET_FOR_MS) is False:
            return None
        account, device = plain[8 : 8 + ID_BYTES], plain[8 + ID_BYTES :]
        return AccountId(urlsafe_b64encode(account).decode()), DeviceId(urlsafe_b64encode(device).decode())

    def _forget_old(self, now: Instant) -> None:
        """Looking through all at each would let one person with many take everyone's time."""
        while self._spent:
            oldest = next(iter(self._spent))
            if now < self._spent[oldest]:
                return
            del self._spent[oldest]
