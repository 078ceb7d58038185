"""Stories to begin with: one real server on a real port, and people with real sockets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from beside_client import Account, Backoff, Client, Over, sign_up
from server.app import Beside, start
from server.settings import Settings
from tests.fakes import MovableClock, cheap_passphrases
from tests.postgres import shared

STORE = os.environ.get("BESIDE_TEST_STORE", "sqlite")
"""With `postgres` every world has a database of its own on a real PostgreSQL (docs/decisions/0014)."""
PASSPHRASE = "a long enough passphrase"
STEP_MS = 5_000
"""Time passes in steps below the 6 s of a beat, so that pages that live can show it."""
AT_ONCE = Backoff(first_seconds=0.02, most_seconds=0.05)


@dataclass
class World:
    """A server and everyone in it. `clock` stands still unless `pass_time` moves it."""

    beside: Beside
    clock: MovableClock
    people: list[Client] = field(default_factory=list)
    local_push: bool = False
    """Notifications may be pushed to this machine: what only tests may allow."""

    @classmethod
    async def begin(
        cls,
        data: Path,
        clock: MovableClock | None = None,
        settings: Settings | None = None,
        *,
        local_push: bool = False,
    ) -> Self:
        clock = clock or MovableClock()
        settings = replace(settings or Settings(), port=0, data=data, drain_spread_seconds=0)
        if not settings.database_url and STORE == "postgres":
            settings = replace(settings, database_url=await asyncio.to_thread(lambda: shared().fresh()))
        beside = await start(settings, clock, passphrases=cheap_passphrases(), local_push=local_push)
        return cls(beside, clock, local_push=local_push)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.beside.port}"

    @property
    def first_token(self) -> str:
        """The secret part of the one-time link that makes the first coordinator."""
        assert self.beside.first_link is not None
        return self.beside.first_link.removeprefix("/#first=")

    async def end(self) -> None:
        for person in self.people:
            await person.close()
        await self.beside.stop()
        url = self.beside.settings.database_url
        if STORE == "postgres" and str(shared().folder) in url:
            await asyncio.to_thread(lambda: shared().drop(url))

    async def restart(
        self, *, down_for_seconds: int = 0, meanwhile: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        """The server stops and comes back on the same port with the same data; people keep their pages."""
        await self.beside.stop()
        if meanwhile is not None:
            await meanwhile()
        self.clock.advance(down_for_seconds * 1000)
        self.beside = await start(
            self.beside.settings, self.clock, passphrases=cheap_passphrases(), local_push=self.local_push
        )

    async def account(self, login: str, *, first_token: str = "") -> Account:
        return await sign_up(self.url, login, PASSPHRASE, first_token=first_token)

    async def page_of(self, account: Account, **options: Any) -> Client:
        """A page of someone who has an account. Closed when the world ends."""
        page = Client(account, backoff=AT_ONCE, **options)
        self.people.append(page)
        return await page.start()

    async def person(self, login: str, **options: Any) -> Client:
        """Someone new, with a page."""
        return await self.page_of(await self.account(login), **options)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for everyone: pages that answer beats go on living, due deadlines happen."""
        left = round(seconds * 1000)
        while left > 0:
            self.clock.advance(min(left, STEP_MS))
            left -= STEP_MS
            self.beside.arrivals.watch_lines()
            for _ in range(2):  # the second answer comes after the page's own answer to the beat
                for person in self.people:
                    if person.state.connected:
                        with suppress(Over):  # signed out in the meantime
                            await person.set_visible(person.visible)
            await self.beside.timers.look()
            await self.beside.timers.look_at_actions()


@dataclass
class Member:
    """Someone in a group: their page, and their membership as they see it."""

    page: Client
    membership: dict[str, Any]

    @property
    def group(self) -> str:
        return str(self.membership["group"])

    @property
    def room(self) -> str:
        return str(self.membership["room"])

    @property
    def id(self) -> str:
        return str(self.membership["me"])

    @property
    def name(self) -> str:
        return str(self.membership["my_name"])

    async def be_available(self) -> None:
        await self.page.finish_introduction(self.group)
        await self.page.set_availability(self.group, "open")

    async def go_into(self, call: str) -> str:
        """Come to a call and read its room. Returns the room."""
        await self.page.until(lambda state: state.card_of(call))
        await self.page.answer_call(call, "coming")
        room = await self.page.enter_call(call)
        await self.page.open_room(room)
        return room


@asynccontextmanager
async def a_world(
    data: Path, clock: MovableClock | None = None, settings: Settings | None = None
) -> AsyncIterator[World]:
    world = await World.begin(data, clock, settings)
    try:
        yield world
    finally:
        await world.end()


async def a_group_with(world: World, *names: str, group: str = "Sober evenings") -> list[Member]:
    """A group whose first person is its moderator; the others joined by invite. Nobody is available yet."""
    first, *others = names
    page = await world.person(first.lower())
    made = await page.create_group(
        group, first, blurb="For evenings without a drink.", rules="What is said here stays here.", tags=["alcohol"]
    )
    members = [Member(page, made)]
    for name in others:
        invite = await page.make_invite(made["group"])
        theirs = await world.person(name.lower())
        members.append(Member(theirs, await theirs.use_invite(invite, name)))
    return members
