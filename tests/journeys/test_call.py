"""The main road in real browsers: caller, two peers and a volunteer at once.

A card counts as delivered only once it is in the DOM: what the caller's screen says ("We are asking 2 people") is
compared with what the peers' pages show.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.journeys.stories import come, four_people, heading, notes, press, say, step_in, talk
from tests.journeys.world import World

pytestmark = pytest.mark.browser


async def test_a_peer_answers_and_they_talk(world: World) -> None:
    """UC1–UC8, UC12: press → card in the DOM → coming → in the room → words both ways → here → ended."""
    ana, maria, jo, _noor = await four_people(world)
    await press(ana)
    for peer in (maria, jo):
        await expect(peer.p.get_by_role("alertdialog")).to_contain_text(f"Ana is asking you, {peer.name}")
    await expect(heading(ana)).to_have_text("We are asking 2 people.")

    await come(maria)
    await expect(heading(ana)).to_contain_text("Maria is coming.")
    await step_in(maria)
    await expect(ana.p.locator("body")).to_contain_text("Maria is in the room.")
    await talk(ana, maria)
    await expect(ana.p.locator("body")).to_contain_text("Maria here since")
    # UC6: with one here the other card stays, and is silent; nothing tells Ana how many looked (UC8).
    await expect(jo.p.get_by_role("alertdialog")).to_be_visible()

    await ana.p.get_by_role("button", name="End the call").click()
    await ana.settle()
    await ana.p.get_by_role("button", name="Better").click()
    await ana.screen("ended")
    await expect(maria.p.locator("body")).to_contain_text("The call has ended.")
    await expect(jo.p.locator("body")).to_contain_text("This call has ended. Thank you.")


async def test_uc08_only_a_card_in_the_page_counts_as_delivered(world: World) -> None:
    """Jo's page hangs: its socket is open and takes the card, but nothing is shown. Ana is told the truth."""
    ana, maria, jo, _noor = await four_people(world)
    hung = asyncio.ensure_future(jo.p.evaluate("() => { const end = Date.now() + 4000; while (Date.now() < end); }"))
    await press(ana)
    await expect(maria.p.get_by_role("alertdialog")).to_be_visible()
    await expect(ana.p.locator("body")).to_contain_text("1 of 2 have it on their screen so far.")
    await hung
    await expect(jo.p.get_by_role("alertdialog")).to_be_visible()
    await expect(ana.p.locator("body")).to_contain_text(re.compile(r"All \d have it on their screen."))


async def test_a_pledge_lapses_and_every_overdue_ring_goes(world: World) -> None:
    """UC4: while the pledge runs the volunteers wait; when it lapses they are rung at once, and the screen is true."""
    ana, maria, _jo, noor = await four_people(world)
    await press(ana)
    await come(maria)
    await expect(heading(ana)).to_contain_text("Maria is coming.")
    await expect(maria.p.locator('[data-screen="lapsed"]')).to_be_visible(timeout=12_000)
    await expect(heading(ana)).not_to_contain_text("Maria")
    row = noor.p.get_by_role("button", name="Accept Ana")
    await expect(row).to_be_visible(timeout=6_000)
    await expect(noor.p.locator("body")).to_contain_text("pledge lapsed")
    # UC10 of `can't → coming`: whoever lapsed may still go in, and that counts.
    await maria.settle()
    await maria.p.get_by_role("button", name="Go to Ana").click()
    await expect(ana.p.locator("body")).to_contain_text("Maria is in the room.")


