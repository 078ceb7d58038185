"""A socket without a client's manners: sends whatever bytes a test has, keeps every frame, repairs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from beside_client import Account, new_key
from server.wire.frames import PROTOCOL_VERSION

Frame = dict[str, Any]
Page = Literal["client", "member", "oncall"]
REPLIES = ("ok", "refused", "welcome")


class LineClosed(Exception):
    """The server closed the socket; `code` says why."""

    def __init__(self, code: int | None) -> None:
        super().__init__(str(code))
        self.code = code


class Line:
    """One socket and everything that came over it. Beats are answered, so that the line lives."""

    def __init__(self, socket: ClientConnection, on_frame: Callable[[Frame], None] | None = None) -> None:
        self.socket = socket
        self._on_frame = on_frame
        self.frames: list[Frame] = []
        self._news = asyncio.Event()
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @property
    def close_code(self) -> int | None:
        """None while the line is open."""
        return self.socket.close_code if self._reader.done() else None

    async def _read(self) -> None:
        try:
            async for data in self.socket:
                frame = msgpack.unpackb(data)
                if frame["t"] == "beat":
                    await self.socket.send(msgpack.packb(frame))
                    continue
                self.frames.append(frame)
                if self._on_frame is not None:
                    self._on_frame(frame)
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self._news.set()

    async def send(self, frame: Frame) -> None:
        await self.send_bytes(msgpack.packb(frame))

    async def send_bytes(self, data: bytes | str) -> None:
        """Raises :class:`LineClosed` when there is no line any more."""
        try:
            await self.socket.send(data)
        except ConnectionClosed:
            raise LineClosed(self.socket.close_code) from None

    async def ask(self, t: str, /, within_seconds: float = 5, **fields: Any) -> Frame:
        """Send a command and return its `ok` or `refused`."""
        frame, after = {"t": t, "k": new_key(), **fields}, len(self.frames)
        await self.send(frame)
        return await self.reply_to(frame["k"], within_seconds, after)

    async def reply_to(self, key: str | None, within_seconds: float = 5, after: int = 0) -> Frame:
        return await self.wait_for(lambda f: f["t"] in REPLIES and f.get("re") == key, within_seconds, after)

    async def wait_for(self, wanted: Callable[[Frame], bool], within_seconds: float = 5, after: int = 0) -> Frame:
        """The first frame since position `after` for which `wanted(frame)` holds."""
        looked = after
        async with asyncio.timeout(within_seconds):
            while True:
                while looked < len(self.frames):
                    looked += 1
                    if wanted(self.frames[looked - 1]):
                        return self.frames[looked - 1]
                if self._reader.done():
                    raise LineClosed(self.socket.close_code)
                self._news.clear()
                await self._news.wait()

    def last(self, t: str) -> Frame:
        """The newest frame of this name that came."""
        return next(f for f in reversed(self.frames) if f["t"] == t)

    async def closed(self, within_seconds: float = 5) -> int | None:
        """Wait until the server has closed this line; returns its code."""
        async with asyncio.timeout(within_seconds):
            await asyncio.shield(self._reader)
        return self.socket.close_code

    async def close(self) -> None:
        await self.socket.close()
        await self._reader


async def say_hello(
    port: int,
    ticket: str,
    page: Page = "client",
    *,
    visible: bool = True,
    on_frame: Callable[[Frame], None] | None = None,
) -> Line:
    """A line on which hello was said; look at its frames or its close code for what became of it."""
    socket = await connect(f"ws://127.0.0.1:{port}/ws", compression=None, proxy=None, max_size=2**20)
    line = Line(socket, on_frame)
    hello = {"t": "hello", "k": "hello-hello", "ticket": ticket, "version": PROTOCOL_VERSION}
    await line.send({**hello, "page": page, "visible": visible})
    return line


async def joined(
    account: Account, page: Page = "client", *, visible: bool = True, on_frame: Callable[[Frame], None] | None = None
) -> Line:
    """A line that was welcomed. `on_frame` gets every frame as it comes, the first one included."""
    port = int(account.base_url.rsplit(":", 1)[1])
    line = await say_hello(port, await account.ticket(), page, visible=visible, on_frame=on_frame)
    await line.reply_to("hello-hello")
    return line


@asynccontextmanager
async def a_line(account: Account, page: Page = "client") -> AsyncIterator[Line]:
    line = await joined(account, page)
    try:
        yield line
    finally:
        await line.close()
