"""What a page must hold for everyone: nothing that axe finds, nothing cut off at the side, nothing too small to hit.

`page.md` has the figures: 48 px is the least a control measures, nothing scrolls sideways at 320 px or with text twice
as large, both themes, phone and desktop.
"""

from __future__ import annotations

from typing import Literal

from playwright.async_api import Page, ViewportSize

from tests.journeys.world import DESKTOP, PHONE, REPO

AXE = REPO / "clients/web/node_modules/axe-core/axe.min.js"
NARROW: ViewportSize = {"width": 320, "height": 640}
SIZES = (("phone", PHONE), ("desktop", DESKTOP))

RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .map(v => `${v.id} ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')}`)"""

# The page itself, whatever scrolls in it (a sheet, a log), and each button round its words. Names what sticks out.
SIDEWAYS = """() => {
    const name = e => e.tagName.toLowerCase() + (e.className ? '.' + String(e.className.baseVal ?? e.className) : '');
    const html = document.documentElement;
    const all = [...document.querySelectorAll('body *')];
    const scrolls = all.filter(e => /auto|scroll/.test(getComputedStyle(e).overflowX));
    const filled = all.filter(e => e.matches('button, a.btn, summary') && !e.matches('.vh'));
    const tooWide = e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1;
    return [html, ...scrolls, ...filled].filter(tooWide).map(box => {
        const edge = box === html ? html.clientWidth : box.getBoundingClientRect().right;
        const out = [...box.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > edge + 1);
        return `${name(box)} is ${box.scrollWidth} wide in ${box.clientWidth}: ${out.slice(-3).map(name).join(', ')}`;
    });
}"""

# A choice is pressed on its label. A link that runs in a line of text is no target of its own.
TOO_SMALL = """() => {
    const least = 48;
    const target = e => e.matches('input[type=radio], input[type=checkbox]') ? e.closest('label') ?? e : e;
    const all = [...document.querySelectorAll('button, summary, a[href], input, select, textarea, [role=button]')];
    return [...new Set(all.map(target))].filter(e => e.checkVisibility({visibilityProperty: true})).flatMap(e => {
        if (e.tagName === 'A' && getComputedStyle(e).display === 'inline') return [];
        const {width, height} = e.getBoundingClientRect();
        if (Math.min(width, height) >= least - 0.5) return [];
        const words = (e.ariaLabel ?? e.textContent).trim().slice(0, 40);
        return [`${e.tagName.toLowerCase()} “${words}” is ${Math.round(width)} × ${Math.round(height)}`];
    });
}"""


class Axe:
    """Looks at whatever a page shows, in every size and theme, and keeps what it found."""

    def __init__(self) -> None:
        self._source = AXE.read_text(encoding="utf-8")
        self.checked: list[str] = []
        self.found: list[str] = []

    async def look(self, page: Page, screen: str) -> None:
        """Leaves the page at phone size, in the dark."""
        if not await page.evaluate("() => 'axe' in window"):
            await page.evaluate(f"() => {{ {self._source} }}")
        await page.emulate_media(reduced_motion="reduce")  # each movement would be looked at half-way
        themes: list[Literal["light", "dark"]] = ["light", "dark"]
        for size_name, size in reversed(SIZES):
            await page.set_viewport_size(size)
            for theme in themes:
                await page.emulate_media(color_scheme=theme)
                await page.evaluate("t => { document.documentElement.dataset.theme = t }", theme)
                self._note(f"{screen} {size_name} {theme}", await page.evaluate(RUN_AXE))
                self.checked.append(f"{screen} {size_name} {theme}")
            self._note(f"{screen} {size_name} scrolls sideways", await page.evaluate(SIDEWAYS))
            self._note(f"{screen} {size_name} too small", await page.evaluate(TOO_SMALL))

    async def squeeze(self, page: Page, screen: str) -> None:
        """The narrowest phone, also mirrored, then text twice as large. Leaves the page at phone size."""
        await page.set_viewport_size(NARROW)
        self._note(f"{screen} 320 px scrolls sideways", await page.evaluate(SIDEWAYS))
        self._note(f"{screen} 320 px too small", await page.evaluate(TOO_SMALL))
        await page.evaluate("() => { document.documentElement.dir = 'rtl' }")
        self._note(f"{screen} 320 px mirrored scrolls sideways", await page.evaluate(SIDEWAYS))
        await page.evaluate("() => { document.documentElement.dir = 'ltr' }")
        await page.set_viewport_size(PHONE)
        await page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        self._note(f"{screen} 200% scrolls sideways", await page.evaluate(SIDEWAYS))
        await page.evaluate("() => { document.documentElement.style.fontSize = '' }")

    def _note(self, where: str, found: list[str]) -> None:
        self.found += [f"{where}: {one}" for one in found]
