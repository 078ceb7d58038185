"""One socket: reads frames, lets the session judge them, runs the handler, writes what the outbox lets through.

The only module, beside the door, that knows the websockets library.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

from presence.ids import ConnectionId, GroupId
from rooms.refusals import Refusal, Refused
from server.clock import Clock
from server.gateway.outbox import PRESENCE, Outbox, Verdict
from server.gateway.session import URGENT, Session
from server.ids import new_id
from server.ports import StoreDown, StoreLate
from server.who import Who
from server.wire.codec import BadFrame, decode_command, encode_event
from server.wire.codes import NO_HELLO, CloseCode
from server.wire.frames import Beat, Command, Event, Hello, RefusedFrame, Resync

Socket = ServerConnection
Closed = ConnectionClosed
log = structlog.get_logger("connection")
HELLO_WITHIN_SECONDS = 10
DRAIN_CHECK_SECONDS = 0.25
GO_AHEAD_AFTER_SECONDS = 0.3
"""A frame of a call waits this long for ordinary ones sent before it, and no longer: the store may hang over them."""
WAITING_AT_MOST_BYTES = 256 * 1024


class Connection:
    """The shell around a :class:`Session`. `welcome` accepts a hello; `handle` runs one command and returns its
    reply; `gone` is told when the socket is closed, `missed_presence` when a line moves again for which a view of a
    group's presence was dropped."""

    def __init__(
        self,
        socket: Socket,
        clock: Clock,
        *,
        welcome: Callable[[Connection, Hello], Awaitable[Who | CloseCode]],
        handle: Callable[[Who, Command], Awaitable[Event | None]],
        gone: Callable[[Who], None],
        missed_presence: Callable[[Who, GroupId], None],
    ) -> None:
        self.id = ConnectionId(new_id())
        self._socket = socket
        self._clock = clock
        self._welcome = welcome
        self._handle = handle
        self._gone = gone
        self._missed_presence = missed_presence
        self._session = Session(self.id, clock.now())
        self._outbox = Outbox()
        self._drain_check: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[Command, int]] = deque()
        self._waiting_bytes = 0
        self._ordinary: asyncio.Task[None] | None = None
        self._ordinary_since = 0.0

    async def serve(self) -> None:
        """Until the socket closes. Frames are handled one after the other, in order; but those of a call go ahead of
        ordinary ones that take long."""
        watchdog = asyncio.get_running_loop().call_later(HELLO_WITHIN_SECONDS, self._no_hello)
        try:
            async for data in self._socket:
                if not await self._take(data):
                    break
        except ConnectionClosed:
            pass  # the ordinary end of a socket
        finally:
            watchdog.cancel()
            if self._drain_check is not None:
                self._drain_check.cancel()
            if self._session.who is not None:
                self._gone(self._session.who)
            if self._ordinary is not None:
                await self._ordinary  # what was sent before the line went is done all the same
            if self._closing is not None:
                await self._closing

    async def _take(self, data: str | bytes) -> bool:
        """One frame. Returns whether to go on reading."""
        try:
            command = decode_command(data if isinstance(data, bytes) else b"")
        except BadFrame as bad:
            self.reply(_refused(bad.key, Refused(Refusal.BAD_FRAME)))
            return self._go_on(self._session.got_bad_frame())
        code = self._session.must_close(command)
        if code is not None:
            return self._go_on(code)
        if isinstance(command, Hello):
            return await self._say_hello(command)
        key = getattr(command, "k", None)
        if not self._session.may_pass(command, self._clock.now()):
            self.reply(_refused(key, Refused(Refusal.TOO_FAST), retry_after_ms=1_000))
            return self._go_on(self._session.is_flooding())
        if isinstance(command, Beat):
            await self._run(command)
        elif isinstance(command, URGENT):
            await self._wait_for_ordinary()
            await self._run(command)
        elif self._waiting_bytes + len(data) > WAITING_AT_MOST_BYTES:
            self.reply(_refused(key, Refused(Refusal.TOO_FAST), retry_after_ms=2_000))
        else:
            self._run_in_turn(command, len(data))
        return True

    def _run_in_turn(self, command: Command, size: int) -> None:
        self._waiting.append((command, size))
        self._waiting_bytes += size
        if self._ordinary is None or self._ordinary.done():
            loop = asyncio.get_running_loop()
            self._ordinary_since = loop.time()
            self._ordinary = loop.create_task(self._run_ordinary())

    async def _run_ordinary(self) -> None:
        while self._waiting:
            command, size = self._waiting.popleft()
            await self._run(command)
            self._waiting_bytes -= size

    async def _wait_for_ordinary(self) -> None:
        if self._ordinary is not None and not self._ordinary.done():
            left = self._ordinary_since + GO_AHEAD_AFTER_SECONDS - asyncio.get_running_loop().time()
            if left > 0:
                await asyncio.wait({self._ordinary}, timeout=left)

    async def _run(self, command: Command) -> None:
        assert self._session.who is not None  # noqa: S101  must_close has seen to it
        reply: Event | None
        key = getattr(command, "k", None)
        try:
            reply = await self._handle(self._session.who, command)
        except Refused as refused:
            reply = _refused(key, refused)
        except (StoreDown, StoreLate):
            reply = _refused(key, Refused(Refusal.NOT_SAVED), retry_after_ms=2_000)
        except Exception:
            # A defect of ours must not look like silence to the person: they hear that it was not saved.
            log.exception("command_failed", command=type(command).__name__, connection=self.id)
            reply = _refused(key, Refused(Refusal.NOT_SAVED))
        if reply is not None:
            self.reply(reply)

    async def _say_hello(self, hello: Hello) -> bool:
        try:
            answer = await self._welcome(self, hello)
        except (StoreDown, StoreLate):
            self.reply(_refused(hello.k, Refused(Refusal.NOT_SAVED), retry_after_ms=2_000))
            return self._go_on(NO_HELLO)
        if isinstance(answer, CloseCode):
            return self._go_on(answer)
        self._session.who = answer
        return True

    def _go_on(self, code: CloseCode | None) -> bool:
        if code is None:
            return True
        self.close_soon(code)
        return False

    def _no_hello(self) -> None:
        if self._session.who is None:
            self.close_soon(NO_HELLO)

    # ---- writing

    def reply(self, event: Event) -> None:
        self.put(encode_event(event), urgent=True, room=None)

    def put(self, data: bytes, *, urgent: bool, room: str | None) -> None:
        """Hand bytes to the transport, or not: see the outbox. Never waits, never raises."""
        if not may_write(self._socket):
            return
        transport = self._socket.transport
        buffered, now = transport.get_write_buffer_size(), self._clock.now()
        if urgent:
            verdict = self._outbox.urgent(len(data), buffered, now)
        else:
            verdict = self._outbox.ordinary(len(data), room, buffered, now)
        if verdict is Verdict.WRITE:
            transport.write(framed(data))
        elif verdict is Verdict.DROP:
            self._watch_drain()
        else:
            log.warning("slow_reader_aborted", connection=self.id, buffered=buffered, dropped=self._outbox.dropped)
            transport.abort()

    def _watch_drain(self) -> None:
        if self._drain_check is None:
            loop = asyncio.get_running_loop()
            self._drain_check = loop.call_later(DRAIN_CHECK_SECONDS, self._check_drain)

    def _check_drain(self) -> None:
        self._drain_check = None
        transport = self._socket.transport
        if transport.is_closing():
            return
        if self._outbox.is_stalled(self._clock.now()) and transport.get_write_buffer_size() > 0:
            log.warning("slow_reader_aborted", connection=self.id, dropped=self._outbox.dropped)
            transport.abort()
        elif transport.get_write_buffer_size() == 0:
            for missed in sorted(self._outbox.drained()):
                group = missed.removeprefix(PRESENCE)
                if group == missed:
                    self.reply(Resync(room=missed))
                elif self._session.who is not None:
                    self._missed_presence(self._session.who, GroupId(group))
        else:
            self._watch_drain()

    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None:
        """Begin the closing handshake; `hint_ms` tells a draining client when to come back."""
        if self._closing is None:
            reason = code.name if hint_ms is None else str(hint_ms)
            self._closing = asyncio.get_running_loop().create_task(self._close(code.code, reason))

    async def _close(self, code: int, reason: str) -> None:
        await self._socket.close(code, reason)


def framed(data: bytes) -> bytes:
    """One binary message as it goes over the wire: made once, and written to as many as there are."""
    return Frame(Opcode.BINARY, data).serialize(mask=False)


def may_write(socket: Socket) -> bool:
    """Whether a message may still follow what was written: not after a close frame of either side."""
    return socket.state is OPEN and not socket.transport.is_closing()


def drain_hint_ms(position: int, count: int, spread_ms: int) -> int:
    """Spread the return of `count` clients over `spread_ms` (rule 14)."""
    return int((position + random.random()) * spread_ms / max(1, count))  # noqa: S311  not a secret


def _refused(key: str | None, refused: Refused, retry_after_ms: int | None = None) -> RefusedFrame:
    return RefusedFrame(
        re=key, code=refused.code.value, sentence=refused.sentence, do=refused.what_to_do, retry_after_ms=retry_after_ms
    )
