"""The bus over Redis, its pub/sub: one connection to publish on and one to listen on.

Neither tells of everything it loses (a subscriber that is killed or too slow misses messages without an exception), so
the bus listens to itself: what it publishes every second must come back. Until it does, `up` is false.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import ResponseError

from presence.ids import Millis
from server.bus.seal import Seal
from server.bus.shard import Line, Shard
from server.metrics import BUS_LOST, BUS_MESSAGES, BUS_UP

log = structlog.get_logger("bus")
PING_EVERY_SECONDS = 1.0
SILENT_SECONDS = 2.5
"""Without a ping of our own for so long, the line is cut and made anew."""
WITHIN_SECONDS = 0.3
"""How long `first` waits for its answer."""
BACKOFF_SECONDS = (0.05, 1.0)
LIVED_SECONDS = 5.0
WAITING_AT_MOST = 1_000
WAITING_AT_MOST_BYTES = 8 * 2**20
STALE_SECONDS = 3.0
"""What waited for so long for a connection is not sent any more: everyone asks the store when the bus is back."""
TOGETHER = 64
PING = "ping"


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes
    at: float


@dataclass(frozen=True, slots=True)
class _Claim:
    name: str
    for_ms: Millis
    at: float
    answer: asyncio.Future[bool | None] = field(compare=False)


class RedisBus:
    """Fulfils `server.ports.Bus`. `me` is this node's id on this bus, and of no other that runs. `key`: 32 bytes, of
    the deployment; what is said without it is not heard. `name` is its own in log and metrics. Of one event loop."""

    def __init__(self, url: str, namespace: str, me: str, key: bytes, name: str = "main") -> None:
        self._name = name
        self._seal = Seal(key)
        self._strangers = False
        self._shard = Shard(url, namespace)
        self._prefix = f"beside:{{{namespace}}}:"
        self._me = me.encode()
        self._ping = f"{PING}:{me}"
        self._handlers: dict[str, Callable[[bytes], None]] = {}
        self._when_up: list[Callable[[], None]] = []
        self._messages: deque[_Message] = deque()
        self._bytes = 0
        self._claims: deque[_Claim] = deque()
        self._something = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._asked = asyncio.Event()
        self._ping_due = False
        self._ping_now = asyncio.Event()
        self._heard_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self.up = False

    # ---- the port

    def publish(self, topic: str, payload: bytes) -> None:
        self._messages.append(_Message(topic, payload, self._now()))
        self._bytes += len(payload)
        while len(self._messages) > WAITING_AT_MOST or self._bytes > WAITING_AT_MOST_BYTES:
            self._take()
            BUS_LOST.labels(why="full").inc()
        self._something.set()
        self._all_sent.clear()

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def subscribe(self, topic: str, handler: Callable[[bytes], None]) -> None:
        self._handlers[topic] = handler
        self._asked.set()

    def unsubscribe(self, topic: str) -> None:
        self._handlers.pop(topic, None)
        self._asked.set()

    def when_up(self, tell: Callable[[], None]) -> None:
        self._when_up.append(tell)

    async def first(self, name: str, for_ms: Millis) -> bool | None:
        if not self.up or len(self._claims) >= WAITING_AT_MOST:
            return None
        claim = _Claim(name, for_ms, self._now(), asyncio.get_running_loop().create_future())
        self._claims.append(claim)
        self._something.set()
        # The command goes on without whoever waited: only its own connection may end it.
        done, _late = await asyncio.wait({claim.answer}, timeout=WITHIN_SECONDS)
        return claim.answer.result() if done else None

    # ---- its life

    async def start(self) -> None:
        """Returns at once; `up` once the bus has heard itself."""
        for work in (self._keep("publish", self._publish_on), self._keep("listen", self._listen_on), self._ping_on()):
            self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def close(self) -> None:
        """What waits has 300 ms to go out, if the bus is up."""
        if self.up:
            with suppress(TimeoutError):
                async with asyncio.timeout(WITHIN_SECONDS):
                    await self._all_sent.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._went_down()

    async def _keep(self, name: str, use: Callable[[Line], Awaitable[None]]) -> None:
        """Connect, use, and whatever ends that: connect anew. No line is used after anything was wrong with it."""
        tries, least = 0, BACKOFF_SECONDS[0]
        while True:
            began = self._now()
            try:
                line = await self._shard.connect()
                try:
                    await use(line)
                finally:
                    await line.close()
            except Exception as error:
                if self.up or tries == 0:  # not four times a second for as long as it lasts
                    log.warning("bus_line_lost", kind=name, error=type(error).__name__)
            self._went_down()
            tries = 0 if self._now() - began > LIVED_SECONDS else tries + 1
            await asyncio.sleep(random.uniform(0, min(BACKOFF_SECONDS[1], least * 2 ** min(tries, 10))))  # noqa: S311

    def _went_down(self) -> None:
        if self.up:
            self.up = False
            BUS_UP.labels(bus=self._name).set(0)
            log.warning("bus_down", kind=self._name)

    # ---- publishing

    async def _publish_on(self, line: Line) -> None:
        self._ping_now.set()
        publish = "SPUBLISH" if line.sharded else "PUBLISH"
        while True:
            await self._something.wait()
            claims, messages = self._next_ones()
            if not claims and not messages:
                self._something.clear()
                self._all_sent.set()
                continue
            commands: list[tuple[str | bytes | int, ...]] = [
                ("SET", f"{self._prefix}first:{c.name}", self._me, "NX", "PX", c.for_ms) for c in claims
            ]
            probes = line.sharded and bool(messages) and messages[0].topic == self._ping
            if probes:  # a server that lost its cluster goes on with pub/sub, but not with keys
                commands.append(("EXISTS", self._prefix + PING))
            commands += [
                (publish, self._prefix + m.topic, self._seal.close(m.topic, self._me, m.payload)) for m in messages
            ]
            try:
                await line.send(commands)
                for claim in claims:
                    _settle(claim, await _was_first(line))
                if probes:
                    await line.answer()
                while messages:
                    await line.answer()
                    messages.pop(0)
                    BUS_MESSAGES.labels(way="out").inc()
            finally:  # whether these went out is not known: sending them again could double them
                for claim in claims:
                    _settle(claim, None)
                BUS_LOST.labels(why="cut").inc(len(messages))

    def _next_ones(self) -> tuple[list[_Claim], list[_Message]]:
        """What goes out together. What is too old is dropped: nobody waits for it any more."""
        now = self._now()
        claims = [self._claims.popleft() for _ in range(min(TOGETHER, len(self._claims)))]
        for late in [c for c in claims if now - c.at > WITHIN_SECONDS]:
            claims.remove(late)
            _settle(late, None)
        messages = [self._take() for _ in range(min(TOGETHER, len(self._messages)))]
        fresh = [m for m in messages if now - m.at <= STALE_SECONDS]
        BUS_LOST.labels(why="late").inc(len(messages) - len(fresh))
        if self._ping_due:
            self._ping_due = False
            fresh.insert(0, _Message(self._ping, b"", now))
        return claims, fresh

    def _take(self) -> _Message:
        message = self._messages.popleft()
        self._bytes -= len(message.payload)
        return message

    # ---- listening

    async def _listen_on(self, line: Line) -> None:
        """Until one of the three ends. Cancelling the others leaves the line in no known state, and it is closed."""
        parts = [asyncio.create_task(work) for work in (self._read(line), self._ask(line), self._mind_silence())]
        try:
            done, _others = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _ask(self, line: Line) -> None:
        """Subscribe to what is wanted, from the beginning and whenever that changes."""
        letter, asked = "S" if line.sharded else "", set[str]()
        while True:
            self._asked.clear()
            wanted = {self._prefix + topic for topic in (self._ping, *self._handlers)}
            if wanted - asked:
                await line.send([(f"{letter}SUBSCRIBE", *sorted(wanted - asked))])
            if asked - wanted:
                await line.send([(f"{letter}UNSUBSCRIBE", *sorted(asked - wanted))])
            asked = wanted
            self._ping_now.set()
            await self._asked.wait()

    async def _read(self, line: Line) -> None:
        while True:
            kind, channel, data = await line.next_message()
            topic = channel.decode().removeprefix(self._prefix)
            if kind in (b"message", b"smessage"):
                self._heard(topic, data)
            elif kind == b"sunsubscribe" and (topic in self._handlers or topic == self._ping):
                raise NotConnected("the slot has moved")

    def _heard(self, topic: str, data: bytes) -> None:
        opened = self._seal.open(topic, data)
        if opened is None:
            self._heard_a_stranger()
            return
        sender, payload = opened
        if topic == self._ping:
            self._came_up()
        handler = self._handlers.get(topic)
        if handler is None or sender == self._me:
            return
        BUS_MESSAGES.labels(way="in").inc()
        try:
            handler(payload)
        except Exception:
            log.exception("bus_handler_failed", kind=topic.partition(":")[0])

    def _heard_a_stranger(self) -> None:
        BUS_MESSAGES.labels(way="stranger").inc()
        if not self._strangers:  # once: whoever it is could fill the log
            self._strangers = True
            log.error("bus_heard_a_stranger", kind=self._name)

    # ---- hearing oneself

    async def _ping_on(self) -> None:
        """Once a second, and at once when a line is new."""
        while True:
            self._ping_due = True
            self._something.set()
            self._ping_now.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(PING_EVERY_SECONDS):
                    await self._ping_now.wait()

    async def _mind_silence(self) -> None:
        self._heard_at, left = self._now(), SILENT_SECONDS
        while left > 0:
            await asyncio.sleep(left)
            left = self._heard_at + SILENT_SECONDS - self._now()
        raise NotConnected("not a word of our own came back")

    def _came_up(self) -> None:
        self._heard_at = self._now()
        if self.up:
            return
        self.up = True
        BUS_UP.labels(bus=self._name).set(1)
        log.info("bus_up", kind=self._name)
        for tell in self._when_up:
            try:
                tell()
            except Exception:
                log.exception("bus_handler_failed", kind="up")

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _settle(claim: _Claim, answer: bool | None) -> None:
    if not claim.answer.done():
        claim.answer.set_result(answer)


async def _was_first(line: Line) -> bool | None:
    try:
        return await line.answer() is not None
    except ResponseError:
        return None  # out of memory, or no right to: the connection is sound