async def test_nobody_comes_and_the_volunteer_answers(world: World) -> None:
    """UC3, OC1, OC2: peers stay silent, the desk sounds until it is answered, and words open only then."""
    ana, maria, jo, noor = await four_people(world)
    await press(ana, words="I am outside the shop.")
    for peer in (maria, jo):
        await expect(peer.p.get_by_role("alertdialog")).to_be_visible()
        await peer.settle()
        await peer.p.get_by_role("button", name="Can’t now").click()
    accept = noor.p.get_by_role("button", name="Accept Ana")
    await expect(accept).to_be_visible(timeout=10_000)
    await expect(noor.p.locator("body")).not_to_contain_text("outside the shop")
    turn_on = noor.p.get_by_role("button", name="Turn sound on")
    if await turn_on.is_visible():  # browsers keep a page silent until it is tapped once
        await turn_on.click()
    await noor.p.wait_for_function("() => window.notes >= 4")  # it rings, and rings again, until it is answered
    await noor.settle()
    await accept.click()
    await expect(ana.p.locator("body")).to_contain_text("Noor is in the room.", timeout=8_000)
    rung = await notes(noor)
    await noor.p.wait_for_timeout(5_000)
    assert await notes(noor) == rung, "answered: the desk is silent"
    await say(noor, "I am Noor, on call tonight.")
    await expect(ana.p.locator("body")).to_contain_text("on call tonight")
    await say(ana, "Thank you for coming.")
    await expect(ana.p.locator("body")).to_contain_text("Noor here since")
    # The looks are in the audit log, which the coordinator can read.
    audit = await noor.do({"t": "read_audit"})
    assert audit[0]["t"] == "ok"


async def test_nobody_at_all_and_the_screen_says_so(world: World) -> None:
    """UC3, UC4, UC14: nobody is reachable: the fail-safe screen with the true words and the numbers, and it goes on."""
    ana = await world.someone("Ana")
    await world.a_group(ana)
    await ana.in_the_room()
    await ana.p.get_by_role("button", name="I need someone now").click()
    await ana.screen("ask")
    await expect(heading(ana)).to_contain_text("Nobody from the group is here right now.")
    await ana.settle()
    await ana.p.get_by_role("button", name="Ask the volunteers now").click()
    await ana.screen("failsafe")
    await expect(heading(ana)).to_have_text("Nobody has picked up yet.")
    body = ana.p.locator("body")
    await expect(body).to_contain_text("This says nothing about you.")
    await expect(body).to_contain_text("Beside cannot call them for you: it does not know where you are.")
    await expect(ana.p.get_by_role("link", name="116 123").first).to_have_attribute("href", "tel:116123")
    await expect(body).to_contain_text("We have not stopped")


async def test_cancel_and_undo_are_the_same_call(world: World) -> None:
    """UC9: everyone stands down, an accept after it hears that they are OK, and the undo brings the same call back."""
    ana, maria, jo, _noor = await four_people(world)
    await press(ana)
    await expect(maria.p.get_by_role("alertdialog")).to_be_visible()
    call = await maria.p.locator("[data-call]").first.get_attribute("data-call")
    await ana.settle()
    await ana.p.get_by_role("button", name="I’m OK now").click()
    await ana.screen("stopped")
    for peer in (maria, jo):
        await expect(peer.p.locator("body")).to_contain_text("Ana is OK now. Thank you.")
    await ana.settle()
    await ana.p.get_by_role("button", name="Ask them again").click()
    await expect(heading(ana)).to_have_text("We are asking 2 people.")
    await expect(maria.p.get_by_role("alertdialog")).to_contain_text("Ana is asking you, Maria")
    assert await maria.p.locator("[data-call]").first.get_attribute("data-call") == call


async def test_danger_now_calls_on_call_whatever_the_state(world: World) -> None:
    """UC17: held by a peer, one tap: the emergency number first, the desk sounds, the peer gets the short script."""
    ana, maria, _jo, noor = await four_people(world)
    await press(ana)
    await come(maria)
    await step_in(maria)
    await talk(ana, maria)
    await maria.p.get_by_role("button", name="Danger now").click()
    sheet = maria.p.locator('[data-screen="danger"]')
    await expect(sheet).to_contain_text("Call the emergency number first.")
    await expect(sheet).to_contain_text("Promise no secrecy")
    await expect(sheet.get_by_role("link", name="999")).to_be_visible()
    await expect(noor.p.get_by_role("button", name="Accept Ana")).to_be_visible(timeout=6_000)
    await expect(noor.p.locator("body")).to_contain_text("danger now")
    await expect(ana.p.locator("body")).to_contain_text("“Danger now” was pressed")
