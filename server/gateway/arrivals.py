"""Arrivals and departures: hello with its ticket, beats, lapsed leases, revoked devices, draining."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from presence.ids import AccountId, ConnectionId, DeviceId, Instant
from presence.roster import Seat
from server.clock import Clock
from server.gateway.connection import Connection, Socket, drain_hint_ms
from server.gateway.hub import Hub
from server.gateway.places import Places
from server.handlers import presence
from server.handlers.dispatch import handle
from server.handlers.services import Services
from server.media.relay import Relay
from server.metrics import COMMANDS, COMMIT_SECONDS
from server.ports import StoreDown, Tickets, Tx
from server.records import Device
from server.who import Who
from server.wire.codes import BAD_TICKET, BAD_VERSION, CROWDED, DRAINING, REVOKED, SILENT, TOO_MANY, CloseCode
from server.wire.frames import PROTOCOL_VERSION, Beat, Command, Event, Hello, Revoked

log = structlog.get_logger("arrivals")
LEAVE_WITHIN_SECONDS = 2
SEEN_EVERY_MS = 3_600_000
STOOD_STILL_SECONDS = 5.0
"""A machine that was paused, or that had no time for this server."""
LOOK_AT_DEVICES_EVERY_MS = 1_000
"""Sockets of a revoked device close within 2 s, wherever it was revoked."""


class Arrivals:
    """Lets connections in and out of the hub and the roster. `bind` gives it the services."""

    def __init__(self, hub: Hub, tickets: Tickets, clock: Clock, places: Places, relay: Relay) -> None:
        self._hub = hub
        self._relay = relay
        self._places = places
        self._tickets = tickets
        self._clock = clock
        self._services: Services | None = None
        self._door_closed: Callable[[float], Awaitable[None]] = _at_once
        self._connections: dict[ConnectionId, Connection] = {}
        self._next_beat: dict[ConnectionId, Instant] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._beats = 0
        self._devices_looked_at: Instant = 0
        self._looked_at = float("inf")

    def bind(self, services: Services, door_closed: Callable[[float], Awaitable[None]]) -> None:
        """`door_closed` waits until every socket's handler has returned, at most so many seconds."""
        self._services = services
        self._door_closed = door_closed

    @property
    def _s(self) -> Services:
        if self._services is None:
            raise RuntimeError("arrivals used before bind")
        return self._services

    # ---- in

    async def serve(self, socket: Socket) -> None:
        connection = Connection(
            socket,
            self._clock,
            welcome=self._welcome,
            handle=self._handle,
            gone=self._gone,
            missed_presence=lambda who, group: self._s.changes.presence_missed(who.connection, group),
        )
        self._connections[connection.id] = connection
        self._make_room(self._places.came(connection.id), CROWDED)
        try:
            await connection.serve()
        finally:
            self._places.left(connection.id)
            self._connections.pop(connection.id, None)

    def _make_room(self, goes: ConnectionId | None, code: CloseCode) -> None:
        connection = self._connections.get(goes) if goes is not None else None
        if connection is not None:
            connection.close_soon(code)

    async def _welcome(self, connection: Connection, hello: Hello) -> Who | CloseCode:
        if hello.version != PROTOCOL_VERSION:
            return BAD_VERSION
        spent = await self._tickets.spend(hello.ticket, self._clock.now())
        if spent is None:
            return BAD_TICKET
        account, device_id = spent
        goes = self._places.said_hello(connection.id, account)
        if goes == connection.id:
            return CROWDED
        gone = self._hub.who(goes) if goes is not None else None
        self._make_room(goes, TOO_MANY if gone is not None and gone.account == account else CROWDED)
        # In the hub before the device is looked up: whoever locks or revokes it meanwhile finds this page too.
        unknown = Who(account, device_id, connection.id, hello.page, locked=True)
        self._hub.add(unknown, connection)
        try:
            device = await self._s.store.read(lambda tx: _device(tx, account, device_id))
            if device is None or self._hub.who(connection.id) is not unknown:
                self._hub.remove(connection.id)
                return REVOKED if device is None else DRAINING
            who = replace(unknown, locked=device.locked)
            self._note_seen(device)
            now = self._clock.now()
            self._hub.add(who, connection)
            self._s.roster.join(
                connection.id, account, device_id, visible=hello.visible, urgent=True, now=now, locked=who.locked
            )
            connection.reply(await presence.welcome(self._s, who, hello))
            await presence.arrived(self._s, who)
        except BaseException:
            self._hub.remove(connection.id)
            self._s.roster.leave(connection.id)
            raise
        return who

    def _note_seen(self, device: Device) -> None:
        """For the list of one's devices; once an hour is near enough, and a store that is down loses only that."""
        now = self._clock.now()
        if now - device.seen_at > SEEN_EVERY_MS and not self._s.store.afloat:
            self._spawn(self._s.store.write(lambda tx: tx.accounts.touch_device(device.id, now)))

    async def _handle(self, who: Who, command: Command) -> Event | None:
        name = type(command).__name__
        if not isinstance(command, Beat):
            self._places.heard(who.connection)
        with COMMIT_SECONDS.time():
            try:
                # As the hub knows them by now: a device that was locked since hello may do no more than that.
                reply = await handle(self._s, self._hub.who(who.connection) or who, command)
            except Exception as error:
                COMMANDS.labels(frame=name, outcome=type(error).__name__).inc()
                raise
        COMMANDS.labels(frame=name, outcome="ok").inc()
        return reply

    # ---- out

    def _gone(self, who: Who) -> None:
        """The socket closed: out of the fan-out at once, and those who share a call hear of it (PR3: within 1 s)."""
        self._hub.remove(who.connection)
        self._next_beat.pop(who.connection, None)
        seat = self._s.roster.leave(who.connection)
        self._spawn(self._tell_gone(who, seat))

    async def _tell_gone(self, who: Who, seat: Seat | None) -> None:
        await presence.went(self._s, who, seat)

    def watch_lines(self) -> None:
        """Called a few times a second: beats that are due go out, pages that stopped answering are closed."""
        now, roster = self._clock.now(), self._s.roster
        looked_at, self._looked_at = self._looked_at, asyncio.get_running_loop().time()
        stood_still = self._looked_at - looked_at
        if stood_still > STOOD_STILL_SECONDS:
            # It was this server that did not ask and did not listen: nobody is gone because of that.
            log.error("stood_still", seconds=round(stood_still))
            roster.excuse(round(stood_still * 1000))
        for lapsed in roster.lapsed(now):
            connection = self._connections.get(lapsed)
            if connection is not None:
                connection.close_soon(SILENT)
            # The closing handshake of a dead line takes its time; presence does not wait for it.
            seat = roster.leave(lapsed)
            who = Who(seat.account, seat.device, lapsed) if seat is not None else None
            if who is not None:
                self._hub.remove(lapsed)
                self._spawn(self._tell_gone(who, seat))
        for seat in roster.seats():
            if self._next_beat.get(seat.connection, 0) <= now:
                self._beats = (self._beats + 1) % 2**31
                self._hub.send_urgent(seat.connection, Beat(n=self._beats))
                self._next_beat[seat.connection] = now + self._s.times.beat_ms(urgent=seat.lease.urgent)
        if now - self._devices_looked_at >= LOOK_AT_DEVICES_EVERY_MS:
            self._devices_looked_at = now
            self._spawn(self._look_at_devices())

    async def _look_at_devices(self) -> None:
        """Devices that were signed out elsewhere: by `beside user revoke-devices`, or on another node."""
        here = [*(who.device for who, _line in self._hub.everyone()), *self._relay.devices()]
        for device in await self._s.store.read(lambda tx: tx.accounts.revoked_among(here)):
            await self.device_changed(device)

    async def device_changed(self, device: DeviceId) -> None:
        """Revoked: its sockets close within 2 s. Locked: they read nothing any more, and start anew when unlocked.
        Neither sends or sees pictures from here on."""
        self._relay.device_gone(device)
        for who, _line in self._hub.everyone():
            if who.device == device:
                connection = self._connections.get(who.connection)
                if connection is not None:
                    found = await self._s.store.read(lambda tx: _device(tx, who.account, device))  # noqa: B023
                    if found is None:
                        connection.reply(Revoked())
                        connection.close_soon(REVOKED)
                    else:
                        connection.close_soon(DRAINING, hint_ms=0)

    def send_back(self, spread_seconds: int) -> None:
        """Every socket is closed with 1012 and a hint when to come back, so that they do not all come at once."""
        everyone = list(self._connections.values())
        for position, connection in enumerate(everyone):
            connection.close_soon(DRAINING, drain_hint_ms(position, len(everyone), spread_seconds * 1000))

    async def drain(self, spread_seconds: int) -> None:
        self.send_back(spread_seconds)
        await self._door_closed(LEAVE_WITHIN_SECONDS)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LEAVE_WITHIN_SECONDS)

    def _spawn(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except StoreDown:
                log.error("presence_late")
            except Exception:
                log.exception("presence_failed")

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _at_once(_seconds: float) -> None:
    """Before `bind` there is no door to wait for."""


def _device(tx: Tx, account: AccountId, device: DeviceId) -> Device | None:
    """The device while it is signed in."""
    return next((d for d in tx.accounts.devices(account) if d.id == device), None)
