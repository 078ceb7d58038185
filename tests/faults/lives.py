"""What people do in a run, each from a stream of chance of their own (seed and name): the same seed, the same plans.
When they act, and so what they find, is time's.

A life goes on until `stop` is set, finishes what it began, and returns. What a person may be refused in the ordinary
way of things is no fault; a word that a member in good standing is refused is.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from beside_client import Refused
from beside_client.state import State
from beside_client.watching import watch_with
from beside_client.wire import View
from tests.faults.history import Seen
from tests.faults.people import Person, now

ENDED = ("closed", "cancelled", "parked")


@dataclass
class Life(ABC):
    """`pace`: how many times as long as planned each pause takes."""

    person: Person
    chance: random.Random
    pace: float = field(default=1.0, kw_only=True)

    @abstractmethod
    async def live(self, stop: asyncio.Event) -> None: ...

    async def pause(self, least: float, most: float, stop: asyncio.Event) -> None:
        """Less, when all is to end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), self.pace * self.chance.uniform(least, most))


@dataclass
class Talker(Life):
    """Says a word now and then in the group's room."""

    room: str

    async def live(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.person.say_a_word(self.room)
            except Refused as refused:
                seen = Seen(now(), "refused and should not be", f"a word of {self.person.name}: {refused.code}")
                self.person.history.seen.append(seen)
            await self.pause(0.1, 0.5, stop)


@dataclass
class Caller(Life):
    """Presses, waits, talks to whoever comes, and ends it in one way or another; again and again. `others`: members'
    ids in the group, to narrow a call to."""

    group: str
    others: list[str]
    patience: float = 4.0

    async def live(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            call = await self.person.press(self.group)
            with contextlib.suppress(Refused):  # on-call may have closed it, or the undo ran out
                await self._be_in(call, stop)
            await self.pause(0.1, 1.0, stop)

    async def _be_in(self, call: str, stop: asyncio.Event) -> None:
        me = self.person
        what = self.chance.choice(("talk", "talk", "narrow", "danger", "more", "undo", "wait"))
        waits = self.chance.uniform(0.2, self.patience)
        if what == "narrow":
            await me.narrow_call(call, self.chance.sample(self.others, min(2, len(self.others))))
        if what == "danger":
            await me.danger_now(call)
        with contextlib.suppress(TimeoutError):
            if await me.until(lambda s: stop.is_set() or _held_up(s, call), waits) and what == "talk":
                await self._talk(call)
        match what:
            case "undo":
                await me.cancel(call, why="mistake")
                await me.undo_cancel(call)
                await self.pause(0.1, 1.0, stop)
                await me.cancel(call)
            case "more":
                await me.close_call(call, "more")
                await self.pause(0.1, 1.0, stop)
                await me.close_call(call, "same")
            case _ if self.chance.random() < 0.4:
                await me.cancel(call)
            case _:
                await me.close_call(call, "better")

    async def _talk(self, call: str) -> None:
        me = self.person
        room = me.state.my_calls[call]["room"]
        await me.read_room(room)
        for _ in range(self.chance.randint(1, 3)):
            await me.say_a_word(room)
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))
        if me.state.my_call_when(can_confirm_here=True):
            await me.confirm_here(call)
        with contextlib.suppress(Refused):
            await me.close_room(room)


def _held_up(state: State, call: str) -> View:
    """Somebody is in the room of this call."""
    view = state.my_calls.get(call, {})
    return view if view and any(h["answer"] in ("in_room", "here") for h in view["helpers"]) else {}


