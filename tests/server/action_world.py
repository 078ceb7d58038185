"""Stories of witnessed actions: words for what a member and their witnesses do, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from beside_client import Refused
from beside_client.wire import View
from tests.worlds import STEP_MS, Member, World

PUBLIC_KEY = "A" * 87
DEED = "the bottle under the sink"
KEY_FRAME = b"\x01" + bytes(10) + b"sealed picture" * 4
STILL_SECONDS = STEP_MS // 1000
SEEN_TO = 0.2
"""Long enough for a byte of this machine to arrive, where the test says that none does."""


async def declares(ana: Member, **about: Any) -> str:
    """ "Watch me do this". Returns the action."""
    return await ana.page.declare_action(ana.group, about.pop("deed", "pour_out"), about.pop("words", DEED), **about)


async def asked(peer: Member, action: str, **fields: Any) -> View:
    return await peer.page.until(lambda state: state.action_when(action, **fields))


async def mine(ana: Member, action: str, **fields: Any) -> View:
    return await ana.page.until(lambda state: state.my_action_when(action, **fields))


async def joins(peer: Member, action: str, *, looking: bool = False) -> None:
    await asked(peer, action)
    await peer.page.join_action(action, PUBLIC_KEY)
    if looking:
        await peer.page.look(action)
    await asked(peer, action, joined=True, looking=looking)


async def gets(peer: Member, action: str, medium: str = "text") -> None:
    """Their page says that something reached it, and the server has heard it."""
    await peer.page.set_visible(peer.page.visible)  # the line is there
    peer.page.hint("got", action=action, medium=medium)
    await asyncio.sleep(0)
    await peer.page.set_visible(peer.page.visible)


async def witnesses(peer: Member, action: str, *, looking: bool = False, medium: str = "text") -> None:
    """Joins, and is present."""
    await joins(peer, action, looking=looking)
    await gets(peer, action, medium)


async def begins(ana: Member, *watchers: Member, **about: Any) -> str:
    """Declared, joined by these, present, and live."""
    action = await declares(ana, **about)
    for peer in watchers:
        await witnesses(peer, action)
    await ana.page.go_live(action, anyway=not watchers)
    for peer in watchers:
        await asked(peer, action, stage="live")
        await gets(peer, action)
    await mine(ana, action, stage="live", present=len(watchers))
    return action


async def stay(world: World, seconds: float, watchers: Sequence[Member], action: str) -> None:
    """Time passes, and these go on getting what is sent."""
    for _ in range(round(seconds / STILL_SECONDS)):
        await world.pass_time(STILL_SECONDS)
        for peer in watchers:
            await gets(peer, action)


async def is_over(ana: Member, action: str, how: str) -> View:
    return await mine(ana, action, stage="ended", ended=how)


@asynccontextmanager
async def refused(code: str) -> AsyncIterator[None]:
    with pytest.raises(Refused) as no:
        yield
    assert no.value.code == code


def never_asked(peer: Member, action: str) -> bool:
    return not peer.page.state.action_when(action)


def in_local_time(world: World, zone: str, **ahead: float) -> View:
    """A plan so far from now, as a page sends it. Plans know minutes, not seconds."""
    then = datetime.fromtimestamp(world.clock.now() / 1000, UTC) + timedelta(**ahead)
    return {"local": f"{then.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}", "zone": zone}


# ---------------------------------------------------------------- pictures


class Pictures:
    """A media socket, and every byte that came over it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.got: list[bytes] = []
        self._news = asyncio.Event()
        self.reader = asyncio.get_running_loop().create_task(self._read())

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

    async def until(self, data: bytes) -> None:
        async with asyncio.timeout(5):
            while data not in self.got:
                self._news.clear()
                await self._news.wait()

    async def closed(self) -> int | None:
        async with asyncio.timeout(5):
            await asyncio.shield(self.reader)
        return self.socket.close_code


@asynccontextmanager
async def pictures(world: World, who: Member, action: str) -> AsyncIterator[Pictures]:
    async with pictures_by(world, await who.page.open_media(action)) as line:
        yield line


@asynccontextmanager
async def pictures_by(world: World, ticket: str) -> AsyncIterator[Pictures]:
    url = f"ws://127.0.0.1:{world.beside.port}/media"
    async with connect(url, compression=None, proxy=None, max_size=2**20) as socket:
        await socket.send(ticket.encode())
        line = Pictures(socket)
        yield line
        await socket.close()
        await line.reader
