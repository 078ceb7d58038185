"""A pooler before PostgreSQL (PgBouncer, where there is one): in session mode it is one more hop, in the others Beside
does not start, because what it sets for its session would hold for somebody else's."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server import doctor
from server.pooler import swaps_sessions
from server.settings import BadSetting, Settings
from server.storage import upgrade_database
from tests.contracts.valkey import free_port
from tests.postgres import Postgres, the_server
from tests.server.proxies import program

WITHIN_SECONDS = 20


@pytest.fixture
async def postgres() -> Postgres:
    return await the_server()


@asynccontextmanager
async def a_pooler(folder: Path, postgres: Postgres, *mode: str) -> AsyncIterator[str]:
    port = free_port()
    said = ["[databases]", f"* = host={postgres.folder} user=beside", "[pgbouncer]", "auth_type = any"]
    said += ["listen_addr = 127.0.0.1", f"listen_port = {port}", "unix_socket_dir =", *mode]
    (folder / "pooler.ini").write_text("\n".join(said))
    (folder / "pooler.ini").chmod(0o644)
    words = [program("pgbouncer"), "-q", "/dev/stdin"]
    with (folder / "pooler.ini").open() as settings, (folder / "said").open("wb") as log:
        # It refuses root, as PostgreSQL does.
        server = await asyncio.to_thread(
            lambda: subprocess.Popen(words, stdin=settings, stdout=log, stderr=log, **postgres.as_user)
        )
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            while not await _listens(port):
                assert server.poll() is None, (folder / "said").read_text()
                await asyncio.sleep(0.05)
        yield f"postgresql://beside@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(10)


async def _listens(port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


SWAPPING = {
    "the last one used goes first": ("pool_mode = transaction",),
    "in turn": ("pool_mode = transaction", "server_round_robin = 1", "min_pool_size = 2"),
    "for each statement": ("pool_mode = statement",),
}


@pytest.mark.parametrize("mode", SWAPPING.values(), ids=SWAPPING)
async def test_a_pooler_that_swaps_sessions_is_refused(
    mode: tuple[str, ...], tmp_path: Path, postgres: Postgres
) -> None:
    async with a_pooler(tmp_path, postgres, *mode) as url:
        settings = Settings(data=tmp_path / "data", database_url=url)
        with pytest.raises(BadSetting, match="session mode"):
            await asyncio.to_thread(upgrade_database, settings)
        (finding,) = await asyncio.to_thread(lambda: list(doctor.postgres(settings)))
        assert (finding.level, "pooler" in finding.what) == (doctor.Level.MEND, True)


async def test_a_pooler_in_session_mode_is_one_more_hop(tmp_path: Path, postgres: Postgres) -> None:
    async with a_pooler(tmp_path, postgres, "pool_mode = session") as url:
        assert not await swaps_sessions(url)


async def test_without_one_a_connection_is_a_session(postgres: Postgres) -> None:
    assert not await swaps_sessions(postgres.url("postgres"))
    assert not await swaps_sessions("postgresql:///postgres?host=/nowhere&user=beside")
