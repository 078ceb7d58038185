"""Words of strangers stay words: nothing in a message or a call runs, and the page keeps its policy."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.stories import press, say
from tests.journeys.world import World

pytestmark = pytest.mark.browser
HOSTILE = [
    "<script>window.hit = 1</script>",
    '<img src=x onerror="window.hit = 1">',
    "<svg/onload=window.hit=1>",
    '"><iframe srcdoc="<script>parent.hit=1</script>">',
    "javascript:window.hit=1",
    "{{constructor.constructor('window.hit=1')()}}",
    "\u202eevil\u202c \u2066isolated\u2069 end",
    "</div></body></html><script>window.hit=1</script>",
]


async def test_hostile_words_are_shown_as_words(world: World) -> None:
    ana = await world.someone("Ana")
    maria = await world.someone("Maria")
    await world.a_group(maria, ana)
    await world.open_to_calls(maria)
    await ana.in_the_room()
    await maria.in_the_room()
    await maria.p.evaluate(
        "() => { window.broken = []; document.addEventListener('securitypolicyviolation',"
        " e => window.broken.push(e.violatedDirective)) }"
    )
    for words in HOSTILE:
        await say(ana, words)
        await expect(maria.p.get_by_role("log")).to_contain_text(words.strip())
    await press(ana, words=HOSTILE[1])
    await expect(maria.p.get_by_role("alertdialog")).to_contain_text(HOSTILE[1])
    assert await maria.p.evaluate("window.hit") is None
    assert await maria.p.evaluate("window.broken") == []
    assert await maria.p.evaluate("document.querySelectorAll('iframe, img[src=x], svg[onload]').length") == 0
    assert [e for e in maria.errors if "Content Security Policy" in e] == []
