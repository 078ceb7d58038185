"""The composition root of what lasts: SQLite and files in the data folder, or PostgreSQL (`DATABASE_URL`)."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from py_vapid import Vapid02
from sqlalchemy import Connection

from server.clock import Clock, SystemClock
from server.ids import load_or_make_secret, new_id
from server.paging.webpush import key_from, load_or_make_key, new_key
from server.pooler import swaps_sessions
from server.ports import StoreDown, StoreLate, Tx
from server.record_key import RecordKey
from server.settings import BadSetting, Settings
from server.shared_clock import SharedClock
from server.store.copying import FileSnapshot
from server.store.journal import Journal
from server.store.lifeboat import Lifeboat
from server.store.migrate import upgrade, upgrade_postgres
from server.store.mirror import Mirror
from server.store.postgres import PostgresSnapshot, PostgresStore, clock_of
from server.store.postgres_database import may_come, once
from server.store.sqlite import SqliteStore, latest_instant, sqlite_engine
from server.store.tx import latest_instant_in

T = TypeVar("T")
log = structlog.get_logger("storage")
AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Keys:
    """Of the deployment: made once, at its first start, and never changed."""

    secret: bytes
    push: Vapid02
    records: RecordKey


@dataclass(frozen=True, slots=True)
class Storage:
    store: Lifeboat
    clock: Clock
    keys: Keys
    shared: PostgresStore | None
    """The store that other nodes share, to hear of what they change; None on one machine."""


def upgrade_database(settings: Settings) -> None:
    """Make or upgrade the database; a folder and a file are readable by their owner alone. Raises
    `server.ports.StoreDown` when PostgreSQL does not let it, and BadSetting when no connection to it is a session."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.database_url:
        if asyncio.run(swaps_sessions(settings.database_url)):
            raise BadSetting(
                "DATABASE_URL leads to a pooler that gives each transaction another session. Let it lead to PostgreSQL "
                "itself, or set the pooler to session mode."
            )
        upgrade_postgres(settings.database_url)
        return
    path = settings.data / "beside.db"
    upgrade(path)
    path.chmod(0o600)


async def when_it_answers(step: Callable[[], Awaitable[T]], *, shared: bool) -> T:
    """One step of the start, begun again each second while the store is not there, or is too slow to commit it. `step`
    may have happened when it is begun again. Raises :class:`StoreDown` or :class:`StoreLate` where waiting is of no
    use: one machine's file (`shared` false) is here and takes no writes, a wrong password stays wrong."""
    while True:
        try:
            return await step()
        except (StoreDown, StoreLate) as error:
            if not shared or (isinstance(error, StoreDown) and not may_come(error)):
                raise
        log.error("waiting_for_store", seconds=AGAIN_SECONDS)
        await asyncio.sleep(AGAIN_SECONDS)


async def open_storage(settings: Settings, clock: Clock | None) -> Storage:
    """Upgraded, copied into memory, and started. `clock`: only tests hand in another."""
    shared = settings.database_url != ""
    await when_it_answers(lambda: asyncio.to_thread(upgrade_database, settings), shared=shared)
    journal = Journal(settings.data / "unsaved.journal")
    if shared:
        return await _postgres(settings, clock, journal)
    return await _sqlite(settings, clock, journal)


async def _sqlite(settings: Settings, clock: Clock | None, journal: Journal) -> Storage:
    path = settings.data / "beside.db"
    mirror = Mirror(lambda: FileSnapshot(path))
    store = SqliteStore(path, mirror.follow)
    await mirror.start()
    store.start()
    keys = Keys(
        load_or_make_secret(settings.data / "secret.key"),
        load_or_make_key(settings.data / "vapid.pem"),
        RecordKey.load_or_make(settings.data / "records.pem"),
    )
    return Storage(Lifeboat(store, mirror, journal), clock or _system_clock(settings), keys, None)


def _system_clock(settings: Settings) -> SystemClock:
    engine = sqlite_engine(settings.data / "beside.db", read_only=True)
    try:
        return SystemClock(not_before=latest_instant(engine))
    finally:
        engine.dispose()


async def _postgres(settings: Settings, clock: Clock | None, journal: Journal) -> Storage:
    url = settings.database_url
    shared_clock = await when_it_answers(lambda: asyncio.to_thread(_shared_clock, url), shared=True)
    mirror = Mirror(lambda: PostgresSnapshot(url))
    store = PostgresStore(url, new_id(), mirror.follow_rows, on_time=shared_clock.hear)
    store.start(await when_it_answers(mirror.start, shared=True))
    keys = Keys(
        base64.b64decode(await _kept(store, "secret.key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())),
        key_from((await _kept(store, "vapid.pem", lambda: new_key().decode())).encode()),
        RecordKey.from_pem((await _kept(store, "records.pem", lambda: RecordKey.new_pem().decode())).encode()),
    )
    return Storage(Lifeboat(store, mirror, journal), clock or shared_clock, keys, store)


def _shared_clock(url: str) -> SharedClock:
    def ask(db: Connection) -> SharedClock:
        clock = SharedClock(not_before=latest_instant_in(db))
        before = time.monotonic_ns()
        clock.hear(clock_of(db), before, time.monotonic_ns())
        return clock

    return once(url, ask, read_only=True)


async def _kept(store: PostgresStore, name: str, make: Callable[[], str]) -> str:
    """A key of the deployment, in the table of facts: made by the node that comes first, the same for all."""
    made = make()

    def keep(tx: Tx) -> str:
        there = tx.accounts.fact(name)
        if there is None:
            tx.accounts.set_fact(name, made)
        return there or made

    return await when_it_answers(lambda: store.write(keep), shared=True)
