"""Pictures of the pages, from the real product: `./do shots` writes docs/images/.

A real server, real browsers, and people who press the real buttons; nothing is staged but names and words. Two worlds:
one with the times of the product, one whose fail-safe comes after 15 s.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.async_api import Page, ViewportSize

from tests.journeys import sink
from tests.journeys.world import DESKTOP, FALSE_CAMERA, PHONE, REPO, Someone, World, a_world

OUT = REPO / "docs" / "images"
SCALE = 1.5
LIGHTS = ("light", "dark")
GROUP = "Sober evenings"
SOON = {"AWAY_AFTER_MS": 5_000, "VOLUNTEERS_AFTER_MS": 8_000, "BACKUP_AFTER_MS": 15_000}

FILM = "--use-file-for-fake-video-capture"

CHAT = (
    ("Maria", "Day 61. The evenings are still the long part."),
    ("Jo", "Same. I go for a walk at nine now, whatever the weather."),
    ("Ana", "Made it past the shop today. Barely."),
    ("Maria", "Past is past. Well done."),
)
PLAN_STEPS = "Put the shoes on and walk to the bridge\nMake tea in the green cup\nRing my sister"


class Camera:
    """Takes pictures into one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.taken: list[str] = []

    async def take(self, page: Page, name: str, lights: Sequence[str] = ("light",)) -> None:
        for light in lights:
            await page.emulate_media(color_scheme="dark" if light == "dark" else "light", reduced_motion="reduce")
            await page.wait_for_timeout(250)
            file = f"{name}{'' if light == 'light' else '-dark'}.png"
            width = page.viewport_size["width"] if page.viewport_size else 0
            scale: Literal["css", "device"] = "css" if width > PHONE["width"] else "device"  # keeps files small
            await page.screenshot(path=self._folder / file, animations="disabled", caret="hide", scale=scale)
            self.taken.append(file)
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")


# ---------------------------------------------------------------- what people do


async def someone(world: World, name: str, *, coordinator: bool = False, wide: bool = False) -> Someone:
    return await world.someone(
        name,
        coordinator=coordinator,
        viewport=DESKTOP if wide else PHONE,
        device_scale_factor=1 if wide else SCALE,
        timezone_id="Europe/London",
    )


async def in_the_room(person: Someone) -> None:
    await person.open("/")
    await person.p.get_by_text(GROUP).first.click()
    await person.screen("room")


async def write(person: Someone, text: str) -> None:
    await person.p.get_by_role("textbox").first.fill(text)
    await person.p.keyboard.press("Control+Enter")
    await person.p.get_by_text(text).first.wait_for()
    await person.p.wait_for_timeout(200)


async def open_ask(person: Someone) -> None:
    await person.p.get_by_role("button", name="I need someone now").first.click()
    await person.screen("ask")
    await person.settle()


async def ask(person: Someone) -> None:
    await open_ask(person)
    await person.p.get_by_role("heading", name="can be here now").wait_for()
    await person.p.get_by_role("button", name="Ask them now").click()


async def has_card(person: Someone, caller: str) -> None:
    await person.p.locator('[data-screen="card"]').get_by_text(f"{caller} is asking you").wait_for()
    await person.settle()


async def decline(person: Someone, caller: str) -> None:
    await has_card(person, caller)
    await person.p.get_by_role("button", name="Can’t now").click()


async def answer(person: Someone, caller: str) -> None:
    await has_card(person, caller)
    await person.p.get_by_role("button", name="Coming").click()
    await person.p.locator('[data-screen="pledged"]').wait_for()
    await person.settle()
    await person.p.get_by_role("button", name=f"Go to {caller}").wait_for()


async def enter(person: Someone, caller: str) -> None:
    await person.p.get_by_role("button", name=f"Go to {caller}").click()
    await person.screen("helping")


async def make_plan(person: Someone) -> None:
    """The own plan, typed in like anyone would (CB5)."""
    await person.open("/")
    await person.screen("groups")
    await person.p.get_by_role("button", name="Your plan").click()
    await person.screen("plan")
    await person.p.locator("textarea").first.fill(PLAN_STEPS)
    await person.p.get_by_role("button", name="Save").click()
    await person.p.wait_for_timeout(300)
    await person.p.close()


