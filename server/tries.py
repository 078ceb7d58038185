"""How often something secret may be guessed at: ten at once, then one in 30 s."""

from __future__ import annotations

from collections import OrderedDict

from presence.ids import Instant
from rooms.refusals import Refusal, Refused

TRIES_AT_ONCE = 10
TRIES_REFILL_MS = 30_000


class Tries:
    """Counted by name or by who guesses, not by address: people behind one address (a clinic, a shelter) must not lock
    each other out. Kept in memory; the longest unused are forgotten first."""

    def __init__(self, names_at_most: int = 10_000) -> None:
        self._seen: OrderedDict[str, tuple[float, Instant]] = OrderedDict()
        self._at_most = names_at_most

    def take(self, name: str, now: Instant) -> None:
        """One try. Raises `too_fast` when none is left."""
        left = self._left(name, now)
        self._seen.pop(name, None)
        self._seen[name] = (max(0.0, left - 1), now)
        while len(self._seen) > self._at_most:
            self._seen.popitem(last=False)
        if left < 1:
            raise Refused(Refusal.TOO_FAST)

    def must_be_left(self, name: str, now: Instant) -> None:
        """For what is counted only when it was wrong: raises `too_fast` when none is left, and takes none."""
        if self._left(name, now) < 1:
            raise Refused(Refusal.TOO_FAST)

    def forget(self, name: str) -> None:
        self._seen.pop(name, None)

    def _left(self, name: str, now: Instant) -> float:
        left, at = self._seen.get(name, (float(TRIES_AT_ONCE), now))
        return min(float(TRIES_AT_ONCE), left + (now - at) / TRIES_REFILL_MS)
