"""People who go on while their server is killed under them: each keeps its keys, comes back, and writes down what it
was told. They repair nothing that the protocol does not say."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import Any

import aiohttp
from websockets.exceptions import WebSocketException

from beside_client import Account, Refused, new_key
from presence.ids import CallId, MemberId
from tests.faults.calls import Told
from tests.faults.history import Acked, History, Read, Sent
from tests.server.raw import Frame, Line, LineClosed, Page, joined

NO_SERVER = (OSError, TimeoutError, LineClosed, Refused, aiohttp.ClientError, WebSocketException)
KEPT_WITHOUT_KEY = ("card_delivered",)
"""Acks of devices: doing them twice does no harm."""
TRY_AGAIN = ("not_saved", "too_fast")


class Actor:
    """One page that comes back. `do` sends a command under one key until it is answered for good."""

    def __init__(self, name: str, account: Account, seed: str, told: Told, page: Page = "client") -> None:
        self.name = name
        self.account = account
        self.told = told
        self.random = random.Random(f"{seed} {name}")
        self.over = False
        self.reconnects = 0
        self._page = page
        self._line: Line | None = None
        self._online = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._live())

    async def _live(self) -> None:
        while not self.over:
            try:
                line = await joined(self.account, self._page, on_frame=self.took)
            except NO_SERVER:
                await asyncio.sleep(self.random.uniform(0.02, 0.1))
                continue
            try:
                self._line = line
                await self.arrived(line)
                self._online.set()
                await line.closed(600)
                self.reconnects += 1
            except NO_SERVER:
                pass
            finally:
                self._online.clear()
                self._line = None
                await line.close()

    async def arrived(self, line: Line) -> None:
        """Whatever every connection begins with."""

    def took(self, frame: Frame) -> None:
        """Every frame, as it comes."""

    async def do(self, t: str, /, **fields: Any) -> Frame:
        frame = {"t": t, "k": new_key(), **fields}
        while True:
            await self._online.wait()
            line = self._line
            if line is None:
                continue
            before = len(line.frames)
            try:
                await line.send(frame)
                reply = await line.reply_to(frame["k"], 5, before)
            except (LineClosed, TimeoutError):
                await asyncio.sleep(0.01)
                continue
            if reply["t"] == "ok" and t not in KEPT_WITHOUT_KEY:
                self.told.keys[frame["k"]] = t
            if reply.get("code") not in TRY_AGAIN:
                return reply
            await asyncio.sleep((reply["retry_after_ms"] or 100) / 1000)

    async def leave(self) -> None:
        self.over = True
        if self._line is not None:
            await self._line.close()
        await self._task


class Talker(Actor):
    """Says a word now and then in its group's room, and reads the room from where it was after each reconnect."""

    def __init__(self, name: str, account: Account, seed: str, told: Told, room: str, history: History) -> None:
        self._room = room
        self._history = history
        self._epoch = self.last = 0
        self._words = 0
        self._reopening: set[asyncio.Task[None]] = set()
        history.rooms_of[name] = {room}
        super().__init__(name, account, seed, told)

    async def arrived(self, line: Line) -> None:
        after = {"epoch": self._epoch, "seq": self.last} if self._epoch else None
        await line.send({"t": "open_room", "k": new_key(), "room": self._room, "after": after})

    def took(self, frame: Frame) -> None:
        match frame["t"]:
            case "room_now":
                if self._epoch and not frame["resumed"]:
                    self._history.not_continued.append((self.name, self.last))
                self._epoch = frame["epoch"]
                for entry in frame["entries"]:
                    self._read(frame["room"], entry)
            case "entry_added":
                self._read(frame["room"], frame["entry"])
            case "resync":
                self._reopen()
            case _:
                pass

    def _read(self, room: str, entry: Frame) -> None:
        seq, key = entry["seq"], entry["text"].partition(" ")[0]
        if room == self._room and self.last and seq > self.last + 1:
            self._reopen()  # a gap: read again from where we are
            return
        again = room == self._room and seq <= self.last
        self._history.read.append(Read(time.monotonic(), self.name, room, seq, key, again))
        self.last = max(self.last, seq)

    def _reopen(self) -> None:
        if self._line is not None:
            task = asyncio.get_running_loop().create_task(self._arrive_again(self._line))
            self._reopening.add(task)
            task.add_done_callback(self._reopening.discard)

    async def _arrive_again(self, line: Line) -> None:
        with contextlib.suppress(LineClosed):  # the next connection begins with it
            await self.arrived(line)

    async def talk(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._words += 1
            key = f"{self.name}-{self._words}"
            self._history.sent.append(Sent(time.monotonic(), self.name, self._room, key))
            reply = await self.do("say", room=self._room, text=f"{key} some more words")
            assert reply["t"] == "ok", reply
            self._history.acked.append(Acked(time.monotonic(), self.name, self._room, key, reply["seq"]))
            await asyncio.sleep(self.random.uniform(0.02, 0.12))


class Caller(Actor):
    """Presses, waits, and cancels, takes that back, or closes; again and again."""

    def __init__(self, name: str, account: Account, seed: str, told: Told, group: str) -> None:
        self._group = group
        super().__init__(name, account, seed, told)

    async def call(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            raised = await self.do("raise_call", group=self._group, words=f"words of {self.name}")
            assert raised["t"] == "ok", raised
            call = CallId(raised["call"])
            self.told.raised.add(call)
            self.told.ended.pop(call, None)
            await asyncio.sleep(self.random.uniform(0.3, 3))
            match self.random.choice(("cancel", "undo", "close", "danger", "close")):
                case "cancel":
                    await self._end("cancelled", call, "cancel_call", why="ok")
                case "undo":
                    await self._end("cancelled", call, "cancel_call", why="mistake")
                    self.told.ended.pop(call, None)
                    await self.do("undo_cancel", call=call)
                case "danger":
                    await self.do("danger_now", call=call)
                case _:
                    await self._end("closed", call, "close_call", feeling="better")
            await asyncio.sleep(self.random.uniform(0.05, 0.5))

    async def _end(self, word: str, call: CallId, t: str, **fields: Any) -> None:
        reply = await self.do(t, call=call, **fields)
        if reply["t"] == "ok":
            self.told.ended[call] = word


class Responder(Actor):
    """Answers each card that asks: comes, says something and goes again, or can't, or lets it lie."""

    def __init__(self, name: str, account: Account, seed: str, told: Told, page: Page = "client") -> None:
        self._stop = False
        self._answered: set[str] = set()
        self._at_work: set[asyncio.Task[None]] = set()
        self.foreign: tuple[str, ...] = ()
        """What stands in every name and word of the groups that are not this person's."""
        self.leaks: list[Frame] = []
        super().__init__(name, account, seed, told, page)

    async def arrived(self, line: Line) -> None:
        if self._page == "oncall":
            await line.send({"t": "watch_desk", "k": new_key()})

    def took(self, frame: Frame) -> None:
        if any(word in repr(frame) for word in self.foreign):
            self.leaks.append(frame)
        if frame["t"] != "card" or frame["mine"] != "asked" or frame["stood_down"] != "no" or self._stop:
            return
        if frame["call"] not in self._answered:
            self._answered.add(frame["call"])
            task = asyncio.get_running_loop().create_task(self._respond(frame["call"], frame["me"]))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

    async def _respond(self, call: str, me: str) -> None:
        await self.do("card_delivered", call=call)
        await asyncio.sleep(self.random.uniform(0.05, 0.8))
        place = (CallId(call), MemberId(me))
        match self.random.choice(("come", "come", "come", "cant", "nothing")):
            case "come":
                if (await self.do("answer_call", call=call, answer="coming"))["t"] != "ok":
                    return
                self.told.coming.add(place)
                entered = await self.do("enter_call", call=call)
                if entered["t"] == "ok":
                    await asyncio.sleep(self.random.uniform(0.2, 2))
                    await self.do("leave_call", call=call)
            case "cant":
                if (await self.do("answer_call", call=call, answer="cant"))["t"] == "ok" and self._page != "oncall":
                    self.told.cant.add(place)
            case _:
                pass

    async def finish(self) -> None:
        """Answer nothing more; wait for what is under way."""
        self._stop = True
        while self._at_work:
            await asyncio.wait(self._at_work)
