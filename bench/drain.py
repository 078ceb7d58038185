"""A media socket that only drains: counts chunks and answers pings, at next to no cost beside what is measured."""

from __future__ import annotations

import asyncio
import socket
import time

HANDSHAKE = (
    "GET /media HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
NO_MASK = b"\x00\x00\x00\x00"
BINARY, CLOSE, PING, PONG = 0x82, 0x88, 0x89, 0x8A
LITTLE_ROOM_BYTES = 4_096


class Drain(asyncio.Protocol):
    """Frames of a server are not masked: a header of 2, 4 or 10 bytes, then so many to skip."""

    def __init__(self, ticket: str) -> None:
        self._ticket = ticket
        self._transport: asyncio.Transport | None = None
        self._held = b""
        self._skip = 0
        self._let_in = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.chunks = 0
        self.chunk_at = 0.0
        """`time.monotonic()` when the last byte of the last chunk came."""
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        port = transport.get_extra_info("peername")[1]
        transport.write(HANDSHAKE.format(port=port).encode())

    def data_received(self, data: bytes) -> None:
        if self._skip:
            taken = min(self._skip, len(data))
            self._skip -= taken
            data = data[taken:]
            if not self._skip:
                self.chunk_at = time.monotonic()
        data, self._held = self._held + data, b""
        if not self._let_in:
            data = self._upgraded(data)
        while data:
            header = header_of(data)
            if header is None or (header[0] == PING and len(data) < sum(header[1:])):
                self._held = data
                return
            data = self._frame(data, *header)

    def _upgraded(self, data: bytes) -> bytes:
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            self._held = data
            return b""
        assert head.startswith(b"HTTP/1.1 101"), head[:40]
        self._let_in = True
        ticket = self._ticket.encode()
        self._write(bytes([BINARY, 0x80 | len(ticket)]) + NO_MASK + ticket)
        return rest

    def _frame(self, data: bytes, kind: int, head: int, length: int) -> bytes:
        """One frame off the front. Of a chunk, what has not come yet is skipped when it does."""
        end = head + length
        if kind == PING:
            self._write(bytes([PONG, 0x80 | length]) + NO_MASK + data[head:end])
        elif kind == CLOSE:
            self.closed = True
        elif not self.ready.done():
            self.ready.set_result(None)  # the first word: you watch
        else:
            self.chunks += 1
            self._skip = max(0, end - len(data))
            if not self._skip:
                self.chunk_at = time.monotonic()
        return data[end:]

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was let in"))

    def stop_reading(self) -> None:
        assert self._transport is not None
        self._transport.pause_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def header_of(data: bytes) -> tuple[int, int, int] | None:
    """Kind, bytes of the header and bytes of what follows; None when the header has not come whole."""
    if len(data) < 2:
        return None
    head = {126: 4, 127: 10}.get(data[1], 2)
    if len(data) < head:
        return None
    return data[0], head, data[1] if head == 2 else int.from_bytes(data[2:head], "big")


async def open_drain(port: int, ticket: str, *, reads: bool = True) -> Drain:
    """A viewer who was let in. With `reads` false it takes nothing from then on, and its kernel next to nothing."""
    sock = socket.socket()
    if not reads:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE_ROOM_BYTES)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", port))
    _transport, drain = await loop.create_connection(lambda: Drain(ticket), sock=sock)
    await asyncio.wait_for(drain.ready, 10)
    if not reads:
        drain.stop_reading()
    return drain
