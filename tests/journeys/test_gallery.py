"""Everyone can use every screen: the gallery of all screens and states, without a server, by axe and by measure.

A state added to clients/web/src/gallery/states.ts is looked at here without a word in this file, and a screen of the
client that no state shows fails.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright
from playwright.async_api import TimeoutError as WaitedInVain

from tests.journeys.axe import Axe
from tests.journeys.world import CHROMIUM_ARGS, PHONE, REPO

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOURCE = REPO / "clients" / "web" / "src"
PAGES_AT_ONCE = 3  # two cores: one page is laid out while another waits for us


class Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_what: object) -> None:
        """Nothing: a page that misses a file says so itself."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gallery as a build, with the Node that `./do` finds or brings, and a server that gives out files alone."""
    folder = tmp_path_factory.mktemp("gallery")
    subprocess.run([sys.executable, str(REPO / "do"), "gallery", str(folder)], check=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = os.environ.get("BESIDE_CHROMIUM") or "/usr/bin/chromium"
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def as_the_state_wants(page: Page, state: str) -> AsyncIterator[None]:
    """Two states want the screens that are loaded later away: still on their way, or not to be had."""
    asked: list[Route] = []
    if state == "loading":
        await page.route(LATER_SCREENS, lambda route: asked.append(route))  # noqa: PLW0108 -- a built-in cannot be marked
    elif state == "loading_failed":
        await page.route(LATER_SCREENS, lambda route: route.abort())
    yield
    if state == "loading":
        assert asked, "the later screens have another address now"
        for route in asked:
            await route.abort()
    await page.unroute_all()


LATER_SCREENS = "**/assets/more-*"
SCREENS = "() => [...document.querySelectorAll('[data-screen]')].map(e => e.dataset.screen)"


@dataclass(slots=True)
class Visit:
    """What several pages, each going through states of its own, have seen so far."""

    base: str
    states: Iterator[str]
    axe: Axe = field(default_factory=Axe)
    shown: set[str] = field(default_factory=set)

    async def go_on(self, context: BrowserContext) -> None:
        """One page through the next states, until there are none."""
        page = await context.new_page()
        page.on("pageerror", lambda error: self.axe.found.append(f"{page.url}: {error}"))
        for state in self.states:
            async with as_the_state_wants(page, state):
                await page.goto(f"{self.base}/gallery.html?state={state}", wait_until="commit")
                try:
                    await page.locator("html[data-ready]").wait_for(state="attached", timeout=10_000)
                except WaitedInVain:
                    self.axe.found.append(f"{state} does not stand; what the page says of it is in this list")
                    continue
                self.shown.update(await page.evaluate(SCREENS))
                await self.axe.look(page, state)
                await self.axe.squeeze(page, state)


async def test_every_screen_and_state_is_for_everyone(gallery: str, browser: Browser) -> None:
    """axe, both themes, phone and desktop; nothing sideways, nothing under 48 px; and no screen is left out."""
    began = time.monotonic()
    context = await browser.new_context(viewport=PHONE, locale="en-GB", reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(f"{gallery}/gallery.html")
    states: list[str] = await page.locator("li").all_inner_texts()
    await page.goto(f"{gallery}/weather.html")  # what is there after Exit
    visit = Visit(gallery, iter(states))
    await visit.axe.look(page, "weather")
    await visit.axe.squeeze(page, "weather")
    await asyncio.gather(*(visit.go_on(context) for _ in range(PAGES_AT_ONCE)))
    looks, seconds = len(visit.axe.checked), time.monotonic() - began
    print(f"{len(states)} states of {len(visit.shown)} screens, {looks} runs of axe, {seconds:.0f} s")
    assert not visit.axe.found, "\n".join(visit.axe.found)
    assert looks == 4 * (len(states) + 1)
    named = screens_in_the_source()
    assert named - visit.shown == set(), "no state of the gallery shows these screens"
    assert visit.shown - named == set(), "these screens are named in a way that the search below does not find"


def screens_in_the_source() -> set[str]:
    """Every name that the client gives to `data-screen`; fails where one cannot be told from the text."""
    found: set[str] = set()
    for path in sorted(SOURCE.rglob("*.tsx")):
        if path.parent.name == "gallery" or ".test." in path.name:
            continue
        text = path.read_text(encoding="utf-8")
        for how in re.findall(r"""["\s]data-screen"?[:=]\s*("[^"]*"|\{[^}]*\}|[^}]*\})""", text):
            names = names_of(how.strip("{}"), text)
            assert names, f"{path.name}: which screens does {how} name?"
            found |= names
        for sheet in re.findall(r"<Sheet\b.*?>\n", text, re.DOTALL):
            assert "data-screen" in sheet, f"{path.name}: a sheet without a name: {sheet}"
    return found


def names_of(how: str, text: str) -> set[str]:
    """The names of `"a"`, of `x ? "a" : "b"`, and of a word that the file says so of, or that a component is given."""
    how = how.strip()
    if re.fullmatch(r"\w+", how):
        said = re.search(rf"const {how} = (.*);", text)
        return names_of(said[1], text) if said else set(re.findall(rf'\b{how}="([\w-]+)"', text))
    return set(re.findall(r'(?:^|[?:]\s*)"([\w-]+)"', how))
