"""Migrations, run by `beside db upgrade` and at the start of a server. Two that upgrade at once wait for each other."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from server.store.postgres_database import UPGRADING, once, take_writers_lock
from server.store.sqlite import sqlite_engine

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(path: Path, revision: str = "head") -> None:
    """Bring the SQLite file at `path` to the newest revision; makes it when there is none."""
    engine = sqlite_engine(path)
    try:
        with engine.connect() as db:
            upgrade_on(db, revision)
    finally:
        engine.dispose()


def upgrade_postgres(url: str, revision: str = "head") -> None:
    """The same for a database of PostgreSQL, which must exist; whole, or not at all. Raises
    `server.ports.StoreDown`."""

    def work(db: Connection) -> None:
        take_writers_lock(db)
        upgrade_on(db, revision)

    once(url, work, limits=UPGRADING)


def upgrade_on(db: Connection, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = db
    command.upgrade(config, revision)
