"""“Watch me do this”, from the first word to the record: real pages, a real server, a false camera (WA1–WA8, CB4)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.witnessing import (
    POUR,
    THROW,
    be_with,
    begin,
    declare,
    download,
    finish,
    look,
    sees_a_picture,
    twice,
)
from tests.journeys.world import FALSE_CAMERA, Someone, World, a_world

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WITHIN_MS = 15_000


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[tuple[World, Someone, Someone]]:
    """Ana and Maria in their room, with Jo as a volunteer on shift elsewhere."""
    async with a_world(tmp_path / "data", args=FALSE_CAMERA) as world:
        jo = await world.someone("Jo", coordinator=True)
        ana, maria = await world.someone("Ana"), await world.someone("Maria")
        await world.a_group(jo, ana, maria)
        await world.open_to_calls(maria)
        await world.on_shift(jo)
        await ana.in_the_room()
        await maria.in_the_room()
        for person in (ana, maria):
            person.p.set_default_timeout(WITHIN_MS)
        yield world, ana, maria
        for person in world.people:
            assert person.foreign == [], f"{person.name}'s page asked another host"
            # The weather page asks for an icon that is not there; anything else is an error of ours.
            broken = [error for error in person.errors if "status of 404" not in error]
            assert broken == [], f"{person.name}'s page: {broken}"


async def tap(person: Someone, name: str | re.Pattern[str]) -> None:
    await person.p.get_by_role("button", name=name).last.click()


async def sees(person: Someone, text: str | re.Pattern[str], within_ms: float = WITHIN_MS) -> None:
    await expect(person.p.locator("[data-screen]").last).to_contain_text(text, timeout=within_ms)


async def together(ana: Someone, maria: Someone, deed: str = POUR, medium: str = "Live video") -> None:
    """Ana declares it, Maria says yes, Ana begins."""
    await declare(ana, medium, deed=deed)
    await ana.screen("action-gather")
    await be_with(maria, deed)
    await sees(ana, "1 of 1 is with you.")
    await begin(ana)
    await maria.screen("witness")


async def looks(maria: Someone) -> None:
    assert await maria.p.locator("canvas").count() == 0
    await look(maria)
    await sees_a_picture(maria)


async def test_wa01_wa06_done_with_someone_watching_and_kept_as_a_record(
    three: tuple[World, Someone, Someone], tmp_path: Path
) -> None:
    _, ana, maria = three
    await together(ana, maria)
    await looks(maria)
    await tap(ana, "I am pouring.")
    await sees(maria, "I am pouring.")
    await tap(maria, "I’m with you")
    await sees(ana, "Maria: “I’m with you.”")
    await tap(ana, "Cut the picture")
    await sees(maria, "They cut the picture.")
    await tap(ana, "Show it again")
    await expect(maria.p.locator("canvas")).to_be_visible(timeout=WITHIN_MS)
    await sees(ana, "1 is truly with you")
    await finish(ana)
    await maria.screen("attest")
    await maria.settle()
    await tap(maria, "I saw it live")
    await ana.screen("action-ended")
    await sees(ana, "Maria: “It reached me.”")
    await sees(maria, "Ana did it. Thank you for being there.")
    await tap(ana, "Look at your record")
    await sees(ana, "Witness 1: “I saw it live.”")
    file = await download(ana, tmp_path)
    record = json.loads(file.read_text(encoding="utf-8"))
    assert [entry["what"] for entry in record["entries"]][-1] == "completed"
    assert "Maria" not in file.read_text(encoding="utf-8")
    await tap(ana, "Delete this record")
    await ana.screen("record-delete")
    await ana.settle()
    await tap(ana, "Delete it for good")
    await ana.screen("records")
    await sees(ana, "You deleted what was in it.")


async def test_cb04_exit_while_live_cuts_the_picture_first(three: tuple[World, Someone, Someone]) -> None:
    _, ana, maria = three
    await together(ana, maria)
    await looks(maria)
    await tap(ana, re.compile("^Exit"))
    await ana.p.wait_for_url("**/weather")
    await expect(maria.p.locator("canvas")).to_be_hidden(timeout=WITHIN_MS)
    await sees(maria, "They cut the picture.")
    await ana.p.goto(ana.server.base)
    await ana.screen("locked")
    assert "pouring" not in (await ana.p.locator("body").inner_text())


async def test_cb04_exit_in_one_tab_empties_them_all_and_the_camera_goes_off(
    three: tuple[World, Someone, Someone],
) -> None:
    """The picture is in the one, the button is pressed in another; without a line as well."""
    _, ana, maria = three
    await together(ana, maria)
    await looks(maria)
    shows = ana.p
    other = await shows.context.new_page()
    await other.goto(shows.url)
    await other.get_by_role("button", name="Exit").wait_for()
    await shows.evaluate("window.track = document.querySelector('video').srcObject.getTracks()[0]")
    assert await shows.evaluate("window.track.readyState") == "live"
    await other.context.set_offline(True)
    await other.get_by_role("button", name="Exit").click()
    await expect(shows.locator("video")).to_have_count(0)
    assert await shows.evaluate("window.track?.readyState ?? 'gone with its page'") != "live"
    assert "Beside" not in await shows.locator("body").inner_text()
    await other.context.set_offline(False)
    ana.errors[:] = [error for error in ana.errors if "ERR_INTERNET_DISCONNECTED" not in error]


async def test_wa07_the_help_button_turns_it_into_a_call_and_the_picture_stays(
    three: tuple[World, Someone, Someone],
) -> None:
    _, ana, maria = three
    await together(ana, maria, deed="Walk past a place")
    await looks(maria)
    await twice(ana, "I need someone now", "Ask them now")
    await expect(ana.p.locator("[data-call]").first).to_be_visible(timeout=WITHIN_MS)
    await sees(maria, re.compile("This is a call now|Ana is asking you"))
    await expect(maria.p.locator("canvas")).to_be_visible()


async def test_wa07_a_worried_witness_turns_it_into_a_call(three: tuple[World, Someone, Someone]) -> None:
    _, ana, maria = three
    await together(ana, maria, deed="Delete something", medium="Words only")
    await twice(maria, "I’m worried", "Ask people for Ana now")
    await ana.screen("action-turned")
    await expect(ana.p.locator('a[href^="tel:"]').first).to_be_visible()
    await tap(ana, "Your call is open")
    await expect(ana.p.locator("[data-call]").first).to_be_visible(timeout=WITHIN_MS)


async def test_wa_stopping_is_fine_and_nobody_is_asked_why(three: tuple[World, Someone, Someone]) -> None:
    _, ana, maria = three
    await together(ana, maria, deed=THROW, medium="Words only")
    await twice(ana, "Stop", "Stop now")
    await sees(ana, "You stopped. That’s fine.")
    await sees(maria, "Ana stopped. That’s fine.")
