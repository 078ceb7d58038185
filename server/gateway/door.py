"""The door: aiohttp owns the port, and an upgrade at `/ws` or `/media` is handed to websockets on the same transport.

Uses public attributes only: aiohttp's `request.transport` and `request.protocol`, websockets' `ServerConnection`
and `ServerProtocol`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from websockets.asyncio.server import Server, ServerConnection
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from server.gateway.porch import let_through
from server.settings import Settings
from server.wire.frames import MAX_FRAME_BYTES

log = structlog.get_logger("door")

PING_INTERVAL_SECONDS = 10
PING_TIMEOUT_SECONDS = 10
CLOSE_TIMEOUT_SECONDS = 1
HANDSHAKE_TIMEOUT_SECONDS = 5
WRITE_LIMIT_BYTES = 32 * 1024
UNSENT_LIMIT_BYTES = 32 * 1024
READ_AT_ONCE_BYTES = 16 * 1024
"""asyncio reads 256 KiB at once: 6,400 of a sender's smallest chunks. Taken apart in one turn of the loop they held
every call up for 540 ms (measured), 78 ms at so few at a time: the others have their turn in between."""

# The library's own log would carry addresses and paths: only our own lines are wanted.
_silent = logging.getLogger("beside.websockets")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class Door:
    """Runs `serve` for every socket that is let in, and closes them all when the server drains. `connections_at_most`
    is the last wall, for sockets of any kind: `server.gateway.places` sees to it that it is not met. A message longer
    than `message_at_most_bytes` closes its socket with 1009."""

    def __init__(
        self,
        serve: Callable[[ServerConnection], Awaitable[None]],
        *,
        connections_at_most: int,
        message_at_most_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        self._serve = serve
        self._at_most = connections_at_most
        self._message_at_most_bytes = message_at_most_bytes
        self._server = Server(_no_listener, handler=self._run)
        self.open: set[ServerConnection] = set()
        self.shut = False

    def set_listener(self, server: asyncio.Server) -> None:
        self._server.server = server

    async def upgrade(self, request: web.Request) -> web.StreamResponse:
        """Takes the socket of this request. The caller has checked the Origin: see `guarded`."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"}, text="This address speaks websocket.")
        if self.shut or len(self.open) >= self._at_most:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}, text="Full or restarting.")
        transport = request.transport
        if transport is None or transport.is_closing():
            raise web.HTTPBadRequest()
        _limit_unsent(transport)
        _limit_read(transport)
        raw = b"%s %s HTTP/1.1\r\n" % (request.method.encode(), request.raw_path.encode("ascii", "replace"))
        raw += b"".join(name + b": " + value + b"\r\n" for name, value in request.raw_headers) + b"\r\n"
        protocol = ServerProtocol(max_size=self._message_at_most_bytes, logger=_silent)
        connection = ServerConnection(
            protocol,
            self._server,
            ping_interval=PING_INTERVAL_SECONDS,
            ping_timeout=PING_TIMEOUT_SECONDS,
            close_timeout=CLOSE_TIMEOUT_SECONDS,
            write_limit=WRITE_LIMIT_BYTES,
        )
        http = request.protocol
        http.transport = None  # aiohttp forgets the socket: it must neither close it nor write to it …
        http.connection_lost(None)  # … and drops its own bookkeeping
        let_through(transport)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        connection.data_received(raw)
        transport.resume_reading()
        return web.Response()  # never written: the writer has no transport

    async def _run(self, connection: ServerConnection) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_SECONDS):
                await connection.handshake()
            if connection.state is not OPEN:
                connection.transport.abort()
                return
            self.open.add(connection)
            connection.start_keepalive()
            async with connection:
                await self._serve(connection)
        except (TimeoutError, OSError):
            connection.transport.abort()  # a stranger who never finished the handshake
        except Exception:
            log.exception("connection_failed")
            connection.transport.abort()
        finally:
            self.open.discard(connection)
            task = asyncio.current_task()
            if task is not None:
                self._server.handler_tasks.discard(task)

    async def wait_closed(self, timeout_seconds: float) -> None:
        """Wait until every handler has returned."""
        if self._server.handler_tasks:
            await asyncio.wait(self._server.handler_tasks, timeout=timeout_seconds)


def guarded(door: Door, settings: Settings) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of `/ws` and of `/media`: a page must come from an allowed Origin. A client that is no
    browser sends none; it has nothing that a foreign page could abuse but a ticket, which such a page cannot fetch."""

    async def upgrade(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        native = origin is None and request.headers.get("Sec-Fetch-Mode") is None and "Cookie" not in request.headers
        if not native and not settings.allows_origin(origin):
            raise web.HTTPForbidden(text="This page may not connect here.")
        return await door.upgrade(request)

    return upgrade


async def _no_listener() -> asyncio.Server:
    raise RuntimeError("the door has no listener of its own: aiohttp has")


def _limit_unsent(transport: asyncio.Transport) -> None:
    """Without this the kernel hides up to megabytes of a stalled reader from `get_write_buffer_size` (rule 1)."""
    sock = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", 25 if hasattr(socket, "TCP_CORK") else None)
    if sock is not None and option is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, option, UNSENT_LIMIT_BYTES)


def _limit_read(transport: asyncio.Transport) -> None:
    """`max_size` is asyncio's own name for what it asks of a socket at once. A transport without it reads as it did."""
    if hasattr(transport, "max_size"):
        transport.max_size = READ_AT_ONCE_BYTES
