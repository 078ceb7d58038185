"""The composition root of what nodes say to each other: the bus (`REDIS_URL`), tickets, and who is connected where."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from presence.ids import Instant
from server.bus.doorbell import Doorbell
from server.bus.local import LocalBus
from server.bus.redis import RedisBus
from server.clock import Clock
from server.gateway.media import MediaSockets
from server.handlers import presence
from server.handlers.services import Services
from server.media.keyring import LocalKeyring
from server.media.relay import Relay
from server.registry.neighbours import Neighbours
from server.registry.node import begin_life
from server.registry.tickets import SealedTickets
from server.settings import Settings
from server.shared_clock import SharedClock
from server.store.fleet import Fleet, Tells
from server.store.lifeboat import Lifeboat
from server.witnessed_elsewhere import WitnessedElsewhere

log = structlog.get_logger("between_nodes")


@dataclass(slots=True)
class BetweenNodes:
    """Of a node that shares its store with others; on one machine a bus that has nobody to tell."""

    bus: LocalBus | RedisBus
    tickets: SealedTickets
    key: bytes
    """What only the nodes of this deployment can read on the bus is sealed with it."""
    neighbours: Neighbours | None = None
    fleet: Fleet | None = None
    bell: Doorbell | None = None
    pictures: LocalBus | RedisBus = field(default_factory=lambda: LocalBus(up=False))
    """For nothing but pictures: they stand before no card and no doorbell."""
    witnessed: WitnessedElsewhere | None = None

    def follow_actions(self, services: Services, keyring: LocalKeyring, relay: Relay, media: MediaSockets) -> None:
        """Keys and pictures go to and from the other nodes, once this has started."""
        self.witnessed = WitnessedElsewhere(services, keyring, relay, media, self.bus, self.pictures)

    def doorbell(self, look: Callable[[], Awaitable[None]]) -> Doorbell:
        """Rung by whoever commits; `look` asks the store what that was."""
        self.bell = Doorbell(self.bus, look)
        return self.bell

    def one_fleet(self, boat: Lifeboat, clock: Clock, changes: Tells) -> None:
        """What this node's lifeboat carries, all of them carry. To be called before anything is served."""
        self.fleet = Fleet(self.bus, self.key, boat, clock, changes)
        boat.sail_with(self.fleet)

    async def start(self, settings: Settings, services: Services) -> bool:
        """Returns whether another node is there: then what comes from presence does not start anew (UC19)."""
        await self.bus.start()
        if self.bell is not None:
            self.bell.start()
        if self.fleet is not None:
            self.fleet.start()
        if isinstance(self.bus, LocalBus) and self.bus.up:
            return False
        me = begin_life(settings.data, services.clock.now())
        await self.pictures.start()
        if self.witnessed is not None:
            self.witnessed.start(me)
        self.neighbours = Neighbours(
            me,
            self.bus,
            services.store,
            services.roster,
            services.clock,
            partial(presence.told_elsewhere, services),
            partial(presence.settle_calls, services),
            services.clock.go_on_with if isinstance(services.clock, SharedClock) else _needs_no_other,
        )
        await self.neighbours.start()
        # Whoever had a page on this node before it was started, and has none now, is gone (UC5, UC10).
        self.neighbours.look_at_calls_of(await services.store.read(lambda tx: tx.calls.busy_accounts()))
        return await self.neighbours.others_are_there()

    async def close(self) -> None:
        if self.neighbours is not None:
            await self.neighbours.stop()
        if self.witnessed is not None:
            await self.witnessed.stop()
        await self.pictures.close()
        if self.bell is not None:
            await self.bell.stop()
        if self.fleet is not None:
            await self.fleet.stop()
        await self.bus.close()


def between_nodes(settings: Settings, secret: bytes, *, shared: bool) -> BetweenNodes:
    """`shared`: other nodes have the same store and the same secret."""
    if not shared:
        if settings.redis_url:
            log.warning("redis_url_not_used")  # one machine with SQLite has nobody to tell
        bus: LocalBus | RedisBus = LocalBus()
        # Of one process alone: a restart spends all that were issued.
        return BetweenNodes(bus, SealedTickets(secrets.token_bytes(32), bus), secrets.token_bytes(32))
    # Without a Redis everything takes the slow road, by the store.
    bus, bus_key = LocalBus(up=False), _key_of(secret, b"bus")
    if settings.redis_url:
        bus = RedisBus(settings.redis_url, settings.redis_namespace, secrets.token_hex(8), bus_key)
    tickets = SealedTickets(_key_of(secret, b"tickets"), bus)
    between = BetweenNodes(bus, tickets, _key_of(secret, b"unsaved"))
    if settings.redis_url:
        between.pictures = RedisBus(
            settings.redis_url, settings.redis_namespace, secrets.token_hex(8), bus_key, "pictures"
        )
    return between


def _needs_no_other(_at: Instant) -> None:
    """For a clock that only a test moves."""


def _key_of(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, purpose, hashlib.sha256).digest()
