"""The fault proxy does to a line what it says, and heals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.lines import the_lines
from tests.faults.proxy import FaultProxy, LineFault, Target

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Opens = Callable[[], Awaitable[Streams]]


@asynccontextmanager
async def an_echo(path: str = "") -> AsyncIterator[Target]:
    """Where a server is that sends back what it gets; at the path of a socket, if there is one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(4096):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    if path:
        server = await asyncio.start_unix_server(serve, path)
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield path or ("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def test_lines_of_a_process_of_their_own_fail_and_heal_by_name(tmp_path: Path) -> None:
    """To a socket's path too, as PostgreSQL's is here; and what strikes one strikes no other."""
    async with an_echo(str(tmp_path / "echo")) as to, the_lines("seed") as lines:
        struck, spared = [
            await asyncio.open_connection("127.0.0.1", await lines.open(name, to)) for name in ("struck", "spared")
        ]
        await echoed(struck, b"hello")
        await lines.begin("struck", LineFault("hang"))
        struck[1].write(b"later")
        assert await echoed(spared, b"hello") == b"hello"
        assert await nothing_comes(struck)
        await lines.heal("struck")
        assert await struck[0].readexactly(5) == b"later"
        for _, writer in (struck, spared):
            writer.transport.abort()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    async with an_echo() as to, FaultProxy(to, random.Random("seed")) as proxy:
        yield proxy


@pytest.fixture
async def a_line(proxy: FaultProxy) -> AsyncIterator[Opens]:
    """Opens lines through the proxy, and closes them in the end."""
    lines: list[Streams] = []

    async def opened() -> Streams:
        lines.append(await asyncio.open_connection("127.0.0.1", proxy.port))
        return lines[-1]

    yield opened
    for _, writer in lines:
        writer.transport.abort()


async def echoed(line: Streams, what: bytes) -> bytes:
    line[1].write(what)
    return await line[0].readexactly(len(what))


async def nothing_comes(line: Streams, within_seconds: float = 0.2) -> bool:
    try:
        await asyncio.wait_for(line[0].read(1), within_seconds)
    except TimeoutError:
        return True
    return False


async def test_without_a_fault_everything_passes(a_line: Opens) -> None:
    line = await a_line()
    assert await echoed(line, b"hello" * 10_000) == b"hello" * 10_000


async def test_a_cut_closes_lines_and_refuses_new_ones(proxy: FaultProxy, a_line: Opens) -> None:
    line = await a_line()
    await echoed(line, b"hello")
    proxy.begin(LineFault("cut"))
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await echoed(line, b"hello")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await echoed(await a_line(), b"hello")
    proxy.heal()
    assert await echoed(await a_line(), b"hello") == b"hello"


async def test_a_reset_ends_lines_and_lets_new_ones_in(proxy: FaultProxy, a_line: Opens) -> None:
    line = await a_line()
    await echoed(line, b"hello")
    proxy.begin(LineFault("reset"))
    with pytest.raises(ConnectionResetError):
        await line[0].read(1)
    assert await echoed(await a_line(), b"hello") == b"hello"


@pytest.mark.parametrize("kind", ["hang", "one_way_in", "one_way_out"])
async def test_what_hangs_comes_when_it_is_healed(proxy: FaultProxy, a_line: Opens, kind: str) -> None:
    line = await a_line()
    await echoed(line, b"hello")
    proxy.begin(LineFault(kind))  # type: ignore[arg-type]
    line[1].write(b"later")
    assert await nothing_comes(line)
    proxy.heal()
    assert await line[0].readexactly(5) == b"later"


async def test_a_fault_of_a_share_leaves_the_others_alone(proxy: FaultProxy, a_line: Opens) -> None:
    lines = [await a_line() for _ in range(20)]
    for line in lines:
        await echoed(line, b"hello")
    proxy.begin(LineFault("hang", share=0.5))
    for line in lines:
        line[1].write(b"hello")
    hang = await asyncio.gather(*(nothing_comes(line) for line in lines))
    assert 0 < sum(hang) < 20


@pytest.mark.parametrize("fault", [LineFault("delay", seconds=0.05), LineFault("throttle", bytes_per_second=50_000)])
async def test_a_slow_line_brings_everything_in_order(proxy: FaultProxy, a_line: Opens, fault: LineFault) -> None:
    proxy.begin(fault)
    line = await a_line()
    numbers = b"".join(n.to_bytes(4, "big") for n in range(2_000))
    assert await echoed(line, numbers) == numbers
