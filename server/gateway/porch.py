"""The porch: where every connection waits until it has shown that it wants something, and not for long.

aiohttp has no deadline for the headers of a request, so whoever sends them a byte at a time would hold an open file for
an hour. Here a connection has so long for its headers and so long for all of its one request (the guard answers each
with `Connection: close`); a socket that was upgraded is the door's from then on. When so many are in HTTP at once that
the porch is full, the oldest goes: a request takes milliseconds, so what is oldest is the least likely to be one.

Public means alone: an asyncio protocol around aiohttp's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

log = structlog.get_logger("porch")
SAY_FULL_EVERY_SECONDS = 60
HEADERS_END = b"\r\n\r\n"


class Porch:
    """A protocol factory for the listener. `inside` makes the protocol that answers, one for each connection."""

    def __init__(
        self,
        inside: Callable[[], asyncio.Protocol],
        *,
        at_most: int,
        headers_within_seconds: float,
        request_within_seconds: float,
    ) -> None:
        self._inside = inside
        self._at_most = at_most
        self.headers_within_seconds = headers_within_seconds
        self.request_within_seconds = request_within_seconds
        self._here: dict[_Visitor, None] = {}
        """In the order in which they came."""
        self._say_again_at = 0.0

    def __call__(self) -> asyncio.Protocol:
        return _Visitor(self, self._inside())

    def __len__(self) -> int:
        return len(self._here)

    def came(self, visitor: _Visitor) -> None:
        self._here[visitor] = None
        if len(self._here) > self._at_most:
            self._say_full()
            next(iter(self._here)).turn_out()

    def _say_full(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._say_again_at:
            self._say_again_at = now + SAY_FULL_EVERY_SECONDS
            log.warning("porch_full", count=self._at_most)

    def went(self, visitor: _Visitor) -> None:
        """Closed, upgraded or turned out. Twice is once."""
        self._here.pop(visitor, None)


class _Visitor(asyncio.Protocol):
    """One connection, from its first byte to its answer, or to its upgrade. Hands everything on as it comes."""

    def __init__(self, porch: Porch, inside: asyncio.Protocol) -> None:
        self._porch = porch
        self._inside = inside
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._tail: bytes | None = b""
        """The last bytes of headers that have not ended; None once they have."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  a stream's listener makes no other
        self._transport = transport
        self._until(self._porch.headers_within_seconds)
        self._inside.connection_made(transport)
        self._porch.came(self)

    def data_received(self, data: bytes) -> None:
        if self._tail is not None:
            seen = self._tail + data
            if HEADERS_END in seen:
                self._tail = None
                self._until(self._porch.request_within_seconds)
            else:
                self._tail = seen[-len(HEADERS_END) + 1 :]
        self._inside.data_received(data)

    def _until(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.turn_out)

    def turn_out(self) -> None:
        """No word to it: it may be one that reads nothing."""
        self._forget()
        if self._transport is not None:
            self._transport.abort()

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._porch.went(self)

    def upgraded(self) -> None:
        """The door has it now."""
        self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._inside.connection_lost(exc)

    def eof_received(self) -> bool | None:
        return self._inside.eof_received()

    def pause_writing(self) -> None:
        self._inside.pause_writing()

    def resume_writing(self) -> None:
        self._inside.resume_writing()


def let_through(transport: asyncio.Transport) -> None:
    """Called by the door before it takes the transport: it is on the porch no more."""
    visitor = transport.get_protocol()
    if isinstance(visitor, _Visitor):
        visitor.upgraded()
