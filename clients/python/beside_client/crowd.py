"""Simulated people: open to calls, they come when someone asks, and stay with plain words; and they witness what
someone asks to be watched. For demos and load.

They give no advice and ask no questions that a stranger should not ask. That they are simulated is a fact of their
account on the server, which marks them wherever they are shown; nothing here hides it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field

from beside_client.account import Account
from beside_client.client import Client, Page, connect
from beside_client.failures import Over, Refused
from beside_client.state import State
from beside_client.watching import watch_with
from beside_client.wire import View

log = logging.getLogger("beside_client.crowd")

Span = tuple[float, float]
ENDED = ("closed", "cancelled", "parked")
WITH_THEM = ("coming", "in_room", "here")
TRY_AGAIN_AFTER_SECONDS = 5.0
STILL_HERE_AT_MOST = 3

HELLOS = (
    "Hi. I am here, and I am not going anywhere for a while.",
    "Hey, it's good that you pressed. I have had evenings like this one.",
    "I'm here. You don't have to explain anything.",
)
REPLIES = (
    "That sounds really hard. I am still here.",
    "I remember that feeling. For me it came in waves, and the waves passed.",
    "Thank you for telling me. Take all the time you need.",
    "You don't have to solve it tonight. We can just get through the next ten minutes together.",
    "I know that one. It was less lonely once I had said it to somebody.",
    "I hear you.",
    "It makes sense that it feels like that today.",
    "We can also just sit here and say nothing for a bit.",
)
STILL_HERE = ("No hurry. I am here.", "Still here with you.", "I am staying. Write whenever you like, or not.")


@dataclass(frozen=True, slots=True)
class Manner:
    """How someone behaves; every span is `(least, most)` seconds."""

    looks_after: Span = (0.8, 2.0)
    comes_after: Span = (4.0, 8.0)
    """From the card to "coming"."""
    enters_after: Span = (1.5, 3.0)
    writes_after: Span = (2.5, 5.0)
    says_still_here_after: Span = (60.0, 90.0)

    def faster(self, by: float) -> Manner:
        """The same person, `by` times as fast."""

        def quick(span: Span) -> Span:
            return span[0] / by, span[1] / by

        return Manner(
            quick(self.looks_after), quick(self.comes_after), quick(self.enters_after), quick(self.writes_after),
            quick(self.says_still_here_after),
        )  # fmt: skip


PEER = Manner()
VOLUNTEER = Manner(comes_after=(15.0, 25.0), enters_after=(2.0, 4.0))
"""Slower than a peer: whoever has been there should be first."""


@dataclass(slots=True)
class SimulatedPerson:
    """One simulated person on one page. `group` is where a peer is available; a volunteer has none and watches the
    desk. `chance` makes them differ; seed it to make them the same again."""

    account: Account
    group: str | None
    manner: Manner = PEER
    chance: random.Random = field(default_factory=random.Random)
    _given_up: set[str] = field(default_factory=set)

    async def live(self) -> None:
        """Until cancelled, or until the server wants this person no more. Comes back after any failure."""
        page: Page = "member" if self.group is not None else "oncall"
        while True:
            try:
                async with connect(self.account, page) as here:
                    await self._be_ready(here)
                    await self._be_there(here)
            except Over:
                return
            except (Refused, OSError, TimeoutError) as error:
                log.warning("a simulated person starts again: %s", type(error).__name__)
            await asyncio.sleep(TRY_AGAIN_AFTER_SECONDS)

    async def _be_there(self, page: Client) -> None:
        """Come to calls; and a peer witnesses beside that."""
        watching = asyncio.ensure_future(watch_with(page, self.chance, self.manner.looks_after))
        try:
            while True:
                card = await page.until(self._who_needs_me, None)
                await self._go(page, card)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _be_ready(self, page: Client) -> None:
        if self.group is None:
            await page.watch_desk()
            await page.set_shift(on=True)
        else:
            await page.finish_introduction(self.group)
            await page.set_availability(self.group, "open")
            await page.open_room(page.state.groups[self.group]["room"])

    def _who_needs_me(self, state: State) -> View:
        """A call that this person is in already, or one that asks while nobody comes."""
        for card in state.cards.values():
            if card["standing"] not in ENDED and card["mine"] in WITH_THEM and card["call"] not in self._given_up:
                return card
        return next((c for c in state.asked_by if not c["helpers"] and c["call"] not in self._given_up), {})

    async def _go(self, page: Client, card: View) -> None:
        call = card["call"]
        try:
            if card["mine"] == "asked":
                await self._pause(self.manner.looks_after)
                await page.card_seen(call)
                await self._pause(self.manner.comes_after)
                if not self._is_still_needed(page.state, call):
                    return
                await page.answer_call(call, "coming")
                await self._pause(self.manner.enters_after)
            room = await page.enter_call(call)
            await page.open_room(room)
            await self._stay(page, call, room)
        except Refused as refused:
            log.debug("a simulated person does not come: %s", refused.code)
            self._given_up.add(call)

    @staticmethod
    def _is_still_needed(state: State, call: str) -> bool:
        card = state.card_of(call, mine="asked", stood_down="no")
        return bool(card) and not card["helpers"]

    async def _stay(self, page: Client, call: str, room: str) -> None:
        """Greet, answer what the caller writes, and be there when they write nothing."""
        replies = self.chance.sample(REPLIES, len(REPLIES))
        said = 0
        if not any(e["author"] and e["author"]["member"] == _me(page, call) for e in page.state.logs[room].entries):
            await self._say(page, room, self.chance.choice(HELLOS))
        answered = _last_of_the_caller(page.state, call, room)
        still_here = 0

        def something_new(state: State) -> bool:
            return _is_over(state, call) or _last_of_the_caller(state, call, room) > answered

        while not _is_over(page.state, call):
            try:
                await page.until(something_new, self.chance.uniform(*self.manner.says_still_here_after))
            except TimeoutError:
                if still_here < STILL_HERE_AT_MOST:
                    await self._say(page, room, STILL_HERE[still_here])
                    still_here += 1
                continue
            if not _is_over(page.state, call):
                answered = _last_of_the_caller(page.state, call, room)
                await self._say(page, room, replies[said % len(replies)])
                said += 1

    async def _say(self, page: Client, room: str, words: str) -> None:
        await self._pause(self.manner.writes_after)
        page.typing(room)
        await page.say(room, words)

    async def _pause(self, span: Span) -> None:
        await asyncio.sleep(self.chance.uniform(*span))


def _me(page: Client, call: str) -> str:
    return str(page.state.card_of(call).get("me", ""))


def _is_over(state: State, call: str) -> bool:
    card = state.card_of(call)
    return not card or card["standing"] in ENDED or card["mine"] not in WITH_THEM


def _last_of_the_caller(state: State, call: str, room: str) -> int:
    """The seq of the caller's newest words, 0 when they have written none."""
    caller = state.card_of(call).get("caller", {}).get("member")
    entries = state.logs[room].entries if room in state.logs else []
    return max((e["seq"] for e in entries if e["author"] and e["author"]["member"] == caller), default=0)
