"""What several commands take, and how one that runs until it is stopped ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import Parameter

from server.settings import Settings, from_environment

HUNG = 3
"""The exit code of a process whose stop could not finish, because a disk hangs for example."""

Data = Annotated[Path | None, Parameter(help="Folder of the database and keys. Default: ./data")]


def settings_at(data: Path | None) -> Settings:
    """From the environment, and this folder when one is named."""
    settings = from_environment()
    return settings if data is None else replace(settings, data=data)


def stopped_by_a_signal() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    return stopping


def end_hung() -> NoReturn:
    """An ordinary exit would wait for the very threads that hang."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(HUNG)
