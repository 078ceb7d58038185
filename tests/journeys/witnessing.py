"""What people do in a witnessed action, in their words, by the page's own buttons."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import expect

from tests.journeys.world import Someone, World

POUR, THROW = "Pour out a bottle", "Throw something away"
DOING = {
    POUR: "pouring out a bottle",
    THROW: "throwing something away",
    "Delete something": "deleting something",
    "Walk past a place": "walking past a place",
}
"""What the member chooses, and how it is said to those who are asked."""
COLOURS = """canvas => {
    const seen = new Set(), g = canvas.getContext('2d');
    if (!canvas.width || !g) return 0;
    const d = g.getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < d.length; i += 4 * 97)
        if (d[i + 3]) seen.add((d[i] >> 4) * 256 + (d[i + 1] >> 4) * 16 + (d[i + 2] >> 4));
    return seen.size;
}"""
"""How many colours a canvas shows: a picture has many, an empty canvas none."""
DIGEST = """canvas => {
    if (!canvas.width) return 0;
    const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0;
    for (let i = 0; i < d.length; i += 4) sum = (sum * 31 + d[i] + d[i + 1] * 3 + d[i + 2] * 7) >>> 0;
    return sum;
}"""


async def a_member_and(world: World, *names: str) -> tuple[Someone, list[Someone]]:
    """Ana, with a camera, and these others of her group, each in the room. The first founded it."""
    ana = await world.someone("Ana", permissions=["camera"])
    others = [await world.someone(name) for name in names]
    await world.a_group(others[0], ana, *others[1:])
    for person in (ana, *others):
        await person.in_the_room()
    return ana, others


async def twice(person: Someone, first: str, then: str) -> None:
    """Two taps on the same spot, as slowly as a person."""
    await person.p.get_by_role("button", name=first, exact=True).click()
    await person.settle()
    await person.p.get_by_role("button", name=then, exact=True).click()


# ---------------------------------------------------------------- before it begins


async def declare(member: Someone, how: str, people: int = 1, deed: str = POUR) -> None:
    """From the room to the gathering."""
    page = member.p
    await page.get_by_role("button", name="Watch me do this").first.click()
    await member.screen("declare")
    await page.get_by_role("radio", name=re.compile(f"^{deed}")).check()
    await page.get_by_role("button", name="Go on").click()
    if deed in (POUR, THROW):
        await member.screen("declare-safe")  # what is safe comes first (WA8)
        if deed == POUR:
            await expect(page.locator("body")).to_contain_text("stopping suddenly can be dangerous")
        await page.get_by_role("button", name="Go on").click()
    await member.screen("declare-how")
    await page.get_by_role("radio", name=re.compile(f"^{how}")).check()
    if people != 1:
        await page.get_by_role("radio", name=str(people), exact=True).check()
    await page.get_by_role("button", name="Ask them now").click()


async def be_with(witness: Someone, deed: str = POUR) -> None:
    """They read that Ana asks, look at the card and say yes."""
    await expect(witness.p.locator("body")).to_contain_text(f"Ana asks you to watch: {DOING[deed]}.")
    await witness.p.get_by_role("button", name="Look", exact=True).click()
    await witness.screen("witness-card")
    await witness.settle()
    await witness.p.get_by_role("button", name="Be with Ana").click()
    await witness.p.locator("[data-screen=witness-waiting], [data-screen=witness]").first.wait_for()


async def begin(member: Someone) -> None:
    await member.settle()
    await member.p.get_by_role("button", name="Begin", exact=True).click()
    await member.screen("action-live")


# ---------------------------------------------------------------- while it goes on


async def look(witness: Someone) -> None:
    await witness.p.get_by_role("button", name="Look", exact=True).click()


async def sees_a_picture(witness: Someone, *, within_seconds: float = 15) -> None:
    deadline = asyncio.get_running_loop().time() + within_seconds
    canvas = witness.p.locator("canvas").first
    await canvas.wait_for()
    while await canvas.evaluate(COLOURS) < 2:
        assert asyncio.get_running_loop().time() < deadline, f"no picture reached {witness.name}"
        await asyncio.sleep(0.1)


async def sees_a_new_picture(witness: Someone) -> None:
    """The camera's picture moves: another one than before must come."""
    canvas = witness.p.locator("canvas").first
    before = await canvas.evaluate(DIGEST)
    deadline = asyncio.get_running_loop().time() + 20
    while await canvas.evaluate(DIGEST) in (before, 0):
        assert asyncio.get_running_loop().time() < deadline, f"the picture of {witness.name} stands still"
        await asyncio.sleep(0.1)


async def pictures(witness: Someone) -> int:
    """How many canvases of this page show something."""
    shown = [await canvas.evaluate(COLOURS) for canvas in await witness.p.locator("canvas").all()]
    return sum(colours > 1 for colours in shown)


async def say_step(member: Someone, text: str) -> None:
    await member.p.get_by_label("One step, in your words").fill(text)
    await member.p.get_by_role("button", name="Tell it").click()


# ---------------------------------------------------------------- when it is done


async def finish(member: Someone) -> None:
    await twice(member, "Done", "Yes, it’s done")


async def attest(witness: Someone, word: str) -> None:
    await expect(witness.p.get_by_role("dialog")).to_contain_text("Say only what reached you.")
    await witness.settle()
    await witness.p.get_by_role("button", name=word).click()
    await expect(witness.p.get_by_role("dialog")).not_to_be_visible()


async def download(member: Someone, folder: Path) -> Path:
    """The record on the screen, by the page's own download."""
    async with member.p.expect_download() as coming:
        await (
            member.p.get_by_role("link", name="Download the file")
            .or_(member.p.get_by_role("button", name="Download the file"))
            .click()
        )
    file = await coming.value
    kept = folder / file.suggested_filename
    await file.save_as(kept)
    return kept
