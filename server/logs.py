"""Logs: one JSON line each. Never a message's text, an address or a token: events name ids only.

The list of keys that may be logged is closed; anything else is dropped and counted, so a careless line cannot leak.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

ALLOWED_KEYS = frozenset(
    (
        "event", "level", "timestamp", "logger", "connection", "call", "command", "code", "error", "jobs", "buffered",
        "dropped", "calls", "port", "seconds", "count", "outcome", "exception", "late_ms", "groups", "version", "path",
        "kind", "subject",
    )
)  # fmt: skip


def only_allowed_keys(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = [key for key in event if key not in ALLOWED_KEYS]
    for key in dropped:
        del event[key]
    if dropped:
        event["dropped_keys"] = len(dropped)
    return event


def without_values(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A traceback is kept as places and types only: an exception's own text may quote what a person wrote."""
    info = event.pop("exc_info", None)
    if info is None or info is False:
        return event
    _kind, error, trace = sys.exc_info() if info is True else (type(info), info, getattr(info, "__traceback__", None))
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 3)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    event["error"] = type(error).__name__ if error is not None else "unknown"
    event["exception"] = places[-8:]
    return event


class Unfailing:
    """A file of which no failure is a failure of the server. Where the disk is full the log often is on it too, and a
    line that cannot be written must not stop what is done for a call in that very moment. The line is lost, or comes
    when there is room again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):  # full, or closed
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.flush()


def set_up_logs() -> None:
    """JSON lines on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_values,
            only_allowed_keys,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    # Libraries log addresses and paths of requests: what they say stays out, except that something broke.
    for name in ("aiohttp", "asyncio", "websockets", "urllib3", "sqlalchemy", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def say_nothing() -> None:
    """For a command whose own words say it all: what it looked at and could not use is its finding, and no event."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
