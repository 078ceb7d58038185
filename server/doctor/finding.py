"""What a look finds: how bad it is, what it is, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from server.settings import Settings


class Level(Enum):
    OK = "ok"
    LOOK = "look"
    """Works, and somebody should know."""
    MEND = "MEND"
    """Does not work, or is not safe."""


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.level.value:5}{self.what}" + (f"\n     → {self.do}" if self.do else "")


Look = Callable[[Settings], Iterator[Finding]]
