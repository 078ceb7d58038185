"""How long to wait before coming back: full jitter, so that a crowd does not return in step."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Anything between nothing and a ceiling that doubles with each failure (AWS, "Exponential Backoff And Jitter").

    `chance` returns a number in [0, 1); tests hand in a constant one.
    """

    first_seconds: float = 0.5
    most_seconds: float = 15.0
    chance: Callable[[], float] = random.random

    def seconds(self, failures: int) -> float:
        """After `failures` (≥ 1) attempts in a row that came to nothing."""
        ceiling = min(self.most_seconds, self.first_seconds * 2.0 ** min(failures - 1, 16))
        return ceiling * self.chance()
