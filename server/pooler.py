"""Whether there is a pooler before PostgreSQL that gives each transaction another session."""

from __future__ import annotations

import asyncio

import asyncpg

WITHIN_SECONDS = 5.0
LOOKS = 3
"""Of two sessions that come in turn the other is met at the second at the latest."""
IS_MINE = """
DO $$ BEGIN
    IF current_setting('beside.node', true) IS DISTINCT FROM 'who looks' THEN RAISE EXCEPTION 'another session'; END IF;
END $$"""


async def swaps_sessions(url: str) -> bool:
    """Beside sets things for its session: how long a transaction may be idle, and which node writes. With sessions that
    are swapped one node's would hold for another, and what it writes be taken for that one's. False, too, where it
    cannot be found out, because nobody answers for example: whoever uses the database next hears why."""
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            return await _look(url)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return False


async def _look(url: str) -> bool:
    one = await asyncpg.connect(url)
    try:
        other = await asyncpg.connect(url)
        try:
            await one.execute("SET beside.node = 'who looks'")
            try:
                await other.execute("BEGIN")  # keeps the session that was used last, where they are swapped
            except asyncpg.PostgresConnectionError:
                return True  # a pooler for single statements lets no transaction begin
            looks = [await _is_lost(one)]
            await other.execute("COMMIT")
            return any(looks + [await _is_lost(one) for _ in range(LOOKS)])
        finally:
            other.terminate()
    finally:
        one.terminate()


async def _is_lost(session: asyncpg.Connection) -> bool:
    try:
        await session.execute(IS_MINE)  # in one piece: what is prepared may be of another session
    except asyncpg.RaiseError:
        return True
    return False
