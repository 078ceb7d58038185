"""Web processes of one deployment, each with its data folder, on a real PostgreSQL and a real Valkey; and what stands
in front of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from beside_client import Client, sign_up
from tests.contracts.valkey import a_valkey
from tests.postgres import Postgres
from tests.server.child import Child, free_port
from tests.worlds import AT_ONCE, PASSPHRASE, Member


class Front:
    """A proxy in small: a connection goes to the web that has fewest, and to another where that takes none."""

    def __init__(self, port: int, webs: list[int]) -> None:
        self._port = port
        self.open = dict.fromkeys(webs, 0)
        """Connections by the web's port."""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        try:
            yield
        finally:
            server.close()

    async def _serve(self, their: asyncio.StreamReader, to_them: asyncio.StreamWriter) -> None:
        for web in sorted(self.open, key=lambda port: self.open[port]):
            with suppress(ConnectionRefusedError):
                ours, to_us = await asyncio.open_connection("127.0.0.1", web)
                break
        else:
            to_them.close()
            return
        self.open[web] += 1
        await asyncio.gather(carry(their, to_us), carry(ours, to_them))
        self.open[web] -= 1


async def carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Until either side ends; then both know."""
    with suppress(OSError):
        while data := await source.read(2**16):
            to.write(data)
            await to.drain()
    to.close()


@dataclass(slots=True)
class Webs:
    """`origin` is what people type; something must listen there, a `Front` or a proxy."""

    children: list[Child]
    origin: str
    people: list[Client]

    @property
    def front_port(self) -> int:
        return int(self.origin.rpartition(":")[2])

    @property
    def ports(self) -> list[int]:
        return [child.port for child in self.children]

    async def person(self, name: str) -> Client:
        page = Client(await sign_up(self.origin, name.lower(), PASSPHRASE), backoff=AT_ONCE)
        self.people.append(page)
        return await page.start()

    async def a_group_with(self, first: str, *others: str) -> list[Member]:
        """The first is its moderator; the others joined by invite."""
        page = await self.person(first)
        made = await page.create_group("Sober evenings", first, blurb="", rules="", tags=["alcohol"])
        members = [Member(page, made)]
        for name in others:
            theirs = await self.person(name)
            members.append(Member(theirs, await theirs.use_invite(await page.make_invite(made["group"]), name)))
        return members


@asynccontextmanager
async def two_webs(folder: Path, postgres: Postgres) -> AsyncIterator[Webs]:
    async with AsyncExitStack() as stack:
        valkey = stack.enter_context(a_valkey(folder / "valkey"))
        url = await asyncio.to_thread(postgres.fresh)
        webs = Webs([], f"http://127.0.0.1:{free_port()}", [])
        shared = {"DATABASE_URL": url, "REDIS_URL": valkey.url, "BESIDE_PUBLIC_ORIGIN": webs.origin}
        for number in (1, 2):
            child = Child(folder / f"web{number}", free_port(), environment=shared)
            await child.start()
            stack.push_async_callback(child.stop)
            webs.children.append(child)
        try:
            yield webs
        finally:
            for page in webs.people:
                await page.close()
