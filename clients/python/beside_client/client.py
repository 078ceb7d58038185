"""One person's page without a page: a socket that comes back, commands that are done once, and the newest state.

The client says hello with a fresh ticket each time, answers beats at once, opens its rooms again from where it was,
fills gaps, and sends unanswered commands again under their first key, so that a lost line never makes two of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from beside_client.account import Account
from beside_client.backoff import Backoff
from beside_client.commands import Commands
from beside_client.failures import Over, Refused, Unreadable
from beside_client.state import Log, State
from beside_client.wire import (
    DRAINING,
    MAX_EVENT_BYTES,
    PROTOCOL_VERSION,
    View,
    comes_back,
    decode,
    encode,
    new_key,
)

T = TypeVar("T")
Page = Literal["client", "member", "oncall"]
log = logging.getLogger("beside_client")

OPEN_WITHIN_SECONDS = 10.0
WELCOME_WITHIN_SECONDS = 10.0
CLOSE_WITHIN_SECONDS = 1.0
PROVED_AFTER_SECONDS = 10.0
"""A connection that lived this long was no failure: the next wait starts small again."""
FOR_GOOD = {"not_signed_in", "locked_out", "not_allowed"}


@dataclass(slots=True, eq=False)
class _Pending:
    """A command that has no answer yet. `again`: it is the caller's, and outlives the connection."""

    frame: View
    answer: asyncio.Future[View]
    again: bool
    data: View | None = None
    """The event that carries what was asked for (`members`, `entries`, …); it comes before `ok`."""


@dataclass(slots=True, eq=False)
class _Waiter:
    truth: Callable[[State], Any]
    answer: asyncio.Future[Any]


