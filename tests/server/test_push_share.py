"""A push service that hangs takes its share of what the server sends at once, and no more (UC3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from beside_client import sign_in
from server.paging import webpush
from server.paging.webpush import host_of
from tests.fakes import MovableClock
from tests.server.test_push import Phone
from tests.worlds import PASSPHRASE, Member, World, a_group_with


@dataclass
class Service:
    """A push service of our own. It answers once `answers` is set."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await self.answers.wait()
        return web.Response(status=201)

    def phone(self, name: str) -> Phone:
        return Phone(f"http://127.0.0.1:{self.port}/push/{name}")


@asynccontextmanager
async def a_service(*, hangs: bool) -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_post("/push/{id}", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.port = runner.addresses[0][1]
    if not hangs:
        service.answers.set()
    try:
        yield service
    finally:
        service.answers.set()
        await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A server with few slots, where nothing that hangs ever times out by itself."""
    monkeypatch.setattr(webpush, "AT_ONCE", 6)
    monkeypatch.setattr(webpush, "PER_HOST_AT_ONCE", 4)
    monkeypatch.setattr(webpush, "TIMEOUT_SECONDS", 600)
    made = await World.begin(tmp_path / "data", clock, local_push=True)
    yield made
    await made.end()


async def asleep(member: Member, *phones: Phone) -> None:
    """Open to calls, with no page, and these phones: each its own device."""
    await member.be_available()
    first = member.page.account
    devices = [first, *[await sign_in(first.base_url, member.name.lower(), PASSPHRASE) for _ in phones[1:]]]
    for device, phone in zip(devices, phones, strict=True):
        await device.post("push", phone.subscription())
    await member.page.close()


async def asked(world: World, service: Service, wanted: str) -> None:
    async with asyncio.timeout(10):
        while wanted not in service.asked:
            await world.beside.push.send_due()
            await asyncio.sleep(0.01)


async def test_uc03_a_host_that_hangs_keeps_nobody_else_s_phone_silent(world: World) -> None:
    async with a_service(hangs=True) as hanging, a_service(hangs=False) as sound:
        ana, *others, tom = await a_group_with(world, "Ana", *(f"Peer {n}" for n in range(10)), "Tom")
        for number, peer in enumerate(others):
            await asleep(peer, hanging.phone(f"{number}"))
        await asleep(tom, sound.phone("tom"))
        await world.pass_time(1)
        await ana.page.raise_call(ana.group)
        await asked(world, sound, "/push/tom")
        async with asyncio.timeout(10):
            while len(hanging.asked) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert len(hanging.asked) == 4, "its share"
        hanging.answers.set()
        await asked(world, hanging, "/push/9")


async def test_uc03_one_person_s_many_phones_keep_nobody_else_s_silent(world: World) -> None:
    async with a_service(hangs=True) as one, a_service(hangs=True) as two, a_service(hangs=False) as sound:
        ana, maria, tom = await a_group_with(world, "Ana", "Maria", "Tom")
        phones = [service.phone(f"{number}") for number in range(6) for service in (one, two)]
        await asleep(maria, *phones)
        await asleep(tom, sound.phone("tom"))
        await world.pass_time(1)
        await ana.page.raise_call(ana.group)
        await asked(world, sound, "/push/tom")
        assert len(world.beside.push._in_flight) <= webpush.PER_PERSON_AT_ONCE + 1
        for service in (one, two):
            service.answers.set()


async def test_uc03_a_host_that_did_not_answer_is_asked_one_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webpush, "TIMEOUT_SECONDS", 0.2)
    async with a_service(hangs=True) as hanging:
        ana, *others = await a_group_with(world, "Ana", *(f"Peer {n}" for n in range(8)))
        for number, peer in enumerate(others):
            await asleep(peer, hanging.phone(f"{number}"))
        await world.pass_time(1)
        await ana.page.raise_call(ana.group)
        async with asyncio.timeout(10):
            while len(hanging.asked) < 5:  # the fifth comes once the first four were given up
                await world.beside.push.send_due()
                await asyncio.sleep(0.01)
        most = 1
        async with asyncio.timeout(10):
            while len(hanging.asked) < 8:
                await world.beside.push.send_due()
                most = max(most, len(world.beside.push._in_flight))
                await asyncio.sleep(0.01)
        assert most == 1
        hanging.answers.set()


def test_a_host_has_one_spelling() -> None:
    for endpoint in ("https://push.example/a", "https://PUSH.example/b", "https://me@push.example/c"):
        assert host_of(endpoint) == "push.example:"
