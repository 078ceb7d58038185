"""The composition root: the only place that chooses adapters and puts the parts together."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import structlog
from aiohttp import web

from presence.ids import MemberId
from presence.roster import Roster
from rooms.ladder import next_deadline
from rooms.witness import WitnessTimes
from server.audited import Audited
from server.between_nodes import BetweenNodes, between_nodes
from server.clock import MARK, Clock, SystemClock
from server.folder import take_folder
from server.gateway.announcer import Announcer
from server.gateway.arrivals import Arrivals
from server.gateway.connection import framed
from server.gateway.door import Door, guarded
from server.gateway.hub import Hub
from server.gateway.media import MediaSockets
from server.gateway.others import Others
from server.gateway.places import Places
from server.gateway.porch import Porch
from server.handlers import presence
from server.handlers.pages import page_sent
from server.handlers.services import Services
from server.heartbeat import hear_in_folder, hear_in_store
from server.ids import new_id, new_secret, seat_id
from server.media.keyring import LocalKeyring
from server.media.relay import Relay
from server.paging.webpush import WebPush, public_key
from server.settings import CLOSING_AT_MOST, Settings
from server.site import first_link
from server.site.accounts import AccountPages, Passphrases
from server.site.guard import BODY_AT_MOST_BYTES, middleware
from server.site.health import HealthPages
from server.site.pages import Pages
from server.site.push import PushPages
from server.site.urgent import UrgentPages
from server.storage import open_storage, when_it_answers
from server.store.lifeboat import Lifeboat
from server.timers import Timers

log = structlog.get_logger("app")
BACKLOG = 512
COME_BACK_WITHIN_SECONDS = 5
GC_THRESHOLDS = (50_000, 20, 50)
MorePages = Callable[[Services, Settings], Iterable[web.RouteDef]]


@dataclass(slots=True)
class Beside:
    """A running server. `stop` drains it."""

    settings: Settings
    services: Services
    store: Lifeboat
    hub: Hub
    door: Door
    media: MediaSockets
    timers: Timers
    audited: Audited
    between: BetweenNodes
    announcer: Announcer
    push: WebPush
    health: HealthPages
    runner: web.AppRunner
    listener: asyncio.Server
    arrivals: Arrivals
    folder: int
    """The open file that says that the data folder is taken."""
    first_link: str | None
    """The one-time link that makes the first coordinator; None once there is a coordinator."""

    @property
    def port(self) -> int:
        return int(self.listener.sockets[0].getsockname()[1])

    async def stop(self) -> bool:
        """Not ready → stop accepting → close every socket with a hint when to return → finish what was handed over.

        Returns whether all of it was finished within `drain_within_seconds`, and as long again for the disk. If not,
        something hangs, a disk most likely: the process must end without waiting for its threads, and keeps the data
        folder until then. Nothing that was acknowledged is lost by that."""
        self.health.draining = True
        self.door.shut = self.media.door.shut = True
        self.listener.close()
        within = self.settings.drain_within_seconds
        try:
            async with asyncio.timeout(within):
                spread = self.settings.drain_spread_seconds
                await asyncio.gather(self.arrivals.drain(spread), self.media.drain(spread))
                await self.timers.stop()
                await self.audited.stop()
                await self.between.close()
                await self.push.close()
                await self.announcer.close()
                await self.runner.cleanup()
            drained = True
        except TimeoutError:
            drained = False
        if not await self.store.close(within) or not drained:
            log.error("stop_gave_up", seconds=within)
            return False
        os.close(self.folder)
        log.info("stopped")
        return True


async def start(
    settings: Settings,
    clock: Clock | None = None,
    *,
    passphrases: Passphrases | None = None,
    local_push: bool = False,
    more_pages: MorePages | None = None,
) -> Beside:
    """Start everything on `settings`. The clock and the hashing of passphrases are the real ones; only tests hand in
    others. `more_pages` are the demo's. Raises OSError when the address cannot be listened on, BadSetting when another
    server has the data folder."""
    settings.check()
    # Bound before anything is built: with port 0 the real port is part of the origins that are allowed.
    bound = _bind(settings)
    try:
        folder = take_folder(settings.data)
        try:
            settings = replace(settings, port=bound.getsockname()[1])
            return await _start(settings, bound, folder, clock, passphrases or Passphrases(), local_push, more_pages)
        except BaseException:
            os.close(folder)
            raise
    except BaseException:
        bound.close()
        raise


def _bind(settings: Settings) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((settings.host, settings.port))
    except OSError:
        bound.close()
        raise
    return bound


async def _start(
    settings: Settings,
    bound: socket.socket,
    folder: int,
    clock: Clock | None,
    passphrases: Passphrases,
    local_push: bool,
    more_pages: MorePages | None,
) -> Beside:
    storage = await open_storage(settings, clock)
    store, clock, keys = storage.store, storage.clock, storage.keys
    between = between_nodes(settings, keys.secret, shared=storage.shared is not None)
    hub, tickets = Hub(), between.tickets
    places = Places(
        settings.connections_at_most,
        settings.connections_before_hello_at_most,
        settings.connections_per_account_at_most,
    )
    keyring, relay = LocalKeyring(new_id), Relay(clock, framed)
    media = MediaSockets(relay, settings)
    arrivals = Arrivals(hub, tickets, clock, places, relay)
    announcer = Announcer(hub, store, arrivals.device_changed)
    services = Services(
        store=store,
        changes=announcer,
        out=hub,
        roster=Roster(settings.lease_times),
        clock=clock,
        policy=settings.policy,
        times=settings.lease_times,
        new_id=new_id,
        new_secret=new_secret,
        seat_id=lambda account, group: MemberId(seat_id(keys.secret, account, group)),
        recorder=keys.records,
        media=relay,
        witness_times=WitnessTimes(witnesses_at_most=settings.witnesses_at_most),
        keyring=keyring,
    )
    store.bind(
        lambda call: next_deadline(call, settings.policy),
        services.seat_id,
        clock.now,
        announcer.calls_saved,
    )
    announcer.bind(services)
    between.follow_actions(services, keyring, relay, media)
    if storage.shared is not None:
        bell = between.doorbell(storage.shared.poll)
        storage.shared.tell_others(
            Others(
                hub,
                announcer,
                bell.ring,
                partial(_begin_anew, announcer, arrivals, media),
                lambda device: device in relay.devices(),
            )
        )
        between.one_fleet(store, clock, announcer)
    push = WebPush(
        store, clock, keys.push, settings.contact, lambda page: page_sent(services, page), between.bus.first,
        local=local_push,
    )  # fmt: skip
    timers = Timers(services, push.send_due, arrivals.watch_lines)
    hear = partial(hear_in_store, store) if storage.shared else partial(hear_in_folder, settings.data)
    audited = Audited(services, hear, expected=settings.auditor_expected)

    sockets_at_most = settings.connections_at_most + settings.connections_before_hello_at_most + CLOSING_AT_MOST
    door = Door(arrivals.serve, connections_at_most=sockets_at_most)
    arrivals.bind(services, door.wait_closed)
    health = HealthPages(services, timers, hub, between.bus, settings.metrics_token)
    app = web.Application(middlewares=[middleware(settings)], client_max_size=BODY_AT_MOST_BYTES)
    app.router.add_get("/ws", guarded(door, settings))
    app.router.add_get("/media", guarded(media.door, settings))
    for pages in (
        health,
        AccountPages(services, settings, passphrases),
        UrgentPages(services, settings, tickets),
        PushPages(services, settings, public_key(keys.push), local_endpoints=local_push),
        Pages(settings),
    ):
        app.router.add_routes(pages.routes())
    if more_pages is not None:
        app.router.add_routes(more_pages(services, settings))

    committed = partial(when_it_answers, shared=storage.shared is not None)
    token = new_secret()
    offered = await committed(lambda: store.write(lambda tx: first_link.offer(tx, token)))
    if isinstance(clock, SystemClock):
        await store.write(lambda tx: tx.accounts.set_fact(MARK, clock.mark()))
    await committed(store.replay)
    others_are_there = await between.start(settings, services)
    calls = await committed(lambda: presence.restart(services, others_are_there=others_are_there))
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    server = runner.server
    assert server is not None  # noqa: S101  set by setup()
    porch = Porch(
        server,
        at_most=settings.http_connections_at_most,
        headers_within_seconds=settings.http_headers_within_seconds,
        request_within_seconds=settings.http_request_within_seconds,
    )
    listener = await asyncio.get_running_loop().create_server(porch, sock=bound, backlog=BACKLOG)
    door.set_listener(listener)
    media.door.set_listener(listener)
    services.ready_at = clock.now()
    timers.start()
    audited.start()
    # Long collections stop everyone for 90 ms at 5,000 connections (evidence.md): what start made is frozen.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    log.info("ready", port=listener.sockets[0].getsockname()[1], calls=calls)
    return Beside(
        settings, services, store, hub, door, media, timers, audited, between, announcer, push, health, runner,
        listener, arrivals, folder, f"/#first={token}" if offered else None,
    )  # fmt: skip


def _begin_anew(announcer: Announcer, arrivals: Arrivals, media: MediaSockets) -> None:
    announcer.learn_anew()
    arrivals.send_back(COME_BACK_WITHIN_SECONDS)
    media.send_back(COME_BACK_WITHIN_SECONDS)
