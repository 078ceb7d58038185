"""The line: tabs that close, a server that is killed, a server that does not come back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.stories import come, four_people, heading, press, say, step_in, talk
from tests.journeys.world import World

pytestmark = pytest.mark.browser


async def test_the_caller_closes_the_tab_and_returns(world: World) -> None:
    """UC10: the call lives, the helper sees the lost line, and the same call is there when the caller is back."""
    ana, maria, _jo, _noor = await four_people(world)
    await press(ana)
    await come(maria)
    await step_in(maria)
    await talk(ana, maria)
    await ana.p.close()
    await expect(maria.p.locator("body")).to_contain_text("Ana’s connection was lost", timeout=5_000)
    await say(maria, "I am still here.")
    await ana.open("/")
    await ana.screen("call")
    await expect(ana.p.locator("body")).to_contain_text("I am still here.")
    await expect(ana.p.locator("body")).to_contain_text("money out")
    await expect(maria.p.locator("body")).not_to_contain_text("connection was lost")


async def test_the_server_is_killed_under_open_pages_and_comes_back(world: World) -> None:
    """Nothing that was shown as saved is gone; pages say that the line is down and come back by themselves."""
    ana, maria, jo, _noor = await four_people(world)
    await press(ana)
    await come(maria)
    await step_in(maria)
    await talk(ana, maria)
    await world.server.kill()
    await expect(ana.p.locator("body")).not_to_contain_text("Live", timeout=5_000)
    await maria.p.get_by_role("textbox").fill("Written while the line was down.")
    await maria.p.keyboard.press("Control+Enter")
    await world.server.start()
    await expect(ana.p.locator("body")).to_contain_text("Written while the line was down.", timeout=20_000)
    await expect(ana.p.locator("body")).to_contain_text("money out")
    await expect(jo.p.get_by_role("alertdialog")).to_be_visible(timeout=20_000)
    said = ana.p.get_by_text("Written while the line was down.")
    assert await said.count() == 1, "a retry is one message"


async def test_the_server_is_gone_for_good(world: World) -> None:
    """UC1, UC15: within 5 s the page's own fail-safe: the truth, the numbers and the plan from the device."""
    ana = await world.someone("Ana")
    await world.a_group(ana)
    await ana.in_the_room()
    await ana.p.wait_for_function("navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready")
    await world.server.kill()
    await ana.p.get_by_role("button", name="I need someone now").click()
    await ana.screen("ask")
    await ana.settle()
    await ana.p.get_by_role("button", name="Ask now").click()
    await ana.screen("unreached", within_ms=8_000)
    await expect(heading(ana)).to_contain_text("We cannot reach our server.")
    await expect(ana.p.locator("body")).to_contain_text("Nobody has been asked.")
    await expect(ana.p.get_by_role("link", name="116 123").first).to_be_visible()
    # The offline shell: the page opens without any server at all, with the numbers.
    await ana.p.reload()
    await expect(ana.p.get_by_role("link", name="116 123").first).to_be_visible(timeout=10_000)
    # And when the server is back after all, the call that waited on the page goes out once.
    await world.server.start()