async def also(camera: Camera, person: Someone, name: str, size: ViewportSize) -> None:
    """The same page in another size, and back."""
    before = person.p.viewport_size
    await person.p.set_viewport_size(size)
    await person.p.wait_for_timeout(300)
    await camera.take(person.p, name)
    if before is not None:
        await person.p.set_viewport_size(before)


# ---------------------------------------------------------------- the pictures


async def rooms_and_calls(world: World, camera: Camera) -> None:
    """With the product's own times: the room, asking, a card, coming, and together in the room."""
    noor = await someone(world, "Noor", coordinator=True, wide=True)
    ana, maria, kit = [await someone(world, name) for name in ("Ana", "Maria", "Kit")]
    jo = await someone(world, "Jo", wide=True)
    await world.a_group(maria, ana, jo, kit, name=GROUP)
    await world.open_to_calls(maria, jo, kit)
    await world.on_shift(noor)
    await make_plan(ana)
    for person in (ana, maria, jo, kit):
        await in_the_room(person)
    people = {person.name: person for person in (ana, maria, jo)}
    for name, text in CHAT:
        await write(people[name], text)
    await ana.p.wait_for_timeout(500)
    await camera.take(ana.p, "room", LIGHTS)
    await camera.take(jo.p, "room-wide")

    await open_ask(ana)
    await ana.p.get_by_role("textbox").first.fill("The bottle is on the table.")
    await camera.take(ana.p, "ask")
    await ana.p.get_by_role("button", name="Ask them now").click()
    await ana.p.get_by_text("on their screen").first.wait_for()
    await camera.take(ana.p, "ringing")
    await also(camera, ana, "ringing-wide", DESKTOP)
    await maria.p.locator('[data-screen="card"]').wait_for()
    await camera.take(maria.p, "card", LIGHTS)
    await camera.take(jo.p, "card-wide")

    await answer(maria, "Ana")
    await ana.p.locator('[data-screen="coming"]').wait_for()
    await camera.take(ana.p, "coming", LIGHTS)
    await camera.take(maria.p, "pledged")

    await enter(maria, "Ana")
    await write(maria, "Hi Ana, it's Maria. I'm here. What is it like right now?")
    await write(ana, "Loud. I had the money out already.")
    await write(maria, "Good that you pressed. Let's sit through the next ten minutes together.")
    await write(ana, "OK. Ten minutes.")
    await ana.p.locator('[data-screen="call"]').wait_for()
    await maria.p.wait_for_timeout(500)
    await camera.take(ana.p, "call-caller")
    await also(camera, ana, "call-caller-wide", DESKTOP)
    await camera.take(maria.p, "call-helper")


async def nobody_comes(world: World, camera: Camera) -> None:
    """The fail-safe says which is true, and puts numbers first (UC4); and the desk with three calls at once."""
    noor = await someone(world, "Noor", coordinator=True, wide=True)
    ana, maria, jo, kit, sam = [await someone(world, name) for name in ("Ana", "Maria", "Jo", "Kit", "Sam")]
    await world.a_group(maria, ana, jo, kit, sam, name=GROUP)
    await world.open_to_calls(maria, kit)
    await world.on_shift(noor)
    await make_plan(ana)
    for person in (ana, maria, jo, kit, sam):
        await in_the_room(person)
    await noor.open("/oncall")
    await noor.screen("desk")
    await ask(ana)
    await ana.p.locator('[data-screen="failsafe"]').wait_for(timeout=30_000)
    await ana.p.wait_for_timeout(500)
    await camera.take(ana.p, "failsafe", LIGHTS)

    for peer in (maria, kit):
        await decline(peer, "Ana")
    await ask(jo)
    await decline(kit, "Jo")
    await answer(maria, "Jo")
    await enter(maria, "Jo")
    await write(maria, "Hi Jo, Maria here.")
    await write(jo, "Thank you for coming.")
    await jo.screen("call")
    await ask(sam)
    await answer(kit, "Sam")
    await noor.p.get_by_text("Sam").first.wait_for()
    await noor.p.wait_for_timeout(3_000)
    await camera.take(noor.p, "oncall")
    await also(camera, noor, "oncall-phone", PHONE)


