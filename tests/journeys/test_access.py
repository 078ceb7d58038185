"""Everyone can use it: axe along a whole call, phone and desktop, light and dark; and the same by keyboard alone.

Every screen and state, without a server: test_gallery.py.
"""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.axe import Axe
from tests.journeys.stories import come, four_people, say
from tests.journeys.world import PASSPHRASE, PHONE, Someone, World

pytestmark = pytest.mark.browser
FOCUSED = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return '';
    return e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText || e.placeholder || '';
}"""


async def test_axe_finds_nothing_on_any_screen(world: World) -> None:
    axe = Axe()
    ana, maria, jo, noor = await four_people(world)
    await strangers_screens(world, axe)
    await members_screens(axe, maria)
    await axe.look(noor.p, "on-call, empty")
    await axe.look(ana.p, "room")
    await axe.look(maria.p, "room, open to calls")

    await ana.p.get_by_role("button", name="I need someone now").click()
    await ana.screen("ask")
    await axe.look(ana.p, "ask")
    await ana.settle()
    await ana.p.get_by_role("button", name="Ask them now").click()
    await expect(maria.p.get_by_role("alertdialog")).to_be_visible()
    await axe.look(ana.p, "ringing")
    await axe.look(maria.p, "card")
    await come(maria)
    await maria.screen("pledged")
    await axe.look(ana.p, "coming")
    await axe.look(maria.p, "pledged")
    await expect(noor.p.get_by_role("button", name="Accept Ana")).to_be_visible(timeout=15_000)
    await axe.look(noor.p, "on-call, a call")
    await maria.p.get_by_role("button", name="Go to Ana").click()
    await maria.screen("helping")
    await say(maria, "I’m here.")
    await say(ana, "Thank you.")
    await expect(ana.p.locator("body")).to_contain_text("Maria here since")
    await axe.look(ana.p, "call, caller")
    await axe.look(maria.p, "call, helper")
    await maria.p.get_by_role("button", name="Danger now").click()
    await maria.screen("danger")
    await axe.look(maria.p, "danger now")
    await noor.settle()
    await noor.p.get_by_role("button", name="Accept Ana").click()
    await noor.screen("helping")
    await axe.look(noor.p, "on-call, in a call")
    await ana.p.get_by_role("button", name="End the call").click()
    await axe.look(ana.p, "end")
    await ana.settle()
    await ana.p.get_by_role("button", name="Better").click()
    await ana.screen("ended")
    await axe.look(ana.p, "ended")
    await axe.look(maria.p, "ended, helper")
    await axe.look(jo.p, "stood down")

    await ana.p.get_by_role("button", name="Exit").click()
    await ana.p.wait_for_url("**/weather")
    await axe.look(ana.p, "weather")
    await ana.p.goto(world.server.base)
    await ana.screen("locked")
    await axe.look(ana.p, "locked")
    print(f"axe looked at {len(axe.checked)} states")
    assert not axe.found, "\n".join(axe.found)
    assert len(axe.checked) >= 28 * 4, "a screen was left out"


async def strangers_screens(world: World, axe: Axe) -> None:
    """Welcome, sign-up, codes, sign-in, recover, under age, numbers."""
    context = await world.browser.new_context(viewport=PHONE, locale="en-GB")
    sam = Someone("Sam", context, world.server)
    await sam.open("/")
    await sam.screen("welcome")
    await axe.look(sam.p, "welcome")
    await sam.p.get_by_role("button", name="Make an account").click()
    await sam.screen("sign-up")
    await axe.look(sam.p, "sign-up")
    await sam.p.get_by_label("A name to sign in with").fill("sam of the river")
    await sam.p.get_by_label("Passphrase").fill(PASSPHRASE)
    await sam.p.get_by_label("Yes").check()
    await sam.p.get_by_role("button", name="Make my account").click()
    await sam.screen("codes")
    await axe.look(sam.p, "codes")
    await context.close()


async def members_screens(axe: Axe, maria: Someone) -> None:
    """What a member reaches from the menu."""
    for entry, screen in (
        ("Find a group", "find"),
        ("Your plan", "plan"),
        ("Numbers to call", "lines"),
        ("Settings", "settings"),
        ("What is stored", "stored"),
        ("Leaving fast", "leaving"),
        ("Start a group", "create-group"),
    ):
        await maria.p.goto(maria.server.base)
        await maria.screen("groups")
        await maria.p.get_by_role("button", name=entry).first.click()
        await maria.p.locator("[data-screen]").first.wait_for()
        await axe.look(maria.p, screen)
    await maria.p.goto(maria.server.base)
    await maria.p.get_by_text("Sober evenings").first.click()
    await maria.screen("room")


async def tab_to(person: Someone, name: str) -> None:
    """Tab until the control of that name has the focus: everything must be reachable so."""
    for _ in range(60):
        label = await person.p.evaluate(FOCUSED)
        if name in label:
            return
        await person.p.keyboard.press("Tab")
    raise AssertionError(f"{name!r} cannot be reached by keyboard")


async def test_a_whole_call_by_keyboard_alone(world: World) -> None:
    """Press, answer, step in, write both ways, end: no pointer anywhere."""
    ana, maria, _jo, _noor = await four_people(world)
    await tab_to(ana, "I need someone now")
    await ana.p.keyboard.press("Enter")
    await ana.screen("ask")
    await ana.settle()
    await tab_to(ana, "Ask them now")
    await ana.p.keyboard.press("Enter")

    await expect(maria.p.get_by_role("alertdialog")).to_be_visible()
    focused = await maria.p.evaluate("document.activeElement.tagName + ' ' + document.activeElement.innerText")
    assert focused.startswith("H"), f"focus goes to the card's heading, never to a button: {focused}"
    await maria.p.keyboard.press("Space")  # a typed space answers nothing
    await expect(maria.p.get_by_role("alertdialog")).to_be_visible()
    await maria.settle()
    await tab_to(maria, "Coming")
    await maria.p.keyboard.press("Enter")
    await maria.screen("pledged")
    await maria.settle()
    await tab_to(maria, "Go to Ana")
    await maria.p.keyboard.press("Enter")
    await maria.screen("helping")
    await tab_to(maria, "Write")
    await maria.p.keyboard.type("I am here.")
    await maria.p.keyboard.press("Control+Enter")
    await expect(ana.p.locator("body")).to_contain_text("I am here.")
    await tab_to(ana, "Write")
    await ana.p.keyboard.type("Thank you.")
    await ana.p.keyboard.press("Control+Enter")
    await expect(ana.p.locator("body")).to_contain_text("Maria here since")
    await tab_to(ana, "End the call")
    await ana.p.keyboard.press("Enter")
    await ana.settle()
    await tab_to(ana, "Better")
    await ana.p.keyboard.press("Enter")
    await ana.screen("ended")
