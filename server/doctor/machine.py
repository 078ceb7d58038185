"""The machine: its disk, its clock, its limits, the port."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from server.doctor.finding import Finding, Level
from server.offline import latest_instant_of
from server.settings import Settings

DISK_MUST_BE_FREE_BYTES = 100 * 1024**2
DISK_SHOULD_BE_FREE_BYTES = 1024**3
CLOCK_MAY_DIFFER_SECONDS = 60
NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
"""No Beside ran before this day: a clock that says so was never set."""
IN_MEMORY = ("tmpfs", "ramfs")
IN_A_CONTAINER = ("overlay", "aufs")


def data_folder(settings: Settings) -> Iterator[Finding]:
    """There, writable, and closed to everyone else on the machine."""
    data = settings.data.absolute()
    if not data.exists():
        yield Finding(Level.OK, f"The data folder {data} is not there yet; the first start makes it.")
        return
    try:
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        yield Finding(Level.MEND, f"The data folder {data} cannot be written ({error.strerror}).", f"chown it: {data}")
        return
    opened = [p for p in (data, *sorted(data.iterdir())) if stat.S_IMODE(p.stat().st_mode) & 0o077]
    for path in opened:
        mode = "700" if path.is_dir() else "600"
        yield Finding(Level.MEND, f"Others on this machine can read {path}.", f"chmod {mode} {path}")
    if not opened:
        yield Finding(Level.OK, f"The data folder {data} is writable and closed to others.")


def disk(settings: Settings) -> Iterator[Finding]:
    """Kept when the machine or the container restarts, and not full."""
    place = next(p for p in (settings.data.absolute(), *settings.data.absolute().parents) if p.exists())
    kind = _filesystem_of(place)
    if kind in IN_MEMORY:
        yield Finding(
            # With PostgreSQL the folder holds calls alone that are not saved yet, while the database is away.
            Level.LOOK if settings.database_url else Level.MEND,
            f"{place} lies in memory ({kind}): everything in it is gone at the next restart.",
            "Use a real disk.",
        )
    elif kind in IN_A_CONTAINER:
        yield Finding(
            Level.LOOK,
            f"{place} lies inside a container's own layer ({kind}): it is gone when the container is replaced.",
            "Mount a volume there.",
        )
    free = shutil.disk_usage(place).free
    if free < DISK_SHOULD_BE_FREE_BYTES:
        level = Level.MEND if free < DISK_MUST_BE_FREE_BYTES else Level.LOOK
        yield Finding(level, f"Only {free // 1024**2} MiB are free at {place}.", "Make room: calls are rows.")
    else:
        yield Finding(Level.OK, f"{free // 1024**3} GiB are free.")


def _filesystem_of(place: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The kind of the file system that a path lies on; "" where the system does not say."""
    if not mounts.is_file():
        return ""
    best, kind = "", ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _device, point, this, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if place.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, this
    return kind


def clock(settings: Settings) -> Iterator[Finding]:
    """Set, agreeing with the disk's, and not behind what the store has seen: deadlines are instants."""
    now = time.time()
    before = (now, time.monotonic())
    if now < NOT_BEFORE.timestamp():
        yield Finding(Level.MEND, "The clock of this machine was never set.", "Turn on time synchronisation (NTP).")
        return
    place = settings.data if os.access(settings.data, os.W_OK) else Path(tempfile.gettempdir())
    with tempfile.TemporaryFile(dir=place) as file:
        apart = abs(os.fstat(file.fileno()).st_mtime - now)
    if apart > CLOCK_MAY_DIFFER_SECONDS:
        yield Finding(Level.LOOK, f"The disk's clock is {apart:.0f} s off.", "Synchronise the file server too.")
    if not settings.database_url and (settings.data / "beside.db").is_file():
        ahead = latest_instant_of(settings) / 1000 - now
        if ahead > CLOCK_MAY_DIFFER_SECONDS:
            yield Finding(
                Level.MEND,
                f"The store has seen a moment that is {ahead:.0f} s ahead: the clock was set back.",
                "Set the clock (NTP). Beside goes on from the later moment, so that no deadline is late.",
            )
            return
    drift = abs((time.time() - before[0]) - (time.monotonic() - before[1]))
    if drift > 1:
        yield Finding(Level.LOOK, f"The clock jumped {drift:.1f} s while we looked.", "Is something setting it?")
    yield Finding(Level.OK, f"The clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.")


def open_files(settings: Settings) -> Iterator[Finding]:
    """Every connection is an open file."""
    import resource  # not on Windows, where this look then says so

    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)  # up to the hard limit `serve` raises its own
    wanted = settings.open_files_at_most
    besides = wanted - settings.connections_at_most
    if limit != resource.RLIM_INFINITY and limit < wanted:
        yield Finding(
            Level.LOOK,
            f"At most {max(0, limit - besides)} people can be connected: {limit} open files are allowed.",
            f"Raise it: ulimit -n {wanted}, or LimitNOFILE={wanted} in the service file.",
        )
    else:
        yield Finding(Level.OK, "Enough files may be open.")


def port(settings: Settings) -> Iterator[Finding]:
    """Free, or ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            if _beside_answers(settings):
                yield Finding(Level.OK, f"Beside is running on port {settings.port}.")
                return
            yield Finding(
                Level.MEND,
                f"Cannot listen on {settings.host} port {settings.port} ({error.strerror}).",
                "Choose another with --port or PORT, or stop what uses it.",
            )
            return
    yield Finding(Level.OK, f"Port {settings.port} is free.")


def _beside_answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104  compared, not listened on
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/healthz", timeout=2) as answer:
            return bool(answer.read(100) == b'{"alive":true}')
    except (OSError, urllib.error.URLError, ValueError):
        return False
