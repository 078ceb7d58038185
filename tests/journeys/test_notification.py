"""A locked phone (PR4): the service worker shows a neutral notification, and only that counts as delivered (UC8)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest
from playwright.async_api import expect

from tests.journeys.stories import press
from tests.journeys.world import Someone, World

pytestmark = pytest.mark.browser


def token_of_the_page(world: World) -> str | None:
    """The token of the only notification that is due, as the server would send it inside the sealed push."""
    with closing(sqlite3.connect(world.server.data / "beside.db")) as db:
        row = db.execute("SELECT token FROM pages WHERE kind = 'ring'").fetchone()
    return row[0] if row else None


async def push_to(person: Someone, data: dict[str, str]) -> list[list[str]]:
    """Hand a push message to the page's service worker, as the browser does; returns the notifications shown."""
    session = await person.context.new_cdp_session(person.p)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def registered(event: dict[str, list[dict[str, str]]]) -> None:
        for registration in event["registrations"]:
            if not found.done():
                found.set_result(registration["registrationId"])

    session.on("ServiceWorker.workerRegistrationUpdated", registered)
    await session.send("ServiceWorker.enable")
    registration = await asyncio.wait_for(found, 10)
    await session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": person.server.base, "registrationId": registration, "data": json.dumps(data)},
    )
    await person.p.wait_for_function(
        "() => navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.length > 0)"
    )
    shown: list[list[str]] = await person.p.evaluate(
        "() => navigator.serviceWorker.ready.then(r => r.getNotifications())"
        ".then(all => all.map(n => [n.title, n.body]))"
    )
    return shown


async def test_pr4_a_notification_is_neutral_and_counts_only_once_it_is_shown(world: World) -> None:
    ana = await world.someone("Ana")
    maria = await world.someone("Maria", permissions=["notifications"])
    await world.a_group(maria, ana)
    await maria.open("/")
    if await maria.p.evaluate("Notification.permission") != "granted":
        pytest.skip("this Chromium grants no notifications (the one from npm does not; Debian's does)")
    await maria.p.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    await world.open_to_calls(maria)
    keys = {
        "p256dh": "BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U",
        "auth": "x" * 22,
    }
    await maria.post("/api/push", {"endpoint": "https://push.example.org/maria", "keys": keys})
    await maria.p.goto(world.server.base + "/weather")  # no page of Beside is open on her phone any more

    await ana.in_the_room()
    await expect(ana.p.locator("body")).to_contain_text("1 can be here now")
    await press(ana)
    await expect(ana.p.locator("body")).to_contain_text("No screen has it yet.")
    token = token_of_the_page(world)
    assert token is not None
    shown = await push_to(maria, {"token": token, "kind": "ring"})
    assert len(shown) == 1
    words = " ".join(shown[0])
    for secret in ("Ana", "Sober", "Beside"):
        assert secret not in words
    await expect(ana.p.locator("body")).to_contain_text("They have it on their screen.")
