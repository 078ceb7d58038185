"""A person of a run: the real client of `clients/python`, which writes down what it sends and what comes.

It repairs nothing that the client does not repair. What it adds is patience: a command that was not saved, or whose
answer did not come, is sent again under its key until it is answered for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from beside_client import Account, Backoff, Client, Refused, new_key
from beside_client.client import Page
from beside_client.state import Log
from beside_client.wire import View
from tests.faults.history import (
    Acked,
    Answer,
    Card,
    Command,
    Foreign,
    History,
    Line,
    MyCall,
    NotContinued,
    Read,
    Said,
    Seconds,
)
from tests.faults.history import Presence as WhoIsHere

AT_ONCE = Backoff(first_seconds=0.05, most_seconds=0.4)
TRY_AGAIN = ("not_saved", "too_fast")
ANSWER_WITHIN_SECONDS = 10.0
NAMES_SOMETHING = ("call", "action", "room", "group", "member")
now: Callable[[], Seconds] = time.monotonic


class ServerClock:
    """The server's clock as events tell it: `now` in a view, less what it took to come. None before the first since a
    start, for a server may start with another clock than it had."""

    def __init__(self) -> None:
        self._ahead_ms: int | None = None

    def started_anew(self) -> None:
        self._ahead_ms = None

    def note(self, server_ms: int) -> None:
        ahead = server_ms - _wall_ms()
        self._ahead_ms = ahead if self._ahead_ms is None else max(self._ahead_ms, ahead)

    def now_ms(self) -> int | None:
        return None if self._ahead_ms is None else _wall_ms() + self._ahead_ms


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Notebook:
    """What everyone in a run writes into, and what they have to know to do so."""

    history: History
    clock: ServerClock
    room_of_group: dict[str, str]
    marks: dict[str, tuple[str, ...]]
    """Group's name → what stands in each of its names and words, and its ids: none of it is for other groups."""


