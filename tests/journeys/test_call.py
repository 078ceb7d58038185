"""The main road in real browsers: caller, two peers and a volunteer at once."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.world import DESKTOP, Someone, World

pytestmark = pytest.mark.browser


async def four_people(world: World) -> tuple[Someone, Someone, Someone, Someone]:
    """Ana will call; Maria and Jo are open to calls; Noor is on shift at the desk."""
    noor = await world.someone("Noor", coordinator=True, viewport=DESKTOP)
    ana, maria, jo = [await world.someone(name) for name in ("Ana", "Maria", "Jo")]
    await world.a_group(maria, ana, jo)
    await world.open_to_calls(maria, jo)
    await world.on_shift(noor)
    for person in (ana, maria, jo):
        await in_the_room(person)
    await noor.open("/oncall")
    return ana, maria, jo, noor


async def in_the_room(person: Someone) -> None:
    await person.open("/")
    await person.p.get_by_text("Sober evenings").first.click()
    await person.screen("room")


async def press(ana: Someone) -> None:
    await ana.p.get_by_role("button", name="I need someone now").click()
    await ana.screen("ask")
    await ana.settle()
    await ana.p.get_by_role("button", name="Ask them now").click()


async def test_a_peer_answers_and_they_talk(world: World) -> None:
    """UC1–UC8: press → card in the DOM → coming → in the room → words both ways → here → closed."""
    ana, maria, jo, _noor = await four_people(world)
    await press(ana)
    for peer in (maria, jo):
        await expect(peer.p.get_by_role("alertdialog")).to_contain_text(f"Ana is asking you, {peer.name}")
    await expect(ana.p.get_by_role("heading", level=1).last).to_contain_text("asking 2 people")

    await maria.settle()
    await maria.p.get_by_role("button", name="Coming").click()
    await expect(ana.p.locator('[data-screen="coming"]')).to_contain_text("Maria is coming")
    await maria.settle()
    await maria.p.get_by_role("button", name="Go to Ana").click()
    await maria.screen("helping")
    await expect(ana.p.locator("body")).to_contain_text("Maria is in the room")

    await maria.p.get_by_role("textbox").fill("I'm here. Take your time.")
    await maria.p.keyboard.press("Control+Enter")
    await expect(ana.p.locator("body")).to_contain_text("Take your time")
    await ana.p.get_by_role("textbox").fill("I had the money out already.")
    await ana.p.keyboard.press("Control+Enter")
    await expect(maria.p.locator("body")).to_contain_text("money out")
    await expect(ana.p.locator("body")).to_contain_text("Maria here")
