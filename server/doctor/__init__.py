"""`beside doctor`: looks at what most often goes wrong on a server, and says what to do about each.

Every look is a function from the settings to findings. None changes anything, and all may run beside a live server.
"""

from __future__ import annotations

from server.doctor.bus import redis
from server.doctor.care import auditor, backups
from server.doctor.finding import Finding, Level, Look
from server.doctor.machine import clock, data_folder, disk, open_files, port
from server.doctor.parts import helplines, pages, push
from server.doctor.postgresql import NotUsable, postgres
from server.doctor.running_calls import calls
from server.doctor.sqlite import database
from server.settings import Settings

__all__ = [
    "Finding", "Level", "Look", "auditor", "backups", "calls", "clock", "data_folder", "database", "disk", "examine",
    "helplines", "open_files", "pages", "port", "postgres", "push", "redis",
]  # fmt: skip


def examine(settings: Settings) -> list[Finding]:
    """Everything that was looked at, in the order in which it matters. A look that fails is itself a finding."""
    found: list[Finding] = []
    for look in LOOKS:
        try:
            found += look(settings)
        except NotUsable:
            continue  # `postgres` is one of them, and has said it
        except Exception as error:
            found.append(Finding(Level.MEND, f"{look.__name__}: could not look ({type(error).__name__}: {error})"))
    return found


LOOKS: tuple[Look, ...] = (
    data_folder, disk, clock, database, calls, postgres, redis, open_files, port, pages, push, helplines, auditor,
    backups,
)  # fmt: skip
