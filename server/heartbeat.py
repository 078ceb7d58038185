"""How the auditor says that it lives, and how the server hears it (OC7).

One line: when it was said, how many deadlines were late then, and by how much the worst. On one machine it is a small
file beside the database and not a row in it: a row by another process would make the server copy its mirror anew each
time. Nothing of anybody is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from presence.ids import Instant
from server.ports import Store

FACT = "audited"
"""Its name among the facts of a store that several nodes share."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    at: Instant
    """By the clock of the deadlines."""
    late: int
    """Deadlines over 5 s late."""
    worst_late_ms: int

    def __str__(self) -> str:
        return f"{self.at} {self.late} {self.worst_late_ms}"

    @classmethod
    def read(cls, line: str) -> Heartbeat | None:
        """None for what is no heartbeat: half a line, or nothing."""
        try:
            at, late, worst_late_ms = (int(word) for word in line.split())
        except ValueError:
            return None
        return cls(at, late, worst_late_ms)


def heartbeat_file(data: Path) -> Path:
    return data / "auditor.beat"


def write_heartbeat(data: Path, beat: Heartbeat) -> None:
    """The whole line or the one before. Raises OSError."""
    path = heartbeat_file(data)
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(str(beat))
    draft.replace(path)


async def hear_in_store(store: Store) -> Heartbeat | None:
    """From a store that several nodes share. Raises `server.ports.StoreDown` or `StoreLate`."""
    line = await store.read(lambda tx: tx.accounts.fact(FACT))
    return None if line is None else Heartbeat.read(line)


async def hear_in_folder(data: Path) -> Heartbeat | None:
    return await asyncio.to_thread(read_heartbeat, data)


def read_heartbeat(data: Path) -> Heartbeat | None:
    """None when there is none, or the disk does not give it."""
    with contextlib.suppress(OSError):
        return Heartbeat.read(heartbeat_file(data).read_text(encoding="ascii", errors="replace"))
    return None
