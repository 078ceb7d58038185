"""A database of an earlier revision is brought to this one, with what is in it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from server.store.migrate import SCRIPTS, upgrade
from server.store.sqlite import sqlite_engine
from server.store.tables import metadata


def at_revision(path: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    engine = sqlite_engine(path)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def test_a_database_of_the_first_revision_keeps_its_notifications(tmp_path: Path) -> None:
    path = tmp_path / "beside.db"
    at_revision(path, "0001")
    engine = sqlite_engine(path)
    with engine.begin() as db:
        db.execute(text("PRAGMA defer_foreign_keys=ON"))
        db.execute(
            text(
                "INSERT INTO groups (id, name, blurb, tags, rules, questions, made_at) "
                "VALUES ('group', 'Sober', '', '', '', '', 1)"
            )
        )
        db.execute(
            text(
                "INSERT INTO calls (id, group_id, room, caller, caller_account, raised_at, version, live, body) "
                "VALUES ('call', 'group', 'room', 'ana', 'account', 1, 1, 1, x'00')"
            )
        )
        db.execute(
            text(
                "INSERT INTO pages (call, ringing, device, member, kind, token_hash, token, made_at, tries) "
                "VALUES ('call', 1, 'phone', 'maria', 'ring', 'hash', 'token', 7, 2)"
            )
        )
    engine.dispose()
    upgrade(path)
    engine = sqlite_engine(path)
    with engine.connect() as db:
        rows = db.execute(text("SELECT subject, ringing, device, kind, token, made_at, tries FROM pages")).all()
        different = compare_metadata(MigrationContext.configure(db), metadata)
        broken = db.execute(text("PRAGMA foreign_key_check")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("call", 1, "phone", "ring", "token", 7, 2)]
    assert different == []
    assert broken == []
