"""One person's frames: in order, but a call never waits behind a chat that the store hangs over."""

from __future__ import annotations

import asyncio
import contextlib
import time

from beside_client import Refused, new_key
from tests.server.raw import a_line
from tests.server.test_store_down import hanging, saved_again
from tests.worlds import Member, World


async def test_uc01_a_press_does_not_wait_behind_words_that_hang(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, _tom = two_peers_available
    async with hanging(world):
        words = asyncio.ensure_future(ana.page.ask("say", room=ana.room, text="Hello"))
        await asyncio.sleep(0.05)
        pressed = time.monotonic()
        raised = await ana.page.ask("raise_call", group=ana.group)
        took = time.monotonic() - pressed
        await maria.page.until(lambda state: state.card_of(raised["call"]))
        with contextlib.suppress(Refused):
            await words
    assert took < 1.5, "0.3 s for the words, 0.4 s for the store"
    await saved_again(ana)


async def test_uc01_many_hanging_words_cost_a_press_no_more(world: World, two_peers_available: list[Member]) -> None:
    ana, _maria, _tom = two_peers_available
    async with a_line(ana.page.account) as line, hanging(world):
        for number in range(5):
            await line.send({"t": "say", "k": new_key(), "room": ana.room, "text": f"Hello {number}"})
        await asyncio.sleep(0.05)
        pressed = time.monotonic()
        raised = await line.ask("raise_call", group=ana.group)
        assert raised["t"] == "ok"
        assert time.monotonic() - pressed < 1.5
        answered = time.monotonic()
        assert (await line.ask("cancel_call", call=raised["call"], why="ok"))["t"] == "ok"
        assert time.monotonic() - answered < 1, "the second does not wait for them again"
    await saved_again(ana)


async def test_ch02_words_and_the_close_after_them_stay_in_order(
    world: World, two_peers_available: list[Member]
) -> None:
    """Sent in one breath: what was said before the call was closed is said."""
    ana, maria, _tom = two_peers_available
    async with a_line(ana.page.account) as line:
        for _ in range(5):
            raised = await line.ask("raise_call", group=ana.group)
            room = await maria.go_into(raised["call"])
            said, closed = new_key(), new_key()
            await line.send({"t": "say", "k": said, "room": room, "text": "Thank you."})
            await line.send({"t": "close_call", "k": closed, "call": raised["call"], "feeling": "better"})
            assert (await line.reply_to(said))["t"] == "ok"
            assert (await line.reply_to(closed))["t"] == "ok"
