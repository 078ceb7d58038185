"""What a server holds and writes, looked at from outside of its process: its memory, its open files, its folder."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from tests.journeys.world import Server

AT_ONCE_BYTES = 4 * 1024 * 1024


def pid(server: Server) -> int:
    assert server.process is not None
    return server.process.pid


def open_files(server: Server) -> set[str]:
    """Regular files that the process has open now: no sockets, no pipes."""
    found = set()
    for descriptor in Path(f"/proc/{pid(server)}/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue  # closed meanwhile
        if target.startswith("/") and not target.startswith(("/dev/", "/proc/")):
            found.add(target)
    return found


def found_in_memory(server: Server, wanted: Sequence[bytes]) -> list[bool]:
    """For each of these whether it stands anywhere in the writable memory of the process."""
    found = [False] * len(wanted)
    longest = max(len(one) for one in wanted)
    with Path(f"/proc/{pid(server)}/mem").open("rb", buffering=0) as memory:
        for start, end in _writable(server):
            at, tail = start, b""
            while at < end:
                try:
                    memory.seek(at)
                    some = memory.read(min(AT_ONCE_BYTES, end - at))
                except (OSError, OverflowError):
                    break  # unmapped meanwhile
                if not some:
                    break
                here = tail + some
                for number, one in enumerate(wanted):
                    found[number] = found[number] or one in here
                at, tail = at + len(some), here[-longest:]
    return found


def _writable(server: Server) -> list[tuple[int, int]]:
    lines = Path(f"/proc/{pid(server)}/maps").read_text(encoding="ascii", errors="replace").splitlines()
    parts = [re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line) for line in lines]
    return [(int(m[1], 16), int(m[2], 16)) for m in parts if m]


def found_in_files(server: Server, wanted: Sequence[bytes]) -> list[str]:
    """The files of its folder, its log among them, that hold any of these."""
    files = [path for path in server.data.parent.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(one in path.read_bytes() for one in wanted)]
