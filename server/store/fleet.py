"""The fleet: the lifeboats of all nodes of a deployment, while the store is down for any of them (UC15,
docs/decisions/0015).

Whoever finds the store down says so, and the others look for themselves. What happens to a call on one node is told to
all at once; twice a second each says what it has, and whoever has more sends it: so what the bus loses, and what one
node had read of the store and another had not, comes half a second later. One change at a time: before a change counts
its version is asked for on the bus, and only one node gets it. Where the bus is down too, each goes on by itself, and
`rooms.unsaved` puts the branches together.

Words of a call room go this way, for whoever is in it may be at another node. Everything is sealed with a key of the
deployment: the Redis in between sees sizes and times.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from presence.ids import CallId, DeviceId, Millis
from server.clock import Clock
from server.ids import digest
from server.ports import Bus, Changes, StoreDown
from server.records import Head, Merged
from server.store.heads import behind, heads_in, of_calls_in
from server.store.lifeboat import Lifeboat
from server.store.signals import Afloat, Carried, decode, encode
from server.store.unsaved import Key, Unsaved

log = structlog.get_logger("fleet")
TOPIC = "unsaved"
SAY_EVERY_SECONDS = 0.5
BELIEVED_FOR_SECONDS = 3.0
TURN_WITHIN_SECONDS = 0.5
TURN_FOR_MS: Millis = 60_000
PRESS_FOR_MS: Millis = 1_000
DEAF_FOR_SECONDS = 1.0
"""How long nobody asks again for a turn after the bus did not say: a call waits for no bus either."""
NO_OLDER_THAN_MS: Millis = 60_000
HEARD_AT_MOST = 1_000
SAY_AT_LATEST_SECONDS = 3.0
"""While a node has much to take in, what it would say of itself is old; but it is not silent."""
SEND_AGAIN_AFTER_SECONDS = 1.0
"""What was sent is under way: whoever takes long to take it in gets no more of it meanwhile."""
KEYS_AGAIN_AFTER_SECONDS = 2.0
"""They are all of the last minute, and nobody says which of them they have."""
CALLS_AT_ONCE = 10
NONCE_BYTES = 12


class Tells(Changes, Protocol):
    def calls_heard(self, merged: Merged) -> None:
        """Another node could not save this."""
        ...


class Fleet:
    """Fulfils `server.store.fellows.Fellows`. Of one event loop. `key`: 32 bytes, the same on every node."""

    def __init__(self, bus: Bus, key: bytes, boat: Lifeboat, clock: Clock, changes: Tells) -> None:
        self._me = secrets.token_hex(8)
        self._bus, self._boat, self._clock, self._changes = bus, boat, clock, changes
        self._key, self._seal = key, AESGCM(key)
        self._loop = asyncio.get_running_loop()
        self._carried: deque[Carried] = deque()
        """What others told, to be taken in; and, after all that, what each says that it has, the latest of each."""
        self._said: dict[str, Afloat] = {}
        self._something = asyncio.Event()
        self._others: dict[str, float] = {}
        """Nodes that are afloat, and until when that is believed."""
        self._sent: dict[CallId, tuple[Head, float]] = {}
        """How far each call was sent, and when."""
        self._sent_keys: dict[tuple[DeviceId, str], float] = {}
        self._mine: dict[str, float] = {}
        """Turns that this node got, and until when: work that is done again need not ask again."""
        self._deaf_until = 0.0
        self._said_at = float("-inf")
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._bus.subscribe(TOPIC, self._hear)
        self._bus.when_up(self._say_soon)
        self._tasks = [self._loop.create_task(work) for work in (self._listen_on(), self._say_on())]

    async def stop(self) -> None:
        self._bus.unsubscribe(TOPIC)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- for the lifeboat

    def went_down(self) -> None:
        self._say_soon()

    def came_back(self) -> None:
        self._say_soon()

    def tell(self, noted: Unsaved) -> None:
        self._send(Carried(self._me, self._clock.now(), False, noted))

    def is_first(self, noted: Unsaved) -> bool:
        if not self._bus.up or self._loop.time() < self._deaf_until:
            return True
        asked = asyncio.run_coroutine_threadsafe(self._first_of_all(_turns(noted)), self._loop)
        try:
            return asked.result(TURN_WITHIN_SECONDS)
        except TimeoutError:
            asked.cancel()
            self._deaf_until = self._loop.time() + DEAF_FOR_SECONDS
            return True

    async def _first_of_all(self, turns: Sequence[tuple[str, Millis]]) -> bool:
        now = self._loop.time()
        self._mine = {name: until for name, until in self._mine.items() if until > now}
        for turn, for_ms in turns:
            name = digest(self._key.hex() + turn)
            if name in self._mine:
                continue
            first = await self._bus.first(f"turn:{name}", for_ms)
            if first is None:
                self._deaf_until = now + DEAF_FOR_SECONDS
                return True
            if not first:
                return False
            self._mine[name] = now + for_ms / 1000
        return True

    # ---- saying

    async def _say_on(self) -> None:
        while True:
            await asyncio.sleep(SAY_EVERY_SECONDS)
            is_time = not self._carried or self._loop.time() - self._said_at > SAY_AT_LATEST_SECONDS
            if self._boat.afloat and is_time:
                await self._say()

    def _say_soon(self) -> None:
        if self._boat.afloat or self._others:
            self._tasks.append(self._loop.create_task(self._say()))
            self._tasks = [task for task in self._tasks if not task.done()]

    async def _say(self) -> None:
        try:
            self._said_at = self._loop.time()
            heads = await heads_in(self._boat, frozenset())
            self._send(Afloat(self._me, self._clock.now(), self._boat.afloat, heads))
        except Exception:
            log.exception("fleet_failed")

    def _send(self, signal: Afloat | Carried) -> None:
        nonce = secrets.token_bytes(NONCE_BYTES)
        self._bus.publish(TOPIC, nonce + self._seal.encrypt(nonce, encode(signal), TOPIC.encode()))

    # ---- hearing

    def _hear(self, sealed: bytes) -> None:
        try:
            plain = self._seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], TOPIC.encode())
        except (InvalidTag, ValueError):
            log.error("signal_of_a_stranger")  # another deployment in this namespace, or somebody in its Redis
            return
        signal = decode(plain)
        if abs(signal.at - self._clock.now()) <= NO_OLDER_THAN_MS:
            self._keep(signal)

    def _keep(self, signal: Afloat | Carried) -> None:
        match signal:
            case Afloat():
                self._said[signal.node] = signal
            case Carried() if len(self._carried) < HEARD_AT_MOST:
                self._carried.append(signal)  # what finds no place comes again with the next word of what each has
        self._something.set()

    async def _listen_on(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._carried or self._said:
                try:
                    if self._carried:
                        await self._take_in(self._carried.popleft())
                    else:
                        await self._compare(self._said.pop(next(iter(self._said))))
                except StoreDown:
                    log.error("signal_not_taken")
                except Exception:
                    log.exception("fleet_failed")

    async def _take_in(self, carried: Carried) -> None:
        if carried.saved and not self._boat.afloat:
            return  # the log of changes tells it
        merged = await self._boat.take_in(carried.unsaved, saved=carried.saved)
        self._changes.calls_heard(merged)
        for device, locked in carried.unsaved.locks:
            if locked:
                self._changes.device_changed(device)
        other = {call.id for call in merged.calls if call != carried.unsaved.calls[call.id]}
        if other:
            mine = await heads_in(self._boat, other)
            await self._send_calls({call: head for call, head in mine.items() if call in other})

    async def _compare(self, said: Afloat) -> None:
        """What they lack, they get; if we lack something, they hear what we have."""
        now = self._loop.time()
        was_afloat = said.node in self._others
        self._others = {node: until for node, until in self._others.items() if until > now and node != said.node}
        if said.afloat:
            self._others[said.node] = now + BELIEVED_FOR_SECONDS
        if said.afloat != self._boat.afloat and said.afloat != was_afloat:
            await self._boat.look()
        if not said.afloat and not self._boat.afloat:
            return  # both have the store
        mine = await heads_in(self._boat, said.heads.keys())
        await self._send_calls({call: head for call, head in mine.items() if behind(said.heads.get(call), head)})
        lack = any(behind(mine.get(call), head) for call, head in said.heads.items())
        if lack and now - self._said_at > SAY_EVERY_SECONDS / 2:
            await self._say()

    async def _send_calls(self, heads: Mapping[CallId, Head]) -> None:
        now = self._loop.time()
        self._sent = {
            call: (head, at) for call, (head, at) in self._sent.items() if now - at < SEND_AGAIN_AFTER_SECONDS
        }
        wanted = [call for call, head in heads.items() if self._sent.get(call, (None, 0.0))[0] != head]
        self._sent.update((call, (heads[call], now)) for call in wanted)
        for at in range(0, len(wanted), CALLS_AT_ONCE):
            unsaved = await of_calls_in(self._boat, wanted[at : at + CALLS_AT_ONCE])
            if at == 0:
                unsaved.note_keys(self._keys_to_send(now))
            self._send(Carried(self._me, self._clock.now(), not self._boat.afloat, unsaved))

    def _keys_to_send(self, now: float) -> list[Key]:
        self._sent_keys = {name: at for name, at in self._sent_keys.items() if now - at < KEYS_AGAIN_AFTER_SECONDS}
        newest = self._boat.keys_since(self._clock.now() - NO_OLDER_THAN_MS)
        keys = [key for key in newest if key[:2] not in self._sent_keys]
        self._sent_keys.update((key[:2], now) for key in keys)
        return keys


def _turns(noted: Unsaved) -> list[tuple[str, Millis]]:
    """What no two nodes may do at once, and how long nobody else may: this version of a call, a press of this member,
    this place in a room."""
    rooms = {call.room for call in noted.calls.values()}
    turns = [
        (f"press {call.caller}", PRESS_FOR_MS) if call.version == 1 else (f"call {call.id} {call.version}", TURN_FOR_MS)
        for call in noted.calls.values()
    ]
    turns += [(f"room {e.room} {e.seq}", TURN_FOR_MS) for e in noted.entries.values() if e.room not in rooms]
    return sorted(turns)
