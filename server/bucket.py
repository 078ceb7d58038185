"""A token bucket, for rates of anything."""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import Instant


@dataclass(slots=True)
class Bucket:
    """`burst` at once, `per_second` in the long run."""

    per_second: int
    burst: int
    tokens: float
    filled_at: Instant

    @classmethod
    def full(cls, per_second: int, burst: int, now: Instant) -> Bucket:
        return cls(per_second, burst, float(burst), now)

    def take(self, now: Instant, cost: int = 1) -> bool:
        self.tokens = min(float(self.burst), self.tokens + max(0, now - self.filled_at) * self.per_second / 1000)
        self.filled_at = now
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True