@dataclass
class Responder(Life):
    """Answers each card that asks: comes, says something and goes again; or can't, takes it back, or lets it lie."""

    never: bool = False
    """Lets every card lie: their group is one in which nobody comes."""
    _answered: set[tuple[str, int]] = field(default_factory=set)
    _busy: set[str] = field(default_factory=set)

    async def live(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as under_way:
            while not stop.is_set() and not self.never:
                with contextlib.suppress(TimeoutError):
                    card = await self.person.until(self._unanswered, 0.5)
                    self._answered.add((card["call"], card["ringing"]))
                    under_way.create_task(self._respond(card["call"], stop))
            await stop.wait()

    def _unanswered(self, state: State) -> View:
        free = (c for c in state.asked_by if c["call"] not in self._busy)
        return next((c for c in free if (c["call"], c["ringing"]) not in self._answered), {})

    async def _respond(self, call: str, stop: asyncio.Event) -> None:
        self._busy.add(call)
        try:
            await self._answer(call, stop)
        finally:
            self._busy.discard(call)

    async def _answer(self, call: str, stop: asyncio.Event) -> None:
        await self.pause(0.05, 0.6, stop)
        with contextlib.suppress(Refused):  # taken, over, or their pledge of this attempt is spent
            match self.chance.choice(("come", "come", "come", "cant", "withdraw", "nothing")):
                case "come":
                    await self.person.answer_call(call, "coming")
                    await self.pause(0.0, 0.5, stop)
                    await self._stay(call, stop)
                case "cant":
                    await self.person.answer_call(call, "cant")
                case "withdraw":
                    await self.person.answer_call(call, "coming")
                    await self.pause(0.0, 0.5, stop)
                    await self.person.answer_call(call, "withdraw")
                case _:
                    await self.person.card_seen(call)

    async def _stay(self, call: str, stop: asyncio.Event) -> None:
        me = self.person
        await me.ask("enter_call", call=call)
        room = me.state.card_of(call).get("room")
        try:
            if room:
                await me.read_room(room)
                await me.say_a_word(room)
            with contextlib.suppress(TimeoutError):
                over = self.chance.uniform(0.2, 2.0)
                await me.until(lambda s: stop.is_set() or s.card_of(call).get("standing") in ENDED, over)
        finally:
            if room:
                with contextlib.suppress(Refused):
                    await me.close_room(room)
            await me.ask("leave_call", call=call)


@dataclass
class Wanderer(Life):
    """Goes from the group and comes back: by their own word, removed by the moderator, or with the line gone for longer
    than anyone is shown as here."""

    moderator: Person
    group: str
    room: str

    async def live(self, stop: asyncio.Event) -> None:
        me = self.person
        while not stop.is_set():
            await self.pause(0.5, 3.0, stop)
            match self.chance.choice(("leave", "removed", "away")):
                case "leave":
                    await me.leave_group(self.group)
                    await self._come_back(stop)
                case "removed":
                    await self.moderator.remove_member(me.state.groups[self.group]["me"])
                    await self._come_back(stop)
                case _:
                    await me.drop_for(self.chance.choice((1.0, 3.0, 24.0)), stop)

    async def _come_back(self, stop: asyncio.Event) -> None:
        history, name = self.person.history, self.person.name
        history.part(name, self.room, "outside", now())
        await self.pause(0.5, 2.0, stop)
        invite = await self.moderator.make_invite(self.group)
        history.join(name, self.room, now())
        await self.person.use_invite(invite, name)
        await self.person.read_room(self.room)


@dataclass
class Grudge(Life):
    """Blocks someone of the group, and takes it back. `other_id` is their membership's id."""

    other: str
    other_id: str

    async def live(self, stop: asyncio.Event) -> None:
        history, name = self.person.history, self.person.name
        while not stop.is_set():
            await self.pause(0.5, 2.0, stop)
            await self.person.block_member(self.other_id)
            history.part(name, self.other, "block", now())
            await self.pause(2.0, 5.0, stop)
            history.join(name, self.other, now())
            await self.person.unblock_member(self.other_id)


@dataclass
class Doer(Life):
    """Declares an action now and then, told in words, goes live, says steps, and is done; or stops. `ended` holds those
    whose record there must be."""

    group: str
    ended: list[str] = field(default_factory=list)

    async def live(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(Refused):  # it expired, or was ended for safety
                await self._do(stop)
            await self.pause(0.5, 3.0, stop)

    async def _do(self, stop: asyncio.Event) -> None:
        me = self.person
        for left in [a["action"] for a in me.state.my_actions.values() if a["stage"] not in ("ended", "attesting")]:
            await me.stop_action(left)  # one that a refusal cut short
        action = await me.declare_action(self.group, "pour_out", "watch me")
        await self.pause(0.3, 1.5, stop)
        await me.go_live(action, anyway=True)
        for step in range(self.chance.randint(1, 4)):
            await me.say_step(action, f"step {step}")
            await self.pause(0.1, 0.5, stop)
        if self.chance.random() < 0.3:
            await me.stop_action(action)
        else:
            await me.declare_done(action)
            with contextlib.suppress(TimeoutError):
                await me.until(lambda s: s.my_action_when(action, stage="ended"), 2.0)
        self.ended.append(action)


@dataclass
class Witness(Life):
    """Watches whatever is to be watched, and attests what was told."""

    async def live(self, stop: asyncio.Event) -> None:
        watching = asyncio.ensure_future(watch_with(self.person, self.chance, (0.1, 0.5)))
        try:
            await stop.wait()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
