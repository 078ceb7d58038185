"""The proxies' samples with several nodes: whoever comes is brought to a node that can do something for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from server.store.postgres import POLL_EVERY_SECONDS
from tests.nodes.webs import Webs, two_webs
from tests.postgres import Postgres
from tests.server.proxies import answers, caddy, nginx, running

WITHIN_SECONDS = 30
Proxy = Callable[[Path, int, list[int]], tuple[list[str], dict[str, str]]]
PROXIES = pytest.mark.parametrize("proxy", [nginx, caddy])


@pytest.fixture
async def webs(tmp_path: Path, own_postgres: Postgres) -> AsyncIterator[Webs]:
    async with two_webs(tmp_path, own_postgres) as there:
        yield there


@contextmanager
def in_front(proxy: Proxy, webs: Webs, folder: Path) -> Iterator[None]:
    place = folder / "proxy"
    place.mkdir(parents=True)
    words, more = proxy(place, webs.front_port, webs.ports)
    with running(words, more, place):
        yield


async def comes_up(webs: Webs) -> None:
    async with asyncio.timeout(WITHIN_SECONDS), aiohttp.ClientSession() as line:
        while not await answers(line, f"{webs.origin}/healthz"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # another process tells of nothing: it is asked until it is so


@PROXIES
async def test_with_a_node_gone_everyone_is_answered_by_the_other(proxy: Proxy, webs: Webs, tmp_path: Path) -> None:
    """A proxy that counts connections likes a node best that is gone, because it has none."""
    with in_front(proxy, webs, tmp_path):
        await comes_up(webs)
        pages = [await webs.person(name) for name in ("Ana", "Maria", "Jo")]
        assert await webs.children[1].stop() == 0
        async with aiohttp.ClientSession() as line:
            assert [await answers(line, f"{webs.origin}/healthz") for _ in range(20)] == [True] * 20
        for page in pages:
            await page.until(lambda s: s.connected, WITHIN_SECONDS)
        await webs.person("Tom")


@PROXIES
async def test_uc15_people_come_in_while_the_database_is_gone(
    proxy: Proxy, webs: Webs, tmp_path: Path, own_postgres: Postgres
) -> None:
    """The nodes carry calls then, and say that they are not ready: a proxy that went by that would bring nobody in."""
    with in_front(proxy, webs, tmp_path):
        await comes_up(webs)
        maria, ana = await webs.a_group_with("Maria", "Ana")
        await maria.be_available()
        await asyncio.sleep(2 * POLL_EVERY_SECONDS)  # until the other node has heard of it, if by the store alone
    own_postgres.stop()
    try:
        async with asyncio.timeout(WITHIN_SECONDS), aiohttp.ClientSession() as line:
            for child in webs.children:
                while await answers(line, f"{child.url}/readyz"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        with in_front(proxy, webs, tmp_path / "again"):
            raised = await ana.page.ask("raise_call", group=ana.group)
            assert raised["saved"] is False
            await maria.page.until(lambda s: s.card_of(raised["call"]), WITHIN_SECONDS)
    finally:
        await asyncio.to_thread(own_postgres.start)
