"""More sockets than there is room for: nobody who is signed in is kept out by strangers, or by one person's many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from presence.ids import AccountId, ConnectionId
from server.gateway.places import Places
from server.settings import Settings
from server.wire.codes import CROWDED, TOO_MANY
from tests.fakes import MovableClock
from tests.server.hostile import HANDSHAKE
from tests.server.raw import Line, joined, say_hello
from tests.worlds import World, a_world

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def a_small_server(data: Path, **limits: Any) -> AsyncIterator[World]:
    async with a_world(data, MovableClock(), replace(Settings(), **limits)) as world:
        yield world


async def strangers(world: World, count: int) -> list[ClientConnection]:
    """Sockets that never say hello."""
    address = f"ws://127.0.0.1:{world.beside.port}/ws"
    return [await connect(address, compression=None, proxy=None) for _ in range(count)]


async def is_open(line: Line) -> bool:
    return bool((await line.ask("visible", visible=True))["t"] == "ok")


# ---------------------------------------------------------------- sockets


async def test_a_flood_that_never_says_hello_keeps_no_member_out(tmp_path: Path) -> None:
    async with a_small_server(tmp_path / "data", connections_before_hello_at_most=10) as world:
        ana = await world.account("ana")
        first = await strangers(world, 30)
        line = await joined(ana)
        more = await strangers(world, 30)
        again = await joined(ana)
        assert await is_open(line)
        assert await is_open(again)
        for stranger in first:
            await asyncio.wait_for(stranger.wait_closed(), 5)
            assert stranger.close_code == CROWDED.code
        await eventually(lambda: sum(s.close_code is None for s in more) == 9)  # the tenth made room for `again`
        for stranger in more:
            await stranger.close()
        for each in (line, again):
            await each.close()


async def test_of_one_person_s_sockets_the_idlest_goes_and_nobody_else_s(tmp_path: Path) -> None:
    async with a_small_server(tmp_path / "data", connections_per_account_at_most=3) as world:
        ana, maria = await world.account("ana"), await world.account("maria")
        theirs = await joined(maria)
        lines = [await joined(ana) for _ in range(3)]
        assert await is_open(lines[0])  # so that the second is idle for longest
        newest = await joined(ana)
        assert await lines[1].closed() == TOO_MANY.code
        for line in (lines[0], lines[2], newest, theirs):
            assert await is_open(line)
            await line.close()


async def test_whoever_has_many_makes_room_when_the_server_is_full(tmp_path: Path) -> None:
    async with a_small_server(tmp_path / "data", connections_at_most=4) as world:
        ana, maria, tom = [await world.account(login) for login in ("ana", "maria", "tom")]
        toms = await joined(tom)
        lines = [await joined(ana) for _ in range(3)]
        marias = await joined(maria)
        assert await lines[0].closed() == CROWDED.code
        for line in (toms, marias, *lines[1:]):
            assert await is_open(line)
            await line.close()


async def test_only_when_everybody_has_one_is_a_newcomer_told_to_come_back(tmp_path: Path) -> None:
    async with a_small_server(tmp_path / "data", connections_at_most=2) as world:
        people = [await world.account(login) for login in ("ana", "maria", "tom")]
        lines = [await joined(account) for account in people[:2]]
        late = await say_hello(world.beside.port, await people[2].ticket())
        assert await late.closed() == CROWDED.code
        assert CROWDED.returns
        for line in lines:
            assert await is_open(line)
        await lines[0].close()
        lines[0] = await joined(people[2])
        for line in lines:
            await line.close()


def test_places_keep_nothing_of_who_has_gone() -> None:
    places = Places(at_most=2, before_hello_at_most=2, per_account_at_most=2)
    for number in range(50):
        connection = ConnectionId(str(number))
        places.came(connection)
        places.said_hello(connection, AccountId(str(number % 7)))
        places.heard(connection)
        places.left(connection)
        places.left(connection)
        places.heard(connection)
    assert not places._waiting
    assert not places._owner
    assert not places._of_account


# ---------------------------------------------------------------- HTTP before it


async def slow(world: World, count: int) -> list[Stream]:
    """Connections in the middle of their headers."""
    streams = [await asyncio.open_connection("127.0.0.1", world.beside.port) for _ in range(count)]
    for number, (_reader, writer) in enumerate(streams):
        writer.write(HANDSHAKE[: number % 60])
    return streams


async def put_out(stream: Stream) -> bool:
    """Whether the server has closed it. Fails the test when it never does."""
    reader, writer = stream
    try:
        async with asyncio.timeout(20):
            return await reader.read() == b""
    except ConnectionError:
        return True
    finally:
        writer.transport.abort()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  a count has no event
            await asyncio.sleep(0.01)


async def test_headers_that_never_end_are_not_waited_for(tmp_path: Path) -> None:
    """Also not when one more byte comes again and again, nor when nothing comes at all."""
    async with a_small_server(tmp_path / "data", http_headers_within_seconds=1) as world:
        line = await joined(await world.account("ana"))
        streams = await slow(world, 20)
        streams += [await asyncio.open_connection("127.0.0.1", world.beside.port) for _ in range(20)]

        async def dribble(writer: asyncio.StreamWriter) -> None:
            writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
            while not writer.is_closing():
                writer.write(b"X-A: b\r\n")
                await asyncio.sleep(0.05)

        dribbling = [asyncio.ensure_future(dribble(writer)) for _reader, writer in streams[20:]]
        assert await asyncio.gather(*map(put_out, streams)) == [True] * 40
        for one in dribbling:
            one.cancel()
        assert await is_open(line), "an upgraded socket is no visitor any more"
        await line.close()


async def test_a_request_that_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    """A body that does not come; and a socket that was upgraded meanwhile lives on."""
    async with a_small_server(tmp_path / "data", http_request_within_seconds=1) as world:
        line = await joined(await world.account("ana"))
        reader, writer = await asyncio.open_connection("127.0.0.1", world.beside.port)
        head = f"POST /api/sign-in HTTP/1.1\r\nHost: x\r\nOrigin: {world.url}\r\nContent-Type: application/json\r\n"
        writer.write(head.encode() + b"Content-Length: 900\r\n\r\n{")
        assert await put_out((reader, writer))
        assert await is_open(line)
        await line.close()


async def test_a_porch_full_of_slow_strangers_lets_a_member_in(tmp_path: Path) -> None:
    """Long before any deadline: the oldest go."""
    limits = {"http_connections_at_most": 20, "http_headers_within_seconds": 3_600}
    async with a_small_server(tmp_path / "data", **limits) as world:
        ana = await world.account("ana")
        streams = await slow(world, 60)
        line = await joined(ana)
        streams += await slow(world, 60)
        assert await asyncio.gather(*map(put_out, streams[:100])) == [True] * 100
        assert await is_open(line)
        await line.close()
        for _reader, writer in streams:
            writer.transport.abort()


async def test_an_answered_connection_is_not_kept(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.beside.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(10):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'{"alive":true}' in answer
    writer.close()
