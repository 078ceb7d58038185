"""The media sockets: a ticket first, then chunks from the one who sends and nothing from those who watch.

The shell around `server.media.relay`, which decides what goes to whom.
"""

from __future__ import annotations

import asyncio
import socket as sockets
import struct
from collections.abc import Awaitable, Callable

from presence.ids import AccountId, ConnectionId
from server.gateway.connection import Closed, Socket, drain_hint_ms, framed, may_write
from server.gateway.door import Door
from server.gateway.places import Places
from server.ids import new_id
from server.media.relay import Relay
from server.media.seats import Seat, Sender
from server.settings import Settings
from server.wire.chunks import PHOTO_AT_MOST_BYTES, TICKET_AT_MOST_BYTES, YOU_SEND, YOU_WATCH
from server.wire.codes import BAD_FRAME, BAD_TICKET, CROWDED, DRAINING, NO_HELLO, TOO_MANY, CloseCode

TICKET_WITHIN_SECONDS = 10
LEAVE_WITHIN_SECONDS = 2
SEND_NOTHING_MORE = struct.pack("ii", 1, 0)


class MediaLine:
    """One media socket. Fulfils `server.media.relay.Line`."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.account: AccountId | None = None
        """Whose it is, once a ticket has said so."""
        self._transport = socket.transport
        self._closing: asyncio.Task[None] | None = None

    def unsent(self) -> int:
        return self._transport.get_write_buffer_size()

    def write(self, frame: bytes) -> None:
        if may_write(self.socket):
            self._transport.write(frame)

    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None:
        if self._closing is None:
            reason = code.name if hint_ms is None else str(hint_ms)
            self._closing = asyncio.get_running_loop().create_task(self.socket.close(code.code, reason))

    def throw_away(self) -> None:
        sock = self._transport.get_extra_info("socket")
        if sock is not None and not self._transport.is_closing():
            # The kernel forgets what it still held for this reader, too.
            sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, SEND_NOTHING_MORE)
        self._transport.abort()

    async def closed(self) -> None:
        if self._closing is not None:
            await self._closing


class MediaSockets:
    """Lets media sockets in and out. Before a ticket a socket may say no more than a ticket is long, which the door
    sees to, and not wait for long."""

    def __init__(self, relay: Relay, settings: Settings) -> None:
        self._relay = relay
        self._places = Places(
            settings.media_connections_at_most,
            settings.media_connections_before_ticket_at_most,
            settings.connections_per_account_at_most,
        )
        self.door = Door(
            self.serve,
            connections_at_most=settings.media_sockets_at_most,
            message_at_most_bytes=TICKET_AT_MOST_BYTES,
        )
        self._lines: dict[ConnectionId, MediaLine] = {}
        self.ask_others: Callable[[str], Awaitable[None]] = _nobody
        """Gets a ticket that another node gave, if one did."""

    async def serve(self, socket: Socket) -> None:
        line, connection = MediaLine(socket), ConnectionId(new_id())
        self._lines[connection] = line
        self._make_room(self._places.came(connection), CROWDED)
        try:
            seat = await self._enter(connection, line)
            if isinstance(seat, CloseCode):
                line.close_soon(seat)
            else:
                await self._sit(connection, seat, line)
        except Closed:
            pass  # the ordinary end of a socket
        finally:
            self._places.left(connection)
            del self._lines[connection]
            await line.closed()

    async def _enter(self, connection: ConnectionId, line: MediaLine) -> Seat | CloseCode:
        try:
            async with asyncio.timeout(TICKET_WITHIN_SECONDS):
                said = await line.socket.recv()
        except TimeoutError:
            return NO_HELLO
        if not isinstance(said, bytes) or not said.isascii():
            return BAD_TICKET
        ticket = said.decode("ascii")
        if self._relay.owner(ticket) is None:
            await self.ask_others(ticket)
        who = self._relay.owner(ticket)
        if who is None:
            return BAD_TICKET
        goes, line.account = self._places.said_hello(connection, who.account), who.account
        if goes == connection:
            return CROWDED
        gone = self._lines.get(goes) if goes is not None else None
        self._make_room(goes, TOO_MANY if gone is not None and gone.account == who.account else CROWDED)
        return self._relay.enter(ticket, line)

    async def _sit(self, connection: ConnectionId, seat: Seat, line: MediaLine) -> None:
        """Until the socket closes. The first word and the seat come in the same turn of the loop as the ticket."""
        sends = isinstance(seat, Sender)
        line.write(framed(YOU_SEND if sends else YOU_WATCH))
        if sends:
            line.socket.protocol.max_message_size = PHOTO_AT_MOST_BYTES
        self._relay.sit(seat)
        try:
            async for data in line.socket:
                code: CloseCode | None = BAD_FRAME
                if isinstance(seat, Sender) and isinstance(data, bytes):
                    self._places.heard(connection)  # the one who sends is not idle, however many pages they open
                    code = self._relay.chunk(seat, data)
                if code is not None:
                    line.close_soon(code)
                    break
        finally:
            self._relay.left(seat)

    def _make_room(self, goes: ConnectionId | None, code: CloseCode) -> None:
        line = self._lines.get(goes) if goes is not None else None
        if line is not None:
            line.close_soon(code)

    def send_back(self, spread_seconds: int) -> None:
        """Every socket is closed with 1012 and a hint when to come back."""
        everyone = list(self._lines.values())
        for position, line in enumerate(everyone):
            line.close_soon(DRAINING, drain_hint_ms(position, len(everyone), spread_seconds * 1000))

    async def drain(self, spread_seconds: int) -> None:
        self.send_back(spread_seconds)
        await self.door.wait_closed(LEAVE_WITHIN_SECONDS)


async def _nobody(_ticket: str) -> None:
    """There is no other node."""
