"""The data folder belongs to one server at a time."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import structlog

from server.settings import BadSetting

log = structlog.get_logger("app")
LOCK = "server.lock"


def take_folder(data: Path) -> int:
    """One server on one folder: a second would ring every call anew and write over the first one's journal. The system
    lets go of it with the process, however that ends. Raises :class:`BadSetting` when it is taken."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            os.close(folder)
            raise BadSetting(
                f"Another Beside is running on the folder {data}. Stop it first, or say another folder with --data."
            ) from None
        log.warning("folder_not_locked", error=type(error).__name__)  # a file system that knows no locks
    return folder