class Person(Client):
    """`name` is the login, and the name in every group. `home` is the name of their group, "" for who belongs to none
    and sees all (on-call). `urls`: every node, their own first; a line that is lost is made anew to the next."""

    def __init__(
        self, name: str, account: Account, book: Notebook, home: str, urls: Sequence[str], page: Page = "client"
    ) -> None:
        super().__init__(account, page=page, backoff=AT_ONCE, on_event=self._note)
        self._urls = urls
        self._at = 0
        self.name = name
        self.home = home
        self.book = book
        self.up = False
        self._shown: dict[str, tuple[Log, int, int | None]] = {}
        """Of each room: what is held of it, up to where that was noted, and in which epoch."""
        self._words = 0
        self._stay_away = False
        self._opening_anew: Counter[str] = Counter()
        """Rooms that this line asked for without a position, and has not got yet."""

    @property
    def history(self) -> History:
        return self.book.history

    # ---- doing

    async def ask(
        self, t: str, *, key: str | None = None, within_seconds: float = 30.0, more: View | None = None, **fields: Any
    ) -> View:
        key = key or new_key()
        while True:
            try:
                return await super().ask(t, key=key, within_seconds=ANSWER_WITHIN_SECONDS, more=more, **fields)
            except Refused as refused:
                if refused.code not in TRY_AGAIN:
                    raise
                await asyncio.sleep((refused.retry_after_ms or 200) / 1000)
            except TimeoutError:
                continue

    async def press(self, group: str) -> str:
        """ "I need someone now", until it is answered. Returns the call's id."""
        key = new_key()
        # Noted here, for without a line it goes by the second way alone (UC1), on which no frame is sent.
        room = self.book.room_of_group.get(group, "")
        self.history.commands[key] = Command(now(), self.name, key, "raise_call", group, room)
        while True:
            try:
                call = await self.raise_call(group, f"words of {self.name}", key=key)
            except (Refused, aiohttp.ClientError, TimeoutError) as error:
                if isinstance(error, Refused) and error.code not in TRY_AGAIN and error.status < 500:
                    raise
                await asyncio.sleep(0.2)
                continue
            # By the second way (UC1) no event comes; whether it is saved is not asked there.
            self.history.answers.setdefault(key, Answer(now(), self.name, key, "ok", call, saved=False))
            return call

    async def say_a_word(self, room: str) -> None:
        """Under a word that nobody else says, until it is saved."""
        self._words += 1
        word, key = f"{self.name}-{self._words}", new_key()
        self.history.rooms_of[self.name].add(room)
        seq = await self.say(room, f"{word} some more words", key=key)
        saved = self.history.answers[key].saved
        self.history.acked.append(Acked(now(), self.name, room, word, seq, saved))

    async def read_room(self, room: str) -> None:
        self.history.rooms_of[self.name].add(room)
        await self.open_room(room)

    async def drop_for(self, seconds: Seconds, stop: asyncio.Event) -> None:
        """The line is lost, and nobody comes back before that time is over, or before `stop`."""
        self._stay_away = True
        try:
            if self._socket is not None:
                self._socket.transport.abort()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
        finally:
            self._stay_away = False

    async def _one_connection(self) -> tuple[int, float | None]:
        if self._stay_away:
            raise ConnectionError("away")
        self.account.base_url = self._urls[self._at]
        try:
            return await super()._one_connection()
        finally:
            self._at = (self._at + 1) % len(self._urls)

    def go_home(self) -> None:
        """Their own node is there again: the line ends as a phone's does in another network, and is made anew there."""
        if self.account.base_url != self._urls[0] and self._socket is not None:
            self._at = -1
            self._socket.transport.abort()

    # ---- writing down

    async def _write(self, frame: View) -> None:
        if self._socket is not None and frame.get("k") and frame["k"] not in self.history.commands:
            self._note_command(frame)
        if frame["t"] == "open_room" and frame.get("after") is None:
            self._opening_anew[frame["room"]] += 1
        await super()._write(frame)

    def _note_command(self, frame: View) -> None:
        about = next((str(frame[name]) for name in NAMES_SOMETHING if frame.get(name)), "")
        more = str(frame.get("answer") or frame.get("feeling") or "")
        if frame["t"] == "say":
            self.history.said.append(Said(now(), self.name, frame["room"], _word_of(frame["text"])))
        self.history.commands[frame["k"]] = Command(now(), self.name, frame["k"], frame["t"], about, more)

    def _lost_line(self) -> None:
        if self.up:
            self.up = False
            self.history.lines.append(Line(now(), self.name, up=False, url=self.account.base_url))
        self._opening_anew.clear()
        super()._lost_line()

    def _note(self, event: View) -> None:
        self._look_for_what_is_foreign(event)
        if "now" in event:
            self.book.clock.note(event["now"])
        match event["t"]:
            case "welcome":
                self.up = True
                self.history.lines.append(Line(now(), self.name, up=True, url=self.account.base_url))
            case "ok" | "refused" if event["re"] in self.history.commands:
                self._note_answer(event)
            case "room_now" | "entry_added" | "entries":
                self._note_entries(event)
            case "card":
                self.history.cards.append(_card(self.name, event))
            case "my_call":
                self.history.my_calls.append(_my_call(self.name, event))
            case "presence_now":
                view = event["presence"]
                self.book.clock.note(view["now"])
                people = frozenset(p["person"]["name"] for p in view["people"])
                self.history.presence.append(WhoIsHere(now(), self.name, event["group"], people))
            case _:
                pass

    def _note_answer(self, event: View) -> None:
        made = str(event.get("call") or event.get("action") or "")
        code = "ok" if event["t"] == "ok" else event["code"]
        if code in TRY_AGAIN:
            return
        answer = Answer(now(), self.name, event["re"], code, made, event.get("saved", True))
        self.history.answers.setdefault(event["re"], answer)

    def _note_entries(self, event: View) -> None:
        """What the page shows now that it did not before, and what came besides."""
        room = event["room"]
        came = event["entries"] if event["t"] != "entry_added" else [event["entry"]]
        log = self.state.logs.get(room)
        if log is None:
            return
        held, shown, epoch = self._shown.get(room, (log, 0, log.epoch))
        if held is not log:
            shown = 0
        if event["t"] == "room_now" and not event["resumed"]:
            if shown and epoch == log.epoch and not self._opening_anew[room]:
                behind = event["head"] - shown
                self.history.not_continued.append(NotContinued(now(), self.name, room, shown, behind))
            self._opening_anew[room] -= self._opening_anew[room] > 0
            shown = 0
        fresh = log.entries[_place_after(log, shown) :]
        new = {e["seq"] for e in fresh}
        for entry in came:
            if entry["seq"] not in new:
                read = Read(now(), self.name, room, entry["seq"], _word_of_entry(entry), "again", event["epoch"])
                self.history.read.append(read)
        for entry in fresh:
            how = "next" if shown else "first"
            shown = entry["seq"]
            word = _word_of_entry(entry)
            self.history.read.append(Read(now(), self.name, room, shown, word, how, log.epoch))  # type: ignore[arg-type]
        self._shown[room] = (log, shown, log.epoch)

    def _look_for_what_is_foreign(self, event: View) -> None:
        if not self.home or event["t"] in ("ok", "refused"):
            return
        whole = repr(event)
        for group, marks in self.book.marks.items():
            if group != self.home:
                for mark in marks:
                    if mark in whole:
                        self.history.foreign.append(Foreign(now(), self.name, event["t"], mark))


def _place_after(log: Log, seq: int) -> int:
    """How many of a log's entries are not after `seq`: it is dense."""
    return max(0, min(len(log.entries), seq - int(log.entries[0]["seq"]) + 1)) if log.entries else 0


def _word_of(text: str) -> str:
    return text.partition(" ")[0]


def _word_of_entry(entry: Mapping[str, Any]) -> str | None:
    if entry["kind"] == "said":
        return _word_of(entry["text"])
    return "" if entry["kind"] in ("joined", "left") else None


def _peers_here(view: View) -> int:
    return sum(1 for h in view["helpers"] if h["answer"] == "here" and h["person"].get("badge") != "volunteer")


def _card(who: str, view: View) -> Card:
    return Card(
        now(), who, view["call"], view["caller"]["name"], view["version"], view["ringing"], view["mine"],
        view["standing"], _peers_here(view),
    )  # fmt: skip


def _my_call(who: str, view: View) -> MyCall:
    return MyCall(
        now(), who, view["call"], view["version"], view["standing"], bool(view["helpers"]), view["failsafe"] != "none",
        view["asked"], _peers_here(view),
    )  # fmt: skip
