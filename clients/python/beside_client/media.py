"""The media socket of a witnessed action (docs/media.md): a ticket from the main socket, then sealed chunks.

What is sent and received are whole chunks as `beside_client.seal` makes and opens them. It does not come back by
itself: whoever drives it decides what a lost line means.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed

from beside_client.seal import PHOTO_AT_MOST_BYTES

YOU_SEND, YOU_WATCH = b"\x01", b"\x02"
KEY_WANTED, NOBODY_WATCHES, SOMEONE_WATCHES = b"\x10", b"\x11", b"\x12"


class NotLetIn(Exception):
    """The ticket was not taken. `code` is the close code."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the media socket was closed with {code}")
        self.code = code


class MediaSocket:
    """Use as `async with await MediaSocket.open(me.account.base_url, await me.open_media(action)) as media:`.

    Iterate over it for what comes: chunks for a watcher, the words of the server (`KEY_WANTED`, `NOBODY_WATCHES`,
    `SOMEONE_WATCHES`) for a sender. Iteration ends when the line does; `close_code` says why.
    """

    def __init__(self, socket: ClientConnection, *, sends: bool) -> None:
        self.socket = socket
        self.sends = sends

    @classmethod
    async def open(cls, base_url: str, ticket: str, **options: Any) -> Self:
        """`options` are those of websockets' `connect`. Raises :class:`NotLetIn`."""
        url = f"ws{base_url.removeprefix('http')}/media"
        socket = await open_socket(url, compression=None, proxy=None, max_size=PHOTO_AT_MOST_BYTES, **options)
        try:
            await socket.send(ticket.encode("ascii"))
            said = await socket.recv()
        except ConnectionClosed:
            raise NotLetIn(socket.close_code) from None
        if said not in (YOU_SEND, YOU_WATCH):
            await socket.close()
            raise NotLetIn(None)
        return cls(socket, sends=said == YOU_SEND)

    async def send(self, chunk: bytes) -> None:
        """Hand over a sealed chunk. Returns when the line took it."""
        await self.socket.send(chunk)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for data in self.socket:
                if isinstance(data, bytes):
                    yield data
        except ConnectionClosed:
            return

    @property
    def close_code(self) -> int | None:
        """None while it is open."""
        return self.socket.close_code

    async def close(self) -> None:
        await self.socket.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
