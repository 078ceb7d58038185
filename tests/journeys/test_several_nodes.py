"""The processes of the Procfile, a PostgreSQL and a Redis that fail, and four people on two nodes.

What each step took is printed; none of it is asserted beyond that it happens.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.contracts.valkey import Valkey, a_valkey
from tests.journeys.stories import COUNT_NOTES, come, press, say, step_in
from tests.journeys.world import CHROMIUM_ARGS, DESKTOP, REPO, SHORT, Server, World, free_port
from tests.postgres import Postgres, a_postgres, must_have_postgres

pytestmark = pytest.mark.browser
WITHIN_MS = 30_000
PROCFILE = dict(line.split(": ", 1) for line in (REPO / "Procfile").read_text().splitlines() if line)
# The helper is awaited at leisure here: what is tried is who answers, not how soon a pledge lapses.
UNHURRIED = {**SHORT, "PLEDGE_MS": 60_000, "VOLUNTEERS_WAIT_FOR_PLEDGE_UNTIL_MS": 60_000}


def role(name: str) -> tuple[str, ...]:
    """The words of a role behind `beside`. A public address wants a proxy with TLS, so here it is this machine's."""
    _beside, *words = shlex.split(PROCFILE[name])
    plain = " ".join(words).replace("--host 0.0.0.0", "--host 127.0.0.1").replace("--port $PORT", "")
    return tuple(plain.split())


@dataclass(slots=True)
class Deployed:
    """Two web processes, timers and auditor. Ana and Maria are on the first, Jo and the volunteer on the second."""

    world: World
    second: Server
    postgres: Postgres
    valkey: Valkey
    auditor_port: int
    took: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str):  # type: ignore[no-untyped-def]
        began = time.monotonic()
        yield
        self.took[step] = time.monotonic() - began


@asynccontextmanager
async def deployed(folder: Path, postgres: Postgres) -> AsyncIterator[Deployed]:
    async with AsyncExitStack() as stack:
        valkey = stack.enter_context(a_valkey(folder / "valkey"))
        url = await asyncio.to_thread(postgres.fresh)
        ports = {"BESIDE_TIMERS_PORT": str(free_port()), "BESIDE_AUDITOR_PORT": str(free_port())}
        shared = {"DATABASE_URL": url, "REDIS_URL": valkey.url, "BESIDE_AUDITOR_EXPECTED": "1", **ports}
        policy = {f"BESIDE_POLICY_{name}": str(ms) for name, ms in UNHURRIED.items()}
        await beside(stack, folder, "release", shared, until_it_ends=True)
        webs = [Server(folder / f"web{n}", free_port(), UNHURRIED, shared, role("web")) for n in (1, 2)]
        for web in webs:
            await web.start()
            stack.push_async_callback(web.stop)
        for name in ("timers", "auditor"):
            await beside(stack, folder, name, {**shared, **policy})
        playwright = await stack.enter_async_context(async_playwright())
        path = os.environ.get("BESIDE_CHROMIUM") or "/usr/bin/chromium"
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        stack.push_async_callback(browser.close)
        yield Deployed(World(webs[0], browser), webs[1], postgres, valkey, int(ports["BESIDE_AUDITOR_PORT"]))


async def beside(
    stack: AsyncExitStack, folder: Path, name: str, environment: dict[str, str], *, until_it_ends: bool = False
) -> None:
    data = folder / name
    data.mkdir(exist_ok=True)
    with (folder / f"{name}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.cli", *role(name), cwd=REPO, stdout=log, stderr=log,
            env={**os.environ, **environment, "BESIDE_DATA": str(data)},
        )  # fmt: skip
    if until_it_ends:
        assert await process.wait() == 0, (folder / f"{name}.log").read_text()
        return

    async def end() -> None:
        assert process.returncode is None, f"{name} ended by itself: {(folder / f'{name}.log').read_text()[-2_000:]}"
        process.terminate()
        await process.wait()

    stack.push_async_callback(end)


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    must_have_postgres()
    with a_postgres() as server:
        yield server


@pytest.fixture
async def four_on_two_nodes(tmp_path: Path, postgres: Postgres) -> AsyncIterator[Deployed]:
    async with deployed(tmp_path, postgres) as there:
        yield there


async def test_redis_and_then_postgres_die_in_the_middle_of_a_call_and_it_is_answered(
    four_on_two_nodes: Deployed,
) -> None:
    there = four_on_two_nodes
    world = there.world
    noor = await world.someone("Noor", coordinator=True, viewport=DESKTOP, server=world.server)
    ana, maria = await world.someone("Ana"), await world.someone("Maria")
    jo = await world.someone("Jo", server=there.second)
    await world.a_group(maria, ana, jo)
    await world.open_to_calls(maria, jo)
    await world.on_shift(noor)
    noor.server = there.second
    for person in (ana, maria, jo):
        await person.in_the_room()
    await noor.context.add_init_script(f"({COUNT_NOTES})()")
    await noor.open("/oncall")
    await expect(ana.p.locator("body")).to_contain_text("2 can be here now")

    await press(ana)
    with there.timed("from the press to the card on the other node"):
        await expect(jo.p.get_by_role("alertdialog")).to_be_visible(timeout=WITHIN_MS)
    await expect(maria.p.get_by_role("alertdialog")).to_be_visible(timeout=WITHIN_MS)

    await asyncio.to_thread(there.valkey.kill)
    await come(jo)
    with there.timed("without Redis: from “Coming” on one node to the caller on the other"):
        await expect(ana.p.locator("body")).to_contain_text("Jo is on the way", timeout=WITHIN_MS)

    await asyncio.to_thread(there.postgres.stop)
    with there.timed("without both: Maria comes, on the caller's own node"):
        await come(maria)
        await expect(ana.p.locator("body")).to_contain_text("Maria", timeout=WITHIN_MS)
    await step_in(maria)
    with there.timed("without both: words both ways"):
        await say(maria, "I’m here. Take your time.")
        await expect(ana.p.locator("body")).to_contain_text("Take your time", timeout=WITHIN_MS)
        await say(ana, "I had the money out already.")
        await expect(maria.p.locator("body")).to_contain_text("money out", timeout=WITHIN_MS)

    await asyncio.to_thread(there.postgres.start)
    with there.timed("PostgreSQL is back: the other node has it all"):
        await step_in(jo)
        await expect(jo.p.locator("body")).to_contain_text("money out", timeout=WITHIN_MS)
    await asyncio.to_thread(there.valkey.start)
    with there.timed("Redis is back: words across"):
        await say(jo, "I am here too.")
        await expect(ana.p.locator("body")).to_contain_text("I am here too.", timeout=WITHIN_MS)
    for person in (ana, maria, jo):
        assert await person.p.get_by_text("money out").count() == 1, f"{person.name} sees it once"
    print(*(f"\n{step}: {seconds:.1f} s" for step, seconds in there.took.items()))