async def tap(person: Someone, role: Literal["button", "radio"], name: str) -> None:
    await person.p.get_by_role(role, name=re.compile(f"^{name}")).last.click()


async def watched(world: World, camera: Camera) -> None:
    """A witnessed action, from the word to the record (WA1-WA6); the camera sees a sink."""
    noor = await someone(world, "Noor", coordinator=True, wide=True)
    ana, maria = [await someone(world, name) for name in ("Ana", "Maria")]
    jo = await someone(world, "Jo", wide=True)
    await world.a_group(maria, ana, jo, name=GROUP)
    await world.on_shift(noor)
    for person in (ana, maria, jo):
        await in_the_room(person)
    await tap(ana, "button", "Watch me do this")
    await ana.screen("declare")
    await tap(ana, "radio", "Pour out a bottle")
    await camera.take(ana.p, "declare")
    await tap(ana, "button", "Go on")
    await ana.screen("declare-safe")
    await camera.take(ana.p, "declare-safe")
    await tap(ana, "button", "Go on")
    await ana.screen("declare-how")
    await tap(ana, "radio", "2")
    await ana.p.get_by_role("textbox").last.fill("The one behind the flour.")
    await tap(ana, "button", "Ask them now")
    await ana.screen("action-gather")
    await maria.p.get_by_text("Ana asks you to watch").wait_for()
    await camera.take(maria.p, "room-asked")
    for person in (maria, jo):
        await tap(person, "button", "Look")
        await person.screen("witness-card")
        await person.settle()
    await camera.take(maria.p, "witness-card")
    for person in (maria, jo):
        await tap(person, "button", "Be with Ana")
    await ana.p.get_by_text("2 of 2 are with you.").wait_for()
    await ana.p.get_by_role("button", name="Look at your picture first").click()
    await ana.p.get_by_text("Only you see this.").last.wait_for()
    await ana.p.evaluate("scrollTo(0, 0)")
    await camera.take(ana.p, "action-gather")
    await tap(ana, "button", "Begin")
    await maria.p.get_by_text("You see nothing until you choose to look.").wait_for()
    await camera.take(maria.p, "witness-hidden")
    for person in (maria, jo):
        await tap(person, "button", "Look")
        await person.p.locator("canvas").wait_for()
    await tap(ana, "button", "I have it in my hand.")
    await ana.p.get_by_role("button", name="I have it in my hand.").wait_for(state="detached")
    await tap(ana, "button", "I am pouring.")
    await maria.p.get_by_text("I am pouring.").wait_for()
    await tap(jo, "button", "I’m with you")
    await ana.p.get_by_text("Jo: “I’m with you.”").wait_for()
    await ana.p.evaluate("scrollTo(0, 0)")
    await ana.p.wait_for_timeout(1_500)
    await camera.take(ana.p, "action-live", LIGHTS)
    await also(camera, ana, "action-live-wide", DESKTOP)
    await camera.take(maria.p, "witness", LIGHTS)
    await noor.open("/oncall")
    await noor.p.get_by_text("2 of 2 truly watching").wait_for()
    await camera.take(noor.p, "oncall-watched")
    await tap(ana, "button", "Done")
    await ana.settle()
    await tap(ana, "button", "Yes, it’s done")
    await maria.screen("attest")
    await maria.settle()
    await camera.take(maria.p, "attest")
    for person in (maria, jo):
        await tap(person, "button", "I saw it live")
    await ana.screen("action-ended")
    await camera.take(ana.p, "action-done")
    await tap(ana, "button", "Look at your record")
    await ana.p.get_by_text("Download the file").wait_for()
    await camera.take(ana.p, "record")


async def main(out: Path) -> None:
    camera = Camera(out)
    for policy, story in (({}, rooms_and_calls), (SOON, nobody_comes), ({}, watched)):
        with tempfile.TemporaryDirectory() as folder:
            film = sink.draw(Path(folder) / "sink.y4m")
            async with a_world(Path(folder) / "data", policy, [*FALSE_CAMERA, f"{FILM}={film}"]) as world:
                await story(world, camera)
    for file in camera.taken:
        print(f"{out / file}  {(out / file).stat().st_size // 1024} KB")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT))
