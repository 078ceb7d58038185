"""What people do in the journeys, in their words."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from tests.journeys.world import DESKTOP, Someone, World

COUNT_NOTES = """() => {
    window.notes = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) { window.notes += 1; return start.apply(this, when); };
}"""


async def notes(person: Someone) -> int:
    """How many notes this page has played: a ring is two."""
    played: int = await person.p.evaluate("window.notes")
    return played


async def four_people(world: World) -> tuple[Someone, Someone, Someone, Someone]:
    """Ana will call; Maria and Jo are open to calls; Noor is on shift at the desk."""
    noor = await world.someone("Noor", coordinator=True, viewport=DESKTOP)
    ana, maria, jo = [await world.someone(name) for name in ("Ana", "Maria", "Jo")]
    await world.a_group(maria, ana, jo)
    await world.open_to_calls(maria, jo)
    await world.on_shift(noor)
    for person in (ana, maria, jo):
        await person.in_the_room()
    await noor.context.add_init_script(f"({COUNT_NOTES})()")
    await noor.open("/oncall")
    await expect(noor.p.locator("body")).to_contain_text("No call is open.")
    await expect(ana.p.locator("body")).to_contain_text("2 can be here now")
    return ana, maria, jo, noor


def heading(person: Someone) -> Locator:
    """The one sentence that a call screen opens with."""
    return (
        person.p.locator("[data-screen] .say, [data-screen] h1, [data-screen] h2")
        .locator("visible=true")
        .filter(has_text=".")
        .first
    )


async def press(caller: Someone, words: str = "") -> None:
    """Two taps on the same spot."""
    await caller.p.get_by_role("button", name="I need someone now").click()
    await caller.screen("ask")
    if words:
        await caller.p.get_by_role("textbox").fill(words)
    await caller.settle()
    await caller.p.get_by_role("button", name="Ask them now").click()


async def come(peer: Someone) -> None:
    await expect(peer.p.get_by_role("alertdialog")).to_be_visible()
    await peer.settle()
    await peer.p.get_by_role("button", name="Coming").click()


async def step_in(peer: Someone, caller: str = "Ana") -> None:
    await peer.screen("pledged")
    await peer.settle()
    await peer.p.get_by_role("button", name=f"Go to {caller}").click()
    await peer.screen("helping")


async def say(person: Someone, words: str) -> None:
    await person.p.get_by_role("textbox").fill(words)
    await person.p.keyboard.press("Control+Enter")
    await expect(person.p.get_by_role("textbox")).to_have_value("")


async def talk(caller: Someone, peer: Someone) -> None:
    """Words both ways: whoever is in the room is here from then on (UC5)."""
    await say(peer, "I’m here. Take your time.")
    await expect(caller.p.locator("body")).to_contain_text("Take your time")
    await say(caller, "I had the money out already.")
    await expect(peer.p.locator("body")).to_contain_text("money out")
