"""Migrations, run by `beside db upgrade` and at the start of the embedded server."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from server.store.sqlite import sqlite_engine

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(path: Path) -> None:
    """Bring the database at `path` to the newest revision; makes it when there is none."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    engine = sqlite_engine(path)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
