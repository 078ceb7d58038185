"""Clients who mean harm or know no better: raw sockets that send too much, too slowly, read nothing, or go at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Iterable

import aiohttp
import msgpack
from websockets.exceptions import WebSocketException

from beside_client import Account, Refused, new_key
from tests.faults.history import History, Said
from tests.faults.people import now
from tests.server.raw import Line, LineClosed, joined

NO_LINE = (OSError, TimeoutError, LineClosed, Refused, aiohttp.ClientError, WebSocketException)
STALLED = 6
SLOW_HEADERS = 100
TINY_FRAMES = 4_000
CANCELS = 40
AT_A_TIME = 10


async def stalled_readers(account: Account, room: str) -> list[Line]:
    """Each opens a room, asks for its entries again and again, and reads nothing of it."""
    lines = []
    for _ in range(STALLED):
        with contextlib.suppress(*NO_LINE):
            line = await joined(account)
            lines.append(line)
            await line.ask("open_room", room=room)
            line.socket.transport.pause_reading()
            for _ in range(50):
                await line.send({"t": "fetch_entries", "k": new_key(), "room": room, "after": 0, "before": 2**40})
    return lines


async def slow_headers(host: str, port: int) -> list[asyncio.StreamWriter]:
    """Each begins a request and does not end it."""
    writers = []
    for _ in range(SLOW_HEADERS):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET /ws HTTP/1.1\r\nHost: slow\r\nX-")
            writers.append(writer)
    return writers


async def tiny_frames(account: Account) -> None:
    """Thousands of frames that are the smallest there are, and some that are none, as fast as the line takes them."""
    with contextlib.suppress(*NO_LINE):
        line = await joined(account)
        try:
            for number in range(TINY_FRAMES):
                await line.send_bytes(msgpack.packb({"t": "beat", "n": number}) if number % 50 else b"\xc0")
        finally:
            await line.close()


async def cancels(account: Account, room: str, history: History, chance: random.Random) -> None:
    """Each says a word and is gone before the answer. Whether it was said is the store's to know."""

    async def one(number: int) -> None:
        word = f"{account.login}-{number}-{new_key()}"
        with contextlib.suppress(*NO_LINE):
            line = await joined(account)
            try:
                history.said.append(Said(now(), account.login, room, word))
                await line.send({"t": "say", "k": new_key(), "room": room, "text": f"{word} some more words"})
                await asyncio.sleep(chance.uniform(0, 0.1))
            finally:
                line.socket.transport.abort()
                await line.close()

    await _a_few_at_a_time(one(n) for n in range(CANCELS))


async def _a_few_at_a_time(all_: Iterable[Awaitable[None]]) -> None:
    gate = asyncio.Semaphore(AT_A_TIME)

    async def through(work: Awaitable[None]) -> None:
        async with gate:
            await work

    await asyncio.gather(*(through(work) for work in all_))
