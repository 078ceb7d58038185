"""Which nemesis strikes next, from the seed alone. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONG_SECONDS = 120
KILLS_BETWEEN = 3
"""In a long run so many kills come between two others, now and then of two processes: 100 of them in ten minutes."""
LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 0.4, 1.5


@dataclass(frozen=True, slots=True)
class Strike:
    """`after` seconds of peace, `nemesis` strikes, with chance of its own."""

    after: float
    nemesis: str
    seed: str


def strikes(seed: str, seconds: float, kill: str, others: Sequence[str]) -> Iterator[Strike]:
    """Without an end. Kills are what is most of a run; of the others each comes once before any comes again."""
    chance = random.Random(f"{seed} plan")
    between = KILLS_BETWEEN if seconds >= LONG_SECONDS else 1
    number = 0

    def strike(name: str) -> Strike:
        nonlocal number
        number += 1
        return Strike(chance.uniform(LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS), name, f"{seed} {number} {name}")

    while True:
        for other in chance.sample(others, len(others)) if others else [kill]:
            for _ in range(between):
                yield strike(kill)
            yield strike(other)
