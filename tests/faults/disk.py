"""A disk that can be full. On Linux, where a namespace of one's own may be had, a tmpfs of a few MB that only this run
sees: truly ENOSPC. Elsewhere a limit on the size of the server's files (RLIMIT_FSIZE): EFBIG, which SQLite and the
journal meet in the same places. Which of the two it was is said in the report."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TMPFS_BYTES = 48 * 1024 * 1024
"""The journal takes 8 MB; ten minutes of a run some more."""
INSIDE = "BESIDE_FAULTS_NAMESPACE"
PIECE = b"\0" * 4096


def enter_namespace(words: Sequence[str], *, with_postgres: bool) -> None:
    """Become the same program in a mount namespace of its own, if that is allowed; else return. `words` are its
    options. Who is not root is root in theirs, and PostgreSQL runs for nobody who is: they have the limit instead."""
    unshare = shutil.which("unshare")
    if os.environ.get(INSIDE) or unshare is None or (with_postgres and os.geteuid() != 0):
        return
    options = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    try_ = subprocess.run([unshare, *options, "true"], capture_output=True, check=False)
    if try_.returncode == 0:
        program = [unshare, *options, sys.executable, "-m", "tests.faults", *words]
        os.execve(unshare, program, {**os.environ, INSIDE: "1"})


class SmallDisk:
    """The folder `at` on a disk that `fill` fills and `free` frees. `kind` says what it is."""

    def __init__(self, at: Path) -> None:
        at.mkdir(parents=True, exist_ok=True)
        self._ballast = at / "ballast"
        self._at = at
        self._mounted = bool(os.environ.get(INSIDE)) and _mount_tmpfs(at)
        self.kind = "tmpfs, ENOSPC" if self._mounted else "RLIMIT_FSIZE, EFBIG"

    def fill(self, pids: Sequence[int]) -> None:
        """Not a byte is left, for these processes at least."""
        if not self._mounted:
            for pid in pids:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            return
        with self._ballast.open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(PIECE)

    def free(self, pids: Sequence[int]) -> None:
        if self._mounted:
            self._ballast.unlink(missing_ok=True)
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self) -> None:
        if self._mounted:
            subprocess.run(["umount", "--lazy", self._at], capture_output=True, check=False)


def _mount_tmpfs(at: Path) -> bool:
    words = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES},mode=700", "tmpfs", str(at)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
