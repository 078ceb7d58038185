"""Stand-ins for the clock and for what would be slow on purpose. Everything else in the tests is real."""

from __future__ import annotations

from argon2 import PasswordHasher

from server.site.accounts import Passphrases

SOME_EVENING_MS = 1_900_000_000_000


class MovableClock:
    """Fulfils `server.clock.Clock`. Stands still until it is moved, so that nothing lapses while a test thinks."""

    def __init__(self, now_ms: int = SOME_EVENING_MS) -> None:
        self._now_ms = now_ms

    def now(self) -> int:
        return self._now_ms

    def advance(self, ms: int) -> None:
        if ms < 0:
            raise ValueError("a clock never runs backwards")
        self._now_ms += ms


def cheap_passphrases() -> Passphrases:
    """argon2 with the least work it allows: 0.1 ms instead of 40."""
    return Passphrases(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
