"""Web Push end to end, against a push service of our own on this machine (PR4, UC3): sealed, neutral, pruned, acked."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import http_ece  # type: ignore[import-untyped]
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rooms.call import Reached
from tests.fakes import MovableClock
from tests.worlds import Member, World, a_group_with


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Phone:
    """A browser's side of Web Push: its keys, and the endpoint that its push service gave it."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def subscription(self) -> dict[str, Any]:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"endpoint": self.endpoint, "keys": {"p256dh": text_of(point), "auth": text_of(self.auth)}}

    def opened(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(plain)
        return found


@dataclass
class PushService:
    port: int = 0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 201

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((request.path, headers, await request.read()))
        return web.Response(status=self.status)


@pytest.fixture
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    app = web.Application()
    app.router.add_post("/push/{id}", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.port = runner.addresses[0][1]
    yield service
    await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path, clock: MovableClock) -> AsyncIterator[World]:
    """A server that may push to this machine: what only tests may allow."""
    made = await World.begin(tmp_path / "data", clock, local_push=True)
    yield made
    await made.end()


async def a_sleeping_peer(world: World, service: PushService) -> tuple[Member, Member, Phone]:
    """Ana, and Maria, who is open to calls with her phone locked: no page, but notifications."""
    maria, ana = await a_group_with(world, "Maria", "Ana")
    await maria.be_available()
    phone = Phone(f"http://127.0.0.1:{service.port}/push/maria")
    await maria.page.account.post("push", phone.subscription())
    await maria.page.close()
    await world.pass_time(1)
    return ana, maria, phone


async def sent(world: World, service: PushService, count: int) -> None:
    """Wait until so many pushes have arrived; the timers send them."""
    for _ in range(100):
        if len(service.got) >= count:
            return
        await world.beside.push.send_due()
        await world.beside.push.close()
    raise AssertionError(f"{len(service.got)} of {count} pushes came")


async def test_pr4_a_locked_phone_is_rung_by_a_sealed_neutral_notification(
    world: World, push_service: PushService
) -> None:
    ana, _maria, phone = await a_sleeping_peer(world, push_service)
    call = (await ana.page.ask("raise_call", group=ana.group, words="I am outside the shop."))["call"]
    await sent(world, push_service, 1)
    path, headers, body = push_service.got[0]
    assert path == "/push/maria"
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["urgency"] == "high"
    assert headers["authorization"].startswith("vapid ")
    for secret in (b"Ana", b"Sober", b"shop", call.encode()):
        assert secret not in body
    inside = phone.opened(body)
    assert inside["kind"] == "ring"
    assert set(inside) == {"kind", "token"}, "not even the sealed part names anyone"

    # Taken by the push service is *sent*, which is not delivered.
    stored = await world.beside.store.read(lambda tx: tx.calls.get(call))
    assert stored is not None
    assert [r.reached for r in stored.recipients.values()] == [Reached.SENT]
    # UC8: "asking" counts the notification only once the device says that it is shown.
    assert (await ana.page.until(lambda s: s.my_call))["asked"] == 0
    await ana.page.account.post("push/shown", {"token": inside["token"]})
    await ana.page.until(lambda s: s.my_call_when(asked=1))


async def test_rings_are_resent_until_the_device_acks(world: World, push_service: PushService) -> None:
    ana, _maria, phone = await a_sleeping_peer(world, push_service)
    await ana.page.ask("raise_call", group=ana.group)
    await sent(world, push_service, 1)
    world.clock.advance(1_100)
    await sent(world, push_service, 2)
    tokens = {phone.opened(body)["token"] for _, _, body in push_service.got}
    assert len(tokens) == 1, "one notification, however often it is sent"
    await ana.page.account.post("push/shown", {"token": tokens.pop()})
    world.clock.advance(10_000)
    await world.beside.push.send_due()
    await world.beside.push.close()
    assert len(push_service.got) == 2


async def test_a_dead_subscription_is_pruned(world: World, push_service: PushService) -> None:
    ana, maria, _phone = await a_sleeping_peer(world, push_service)
    push_service.status = 410
    await ana.page.ask("raise_call", group=ana.group)
    await sent(world, push_service, 1)
    account = await world.beside.store.read(lambda tx: tx.groups.member(maria.id))  # type: ignore[arg-type]
    assert account is not None
    assert await world.beside.store.read(lambda tx: tx.accounts.push_targets(account.account)) == []


async def test_uc10_a_lost_caller_is_notified_after_two_minutes_but_not_after_quick_exit(
    world: World, push_service: PushService
) -> None:
    for stepped_away, expected in ((False, ["return"]), (True, [])):
        name = f"Ana {stepped_away}"
        (ana,) = await a_group_with(world, name, group=f"Group {stepped_away}")
        phone = Phone(f"http://127.0.0.1:{push_service.port}/push/{stepped_away}")
        await ana.page.account.post("push", phone.subscription())
        call = (await ana.page.ask("raise_call", group=ana.group))["call"]
        if stepped_away:
            await ana.page.ask("step_away", call=call)
        push_service.got.clear()
        await ana.page.close()
        await world.pass_time(125)
        await world.beside.push.send_due()
        await world.beside.push.close()
        assert [phone.opened(b)["kind"] for p, _, b in push_service.got if p.endswith(str(stepped_away))] == expected


@pytest.mark.parametrize(
    "endpoint",
    ["http://push.example/x", "https://127.0.0.1/x", "https://10.0.0.8/x", "https://localhost/x", "https://a.local/x",
     "https://push.example:8443/x"],
)  # fmt: skip
async def test_a_push_endpoint_of_the_servers_own_network_is_refused(tmp_path: Path, endpoint: str) -> None:
    world = await World.begin(tmp_path / "data")
    try:
        ana = await world.account("ana")
        with pytest.raises(Exception, match=r"bad_frame|did not make sense"):
            await ana.post("push", Phone(endpoint).subscription())
    finally:
        await world.end()
