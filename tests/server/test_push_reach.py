"""A push endpoint is a member's word: the server posts to no address of its own network, whatever it is told there."""

from __future__ import annotations

import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from presence.ids import CallId, DeviceId, MemberId
from server.bus.local import LocalBus
from server.paging.webpush import WebPush, public_socket
from server.records import DuePage, Page, PushTarget
from tests.fakes import MovableClock
from tests.server.test_push import Phone


async def sent(endpoint: str, *, local: bool) -> int:
    key = Vapid02(ec.generate_private_key(ec.SECP256R1()))

    async def on_sent(_page: Page) -> None: ...

    push = WebPush(None, MovableClock(), key, "", on_sent, LocalBus().first, local=local)  # type: ignore[arg-type]
    keys = Phone(endpoint).subscription()["keys"]
    page = Page(CallId("call"), 1, DeviceId("phone"), MemberId("maria"), "ring", "token", 0)
    status = await push._post(DuePage(page, 0, PushTarget(DeviceId("phone"), endpoint, keys["p256dh"], keys["auth"])))
    await push.close()
    return status


async def test_a_push_service_cannot_send_the_server_elsewhere() -> None:
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/inside"})

    app = web.Application()
    app.router.add_route("*", "/{any}", take)
    async with TestServer(app) as server:
        assert await sent(str(server.make_url("/push")), local=True) == 307
        assert asked == ["/push"]
        assert await sent(str(server.make_url("/push")), local=False) == 0, "this machine is not the open internet"
        assert asked == ["/push"]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"]
)
def test_no_socket_to_a_private_address(address: str) -> None:
    with pytest.raises(OSError, match="not a public address"):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)))


@pytest.mark.parametrize("address", ["::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::"])
def test_no_socket_to_a_private_address_of_ipv6(address: str) -> None:
    with pytest.raises(OSError, match="not a public address"):
        public_socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 443, 0, 0)))


def test_a_public_address_is_reached() -> None:
    public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))).close()
