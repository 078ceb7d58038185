"""PostgreSQL, when DATABASE_URL names one: reached, safe when power fails, behind no pooler that swaps sessions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import asyncpg

from server.backup.draft import BACKED_UP
from server.backup.restore import revisions
from server.doctor.finding import Finding, Level
from server.heartbeat import FACT
from server.pooler import swaps_sessions
from server.settings import Settings

OLDEST = 13
"""Transaction ids that never come again, by which the log of changes is followed."""
CONNECT_WITHIN_SECONDS = 5
CONNECTIONS_SHOULD_BE_FREE = 5
"""A node holds two, and makes some more for a moment; the auditor holds one."""
MAY_DIFFER_SECONDS = 2.0
SETTINGS = ("fsync", "full_page_writes", "synchronous_commit", "server_encoding", "default_transaction_read_only")
LOSES = {
    "fsync": "what was acknowledged can be lost, and the database with it, when the machine loses power",
    "full_page_writes": "the database can be lost when the machine loses power",
}

LOGS = ("log_statement", "log_min_duration_statement", "log_parameter_max_length", "log_parameter_max_length_on_error")

Answers = dict[str, Any]


class NotUsable(Exception):
    """The database of DATABASE_URL, for the reason that is named. `postgres` says it, and no other look needs to."""


def postgres(settings: Settings) -> Iterator[Finding]:
    """Nothing when DATABASE_URL is not set."""
    if not settings.database_url:
        return
    if asyncio.run(swaps_sessions(settings.database_url)):
        yield Finding(
            Level.MEND,
            "A pooler stands before PostgreSQL and gives each transaction another session.",
            "Let DATABASE_URL lead to PostgreSQL itself, or set the pooler to session mode.",
        )
        return
    try:
        found = ask(settings.database_url)
    except NotUsable as error:
        yield Finding(
            Level.MEND,
            f"The database of DATABASE_URL cannot be used ({error}).",
            "Does it run, does the network let this machine to it, are name and password right? With sslmode: is the "
            "host the one of its certificate, and sslrootcert the file of its CA?",
        )
        return
    wrong = list(judged(found))
    empty = (
        "" if found["revision"] else " It is empty: beside db upgrade makes the tables, and so does the first start."
    )
    sound = f"PostgreSQL {found['version']} is reached, and set up as it must be.{empty}"
    yield from wrong or [Finding(Level.OK, sound)]


def judged(found: Answers) -> Iterator[Finding]:
    """What is wrong with these answers of a server."""
    yield from _server(found)
    yield from _durable(found)
    yield from _quiet(found)
    if found["free"] < CONNECTIONS_SHOULD_BE_FREE:
        yield Finding(
            Level.MEND,
            f"Only {found['free']} connections are free: {found['used']} of {found['most']} are used.",
            "Raise max_connections, or see who holds them: SELECT * FROM pg_stat_activity",
        )
    if abs(found["ahead_seconds"]) > MAY_DIFFER_SECONDS:
        yield Finding(
            Level.LOOK,
            f"The clock of the database is {found['ahead_seconds']:+.0f} s from this machine's. Deadlines follow it.",
            "Synchronise both (NTP).",
        )
    newest = revisions()[0]
    if found["revision"] and found["revision"] != newest:
        yield Finding(Level.MEND, f"The database has schema {found['revision']}, not {newest}.", "beside db upgrade")


def _server(found: Answers) -> Iterator[Finding]:
    if found["version"] < OLDEST:
        yield Finding(Level.MEND, f"PostgreSQL {found['version']} is too old.", f"Use {OLDEST} or newer.")
    if found["server_encoding"] != "UTF8":
        yield Finding(
            Level.MEND,
            f"The database keeps text as {found['server_encoding']}: many words cannot be saved.",
            "Make one with ENCODING 'UTF8', and restore a backup into it.",
        )
    if found["standby"] or found["default_transaction_read_only"] == "on":
        yield Finding(
            Level.MEND,
            "The database takes no writes: it is a standby, or read-only.",
            "Let DATABASE_URL lead to the primary.",
        )


def _durable(found: Answers) -> Iterator[Finding]:
    for name, loses in LOSES.items():
        if found[name] == "off":
            yield Finding(Level.MEND, f"{name} is off: {loses}.", f"ALTER SYSTEM SET {name} = on, then restart it.")
    if found["synchronous_commit"] == "off":
        yield Finding(
            Level.LOOK,
            "synchronous_commit is off. Beside turns it on for itself, and no other program does.",
            "ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload_conf()",
        )


def _quiet(found: Answers) -> Iterator[Finding]:
    """The text of a statement holds no words; its values do, and a server that logs statements logs them with it."""
    statements = found["log_statement"] in ("mod", "all") or found["log_min_duration_statement"] != "-1"
    values = statements and found["log_parameter_max_length"] != "0"
    if values or found["log_parameter_max_length_on_error"] != "0":
        yield Finding(
            Level.MEND,
            "PostgreSQL writes into its log what people say: statements with their values.",
            "In postgresql.conf: log_parameter_max_length = 0 and log_parameter_max_length_on_error = 0. Reload it, "
            "and see to the log that is there.",
        )


def ask(url: str) -> Answers:
    """See `asked`. Raises NotUsable."""
    try:
        return asyncio.run(asked(url))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise NotUsable(type(error).__name__) from None


async def asked(url: str) -> Answers:
    """Everything that is judged. One connection, ended here."""
    db = await asyncpg.connect(url, timeout=CONNECT_WITHIN_SECONDS)
    try:
        found: Answers = {name: await db.fetchval(f"SHOW {name}") for name in (*SETTINGS, *LOGS)}
        before = time.time()
        theirs = float(await db.fetchval("SELECT CAST(extract(epoch FROM clock_timestamp()) AS float8)"))
        most = int(await db.fetchval("SHOW max_connections")) - int(
            await db.fetchval("SHOW superuser_reserved_connections")
        )
        used = int(await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))
        there = await db.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
        facts = dict(await db.fetch("SELECT name, value FROM facts WHERE name = ANY($1)", FACTS)) if there else {}
        return found | {
            "version": db.get_server_version().major,
            "standby": await db.fetchval("SELECT pg_is_in_recovery()"),
            "most": most,
            "used": used,
            "free": most - used,
            "ahead_seconds": theirs - (before + time.time()) / 2,
            "now_ms": int(theirs * 1000),
            "revision": await db.fetchval("SELECT version_num FROM alembic_version") if there else "",
            "facts": facts,
        }
    finally:
        db.terminate()


FACTS = (BACKED_UP, FACT, "vapid.pem")
"""Those that other looks want."""