class Client(Commands):
    """Use as `async with connect(account) as me:`, or `await client.start()` and `await client.close()`.

    - `page`: what the connection counts as: `member`, `oncall` (beats as a volunteer at the desk) or `client`.
    - `visible`: False is a hidden tab or a locked phone: standby (PR4).
    - `answer_beats`: False is a hung page, whose socket lives and whose person is not there (PR3). May be changed.
    - `acks_cards`: whether a card that arrives is reported as delivered, as a page does. `card_seen` is yours to say.
    - `on_event`: called with every event after it was taken in. It must not block.
    """

    def __init__(
        self,
        account: Account,
        *,
        page: Page = "client",
        visible: bool = True,
        answer_beats: bool = True,
        acks_cards: bool = True,
        backoff: Backoff | None = None,
        on_event: Callable[[View], None] | None = None,
    ) -> None:
        self.account = account
        self.state = State()
        self.page: Page = page
        self.visible = visible
        self.answer_beats = answer_beats
        self.acks_cards = acks_cards
        self.closes: list[int] = []
        """The close codes so far, one for each connection that ended."""
        self._backoff = backoff or Backoff()
        self._on_event = on_event
        self._pending: dict[str, _Pending] = {}
        self._waiters: set[_Waiter] = set()
        self._acked: set[tuple[str, int | None]] = set()
        self._filling: set[str] = set()
        self._reopening: set[asyncio.Task[None]] = set()
        self._entered: set[str] = set()
        self._at_desk = False
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._over: BaseException | None = None

    # ---- life

    async def start(self, within_seconds: float = 15.0) -> Self:
        """Connect, and wait for the welcome. Raises :class:`Over` when the server will not have this client, and
        TimeoutError when it was not reached in `within_seconds` (the attempts then end)."""
        if self._task is not None:
            raise RuntimeError("started already")
        self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            await self.until(lambda state: state.connected, within_seconds)
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Leave cleanly: those who share a room or a call see it within 1 s. Commands without an answer fail."""
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._finish(Over("closed here"))

    async def drop(self) -> None:
        """Cut the line as a lost network would, without a closing handshake. The client comes back by itself."""
        if self._socket is not None:
            self._socket.transport.abort()
            await self._socket.wait_closed()
            await self.until(lambda state: not state.connected)

    async def over(self) -> BaseException:
        """Wait until this client will not come back by itself, and why."""
        if self._task is not None:
            await asyncio.wait([self._task])
        return self._over or Over("never started")

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    # ---- asking and waiting

    async def ask(
        self, t: str, *, key: str | None = None, within_seconds: float = 30.0, more: View | None = None, **fields: Any
    ) -> View:
        """Send the command `t` and return its `ok` frame: done and committed.

        Without a connection it waits for one; after a lost one it is sent again under the same key. Hand in `key` to
        try again later what may have been done already. Raises :class:`Refused`, :class:`Over` or TimeoutError (the
        outcome is then not known: ask again with the same key). `more` are fields whose names stand for something else
        here.
        """
        ok, _data = await self._ask({"t": t, "k": key or new_key(), **fields, **(more or {})}, within_seconds)
        return ok

    async def read(self, t: str, *, within_seconds: float = 30.0, **fields: Any) -> View:
        """Like `ask`, for commands that are answered by an event of their own (`list_members` → `members`)."""
        ok, data = await self._ask({"t": t, "k": new_key(), **fields}, within_seconds)
        return ok if data is None else data

    async def until(self, truth: Callable[[State], T], within_seconds: float | None = 10.0) -> T:
        """Wait until `truth(state)` holds, and return what it gave. It is looked at now and after every event, so no
        state in between is missed. Raises :class:`Over`, TimeoutError after `within_seconds` (None: never), or
        what `truth` raises.
        """
        if value := truth(self.state):
            return value
        if self._over is not None:
            raise self._over
        waiter = _Waiter(truth, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(within_seconds):
                return await waiter.answer  # type: ignore[no-any-return]
        finally:
            self._waiters.discard(waiter)

    def hint(self, t: str, **fields: Any) -> None:
        """Send a frame that is never answered (`typing`), if there is a connection."""
        if self._socket is not None:
            asyncio.get_running_loop().create_task(self._write({"t": t, **fields}))

    async def _ask(self, frame: View, within_seconds: float) -> tuple[View, View | None]:
        if self._over is not None:
            raise self._over
        key = frame["k"]
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = _Pending(frame, asyncio.get_running_loop().create_future(), again=True)
            await self._write(frame)
        elif pending.frame != frame:
            raise ValueError("this key is in use for another command")
        try:
            async with asyncio.timeout(within_seconds):
                return await asyncio.shield(pending.answer), pending.data
        except (TimeoutError, asyncio.CancelledError):
            self._pending.pop(key, None)
            pending.answer.cancel()
            raise

    async def _tell(self, t: str, **fields: Any) -> None:
        """A command of the client itself. It dies with its connection: the next one starts anew."""
        frame = {"t": t, "k": new_key(), **fields}
        answer: asyncio.Future[View] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_note_refusal)
        self._pending[frame["k"]] = _Pending(frame, answer, again=False)
        await self._write(frame)

    async def _write(self, frame: View) -> None:
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):  # asked again after the next welcome
                await self._socket.send(encode(frame))

    # ---- the line

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began, hint = loop.time(), None
            try:
                code, hint = await self._one_connection()
                self.closes.append(code)
                if not comes_back(code):
                    self._finish(Over("the server closed this client for good", code))
                    return
            except Refused as refused:
                if refused.code in FOR_GOOD:
                    self._finish(refused)
                    return
                hint = None if refused.retry_after_ms is None else refused.retry_after_ms / 1000
            except (
                OSError,
                TimeoutError,
                InvalidHandshake,
                Unreadable,
                ConnectionClosed,
                aiohttp.ClientError,
            ) as error:
                log.debug("no connection: %s", type(error).__name__)
            except Exception as error:
                log.exception("the client failed")
                self._finish(error)
                return
            finally:
                self._lost_line()
            failures = 1 if loop.time() - began > PROVED_AFTER_SECONDS else failures + 1
            await asyncio.sleep(hint if hint is not None else self._backoff.seconds(failures))

    async def _one_connection(self) -> tuple[int, float | None]:
        """From the ticket to the close: `(close code, seconds to wait if the server said)`."""
        ticket = await self.account.ticket()
        address = urlsplit(self.account.base_url)
        scheme = "wss" if address.scheme == "https" else "ws"
        async with open_socket(
            f"{scheme}://{address.netloc}/ws",
            compression=None,
            max_size=MAX_EVENT_BYTES,
            open_timeout=OPEN_WITHIN_SECONDS,
            close_timeout=CLOSE_WITHIN_SECONDS,
            proxy=None if _is_this_machine(address.hostname) else True,
        ) as socket:
            # No Origin and no cookie: the ticket alone says who this is, as for every client that is no browser.
            hello = {"t": "hello", "k": new_key(), "ticket": ticket, "version": PROTOCOL_VERSION}
            await socket.send(encode({**hello, "page": self.page, "visible": self.visible}))
            try:
                async with asyncio.timeout(WELCOME_WITHIN_SECONDS):
                    await self._take(socket, decode(await socket.recv()))
                async for data in socket:
                    await self._take(socket, decode(data))
            except ConnectionClosed:
                pass  # the code below says which kind
            code, reason = socket.close_code or 1006, socket.close_reason or ""
            return code, int(reason) / 1000 if code == DRAINING and reason.isdecimal() else None

    def _lost_line(self) -> None:
        self._socket = None
        self.state.lost_line()
        self._filling.clear()
        self._acked.clear()
        for key in [key for key, pending in self._pending.items() if not pending.again]:
            self._pending.pop(key).answer.cancel()
        self._look()

    async def _take(self, socket: ClientConnection, event: View) -> None:
        """One event: into the state, then whatever it asks this client to do, then everyone who waits."""
        t = event["t"]
        if t == "beat":
            if self.answer_beats:
                await socket.send(encode({"t": "beat", "n": event["n"]}))
            return
        if t == "welcome" and event["version"] != PROTOCOL_VERSION:
            raise Unreadable("a welcome of another version")
        self.state.apply(event)
        self._settle(event)
        match t:
            case "welcome":
                self._socket = socket
                await self._arrived()
            case "card":
                await self._ack(event)
            case "room_now" | "entries":
                await self._fill(event["room"])
            case "resync":
                await self._reopen(event["room"])
            case "entry_added" | "entry_changed":
                held = self.state.logs.get(event["room"])
                if held is not None and held.open and event["epoch"] != held.epoch:
                    await self._reopen(event["room"])  # a new epoch: what is held may stand at another place now
                elif t == "entry_added":
                    await self._fill(event["room"])
            case _:
                pass
        if self._on_event is not None:
            self._on_event(event)
        self._look()

    async def _arrived(self) -> None:
        """Welcome: go on where the last connection ended."""
        for room in self.state.logs:
            await self._reopen(room)
        if self._at_desk:
            await self._tell("watch_desk")
        for call in self._entered:
            await self._tell("enter_call", call=call)
        # The snapshot of running calls comes before the answer to anything that is asked after the welcome.
        await self._tell("visible", visible=self.visible)
        fence = next(reversed(self._pending.values()))
        fence.answer.add_done_callback(self._snapshot_came)
        for pending in [p for p in self._pending.values() if p.again]:
            await self._write(pending.frame)
        self.state.connected = True

    def _snapshot_came(self, answer: asyncio.Future[View]) -> None:
        if not answer.cancelled():
            self.state.snapshot_is_whole()
            self._look()

    async def _reopen(self, room: str) -> None:
        held = self.state.logs.setdefault(room, Log())
        held.open = False
        self._filling.discard(room)
        await self._tell("open_room", room=room, after=held.position)

    async def _fill(self, room: str) -> None:
        """Ask for what is missing, one gap at a time."""
        held = self.state.logs.get(room)
        if held is None or held.gap is None:
            self._filling.discard(room)
        elif room not in self._filling:
            self._filling.add(room)
            after, before = held.gap
            await self._tell("fetch_entries", room=room, after=after, before=before, limit=200)

    async def _ack(self, card: View) -> None:
        """Delivered, once for each time this device is asked: `sound_at` is new with every ring."""
        if self._socket is None:
            return  # a call was raised while the welcome was made: the card comes again after it
        ringing = (card["call"], card["sound_at"])
        if self.acks_cards and card["mine"] == "asked" and card["stood_down"] == "no" and ringing not in self._acked:
            self._acked.add(ringing)
            await self._tell("card_delivered", call=card["call"])

    def _settle(self, event: View) -> None:
        """Give an answer to whoever asked."""
        pending = self._pending.get(event.get("re") or "")
        if pending is None:
            return
        if event["t"] not in ("ok", "refused"):
            if event["t"] == "entries":
                self._filling.discard(event["room"])
            pending.data = event
            return
        del self._pending[pending.frame["k"]]
        if not self._opens_again(pending.frame, event):
            self._remember(pending.frame, done=event["t"] == "ok")
        if pending.answer.done():
            return
        if event["t"] == "ok":
            pending.answer.set_result(event)
        else:
            pending.answer.set_exception(
                Refused(event["code"], event["sentence"], event["do"], event.get("retry_after_ms"))
            )

    def _opens_again(self, frame: View, event: View) -> bool:
        """A room that was open, and that the server could not read just now, is asked for again."""
        wait_ms = event.get("retry_after_ms")
        held = self.state.logs.get(frame.get("room", ""))
        if frame["t"] != "open_room" or wait_ms is None or held is None or not held.epoch:
            return False
        loop, socket = asyncio.get_running_loop(), self._socket

        def again() -> None:
            if self._socket is socket and self.state.logs.get(frame["room"]) is held:
                self._reopening.add(task := loop.create_task(self._reopen(frame["room"])))
                task.add_done_callback(self._reopening.discard)

        loop.call_later(wait_ms / 1000, again)
        return True

    def _remember(self, frame: View, *, done: bool) -> None:
        """What the next connection has to ask for again."""
        match frame["t"]:
            case "enter_call" if done:
                self._entered.add(frame["call"])
            case "enter_call" | "leave_call":
                self._entered.discard(frame["call"])
            case "watch_desk":
                self._at_desk = done
            case "visible" if done:
                self.visible = frame["visible"]
            case "close_room" if done:
                self.state.logs.pop(frame["room"], None)
            case "open_room" if not done:
                self.state.logs.pop(frame["room"], None)
            case _:
                pass

    def _look(self) -> None:
        """Wake those whose wait is over."""
        for waiter in [w for w in self._waiters if not w.answer.done()]:
            try:
                if value := waiter.truth(self.state):
                    waiter.answer.set_result(value)
            except Exception as error:
                waiter.answer.set_exception(error)

    def _finish(self, why: BaseException) -> None:
        if self._over is None:
            self._over = why
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(self._over) if pending.again else pending.answer.cancel()
        self._pending.clear()
        for waiter in self._waiters:
            if not waiter.answer.done():
                waiter.answer.set_exception(self._over)


def connect(
    account: Account,
    page: Page = "client",
    *,
    visible: bool = True,
    answer_beats: bool = True,
    acks_cards: bool = True,
    backoff: Backoff | None = None,
    on_event: Callable[[View], None] | None = None,
) -> Client:
    """A client for `async with`. See :class:`Client`."""
    return Client(
        account,
        page=page,
        visible=visible,
        answer_beats=answer_beats,
        acks_cards=acks_cards,
        backoff=backoff,
        on_event=on_event,
    )


def _note_refusal(answer: asyncio.Future[View]) -> None:
    if not answer.cancelled() and answer.exception() is not None:
        log.debug("the server refused what the client asked for itself: %s", answer.exception())


def _is_this_machine(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
