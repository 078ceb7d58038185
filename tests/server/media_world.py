"""A media relay on a real port, and pages with real sockets; no handlers and no store. The action is a real value."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from presence.ids import AccountId, ActionId, ConnectionId, DeviceId, GroupId, MemberId
from rooms.witness import Action, Deed, Live, Medium, Witness
from server.gateway.connection import framed
from server.gateway.door import guarded
from server.gateway.media import MediaSockets
from server.ids import new_id
from server.media.relay import Relay
from server.media.seats import Sender, Watcher
from server.settings import Settings
from server.who import Who
from server.wire.chunks import KEY_WANTED, NOBODY_WATCHES, SOMEONE_WATCHES, Kind
from server.wire.codes import CloseCode
from tests.fakes import MovableClock

ANA = MemberId("Ana's membership")
FRAME_MS = 42
"""24 pictures a second."""


def an_action(*names: str, **changes: object) -> Action:
    """Ana is live on video. Each of these joined and chose to look."""
    action = Action(
        id=ActionId("an action's id.."), group=GroupId("g"), group_name="Sober evenings", member=ANA,
        account=AccountId("Ana"), name="Ana", deed=Deed.POUR_OUT, words="", medium=Medium.VIDEO, wanted=1,
        made_at=0, stage=Live(0), witnesses={MemberId(n): a_witness(n, i) for i, n in enumerate(names)},
    )  # fmt: skip
    return replace(action, **changes)  # type: ignore[arg-type]


def a_witness(name: str, number: int = 1) -> Witness:
    return Witness(MemberId(name), AccountId(name), name, number, joined_at=0, looking=True)


def a_chunk(kind: Kind, number: int, size: int = 3_000) -> bytes:
    """As it goes over the wire: the header, then what only pages can read."""
    return struct.pack(">BHQ", kind, 1, number) + os.urandom(size)


def who_is(name: str) -> Who:
    return Who(AccountId(name), DeviceId(f"{name}'s phone"), ConnectionId(new_id()))


@dataclass(eq=False)
class Page:
    """A media socket from its far end. Everything that comes is kept, unless `reads` is false."""

    socket: ClientConnection
    got: list[bytes] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    def read_on(self) -> Self:
        self._reader = asyncio.get_running_loop().create_task(self._read())
        return self

    async def _read(self) -> None:
        try:
            async for data in self.socket:
                assert isinstance(data, bytes)
                self.got.append(data)
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self._news.set()

    async def until(self, holds: Callable[[list[bytes]], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds(self.got):
                assert self._reader is None or not self._reader.done(), f"closed: {self.socket.close_code}"
                self._news.clear()
                await self._news.wait()

    async def has(self, chunk: bytes) -> None:
        await self.until(lambda got: chunk in got)

    async def closed(self) -> int | None:
        """Wait until the server has closed it."""
        async with asyncio.timeout(10):
            await self.socket.wait_closed()
            if self._reader is not None:
                await self._reader
        return self.socket.close_code

    @property
    def chunks(self) -> list[bytes]:
        return [data for data in self.got if len(data) > 1]

    @property
    def keys_wanted(self) -> int:
        return self.got.count(KEY_WANTED)

    @property
    def says_someone_watches(self) -> bool:
        said = [word for word in self.got if word in (SOMEONE_WATCHES, NOBODY_WATCHES)]
        return said[-1] == SOMEONE_WATCHES

    async def close(self) -> None:
        await self.socket.close()
        if self._reader is not None:
            await self._reader


class CountingRelay(Relay):
    """Counts the chunks it has judged, so that a test can wait for one of which nothing comes."""

    judged = 0

    def chunk(self, sender: Sender, data: bytes) -> CloseCode | None:
        self.judged += 1
        return super().chunk(sender, data)


@dataclass
class Studio:
    """One relay and one action."""

    clock: MovableClock
    relay: CountingRelay
    media: MediaSockets
    port: int
    action: Action
    pages: list[Page] = field(default_factory=list)
    numbers: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/media"

    def becomes(self, **changes: object) -> None:
        """The action changes, and the relay hears of it."""
        self.action = replace(self.action, version=self.action.version + 1, **changes)  # type: ignore[arg-type]
        self.relay.follow(self.action)

    def witness_becomes(self, name: str, **changes: object) -> None:
        witness = replace(self.action.witnesses[MemberId(name)], **changes)  # type: ignore[arg-type]
        self.becomes(witnesses={**self.action.witnesses, witness.member: witness})

    def ticket(self, name: str, *, sends: bool = False) -> str:
        """A ticket for this witness, or for Ana to send."""
        member = ANA if name == "Ana" else MemberId(name)
        return self.relay.ticket(self.action, who_is(name), member, sends=sends, now=self.clock.now())

    async def page(self, *, small: bool = False, max_queue: int | None = 16) -> Page:
        """A socket that has said nothing yet. `small`: its kernel takes in next to nothing."""
        sock = socket.socket()
        if small:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        ws = await connect(
            self.url, sock=sock, compression=None, proxy=None, max_size=2**21, max_queue=max_queue, ping_interval=None
        )
        page = Page(ws)
        self.pages.append(page)
        return page

    async def page_with(self, ticket: str) -> Page:
        page = await self.page()
        await page.socket.send(ticket.encode())
        return page.read_on()

    async def sender(self) -> Page:
        page = await self.page_with(self.ticket("Ana", sends=True))
        await page.until(lambda got: len(got) >= 2)
        assert page.got[0] == b"\x01"
        return page

    async def watcher(self, name: str) -> Page:
        page = await self.page_with(self.ticket(name))
        await page.until(bool)
        assert page.got[0] == b"\x02"
        return page

    async def send(self, sender: Page, kind: Kind, size: int = 3_000, *, after_ms: int = FRAME_MS) -> bytes:
        """One chunk, a moment after the last. The relay has judged it when this returns."""
        self.clock.advance(after_ms)
        self.numbers += 1
        chunk, judged = a_chunk(kind, self.numbers, size), self.relay.judged
        await sender.socket.send(chunk)
        async with asyncio.timeout(10):
            while self.relay.judged == judged:  # noqa: ASYNC110  the far end of a socket has no event here
                await asyncio.sleep(0)
        return chunk

    def unsent(self, name: str) -> int:
        """What the server holds for this witness, in bytes."""
        return self.seat(name).line.unsent()

    def seat(self, name: str) -> Watcher:
        """The first socket of this witness."""
        return next(w for w in self._watchers() if w.member == name)

    def watching(self) -> list[str]:
        return sorted(w.member for w in self._watchers() if w.member is not None)

    def _watchers(self) -> list[Watcher]:
        stream = self.relay._streams.get(self.action.id)
        return list(stream.watchers) if stream is not None else []


@asynccontextmanager
async def a_studio(action: Action, **limits: int) -> AsyncIterator[Studio]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    settings = Settings(port=listener.getsockname()[1], **limits)  # type: ignore[arg-type]
    clock = MovableClock()
    relay = CountingRelay(clock, framed)
    media = MediaSockets(relay, settings)
    app = web.Application()
    app.router.add_get("/media", guarded(media.door, settings))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    server = await asyncio.get_running_loop().create_server(runner.server, sock=listener)
    media.door.set_listener(server)
    studio = Studio(clock, relay, media, settings.port, action)
    relay.follow(action)
    try:
        yield studio
    finally:
        for page in studio.pages:
            await page.close()
        server.close()
        await media.drain(0)
        await runner.cleanup()
