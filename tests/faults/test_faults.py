"""`./do faults`, short: one seed, the same program, on one node and on several. Long, by hand: docs/faults.md."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.faults.deployment import why_not_shared
from tests.server.child import REPO

WITHIN_SECONDS = 240
ONE_NODE = ("--nodes", "1", "--store", "sqlite")


async def faults(*words: str) -> tuple[int, dict[str, Any], str]:
    """`(exit code, last line, everything)` of a run."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults", *words, cwd=REPO,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.terminate()
        await process.wait()
        raise
    whole = output.decode()
    print(whole)
    assert process.returncode is not None
    return process.returncode, json.loads(whole.splitlines()[-1]), whole


@pytest.mark.slow
async def test_nothing_that_was_promised_is_lost_while_things_go_wrong() -> None:
    code, facts, _ = await faults(*ONE_NODE, "--seconds", "11", "--seed", "short")
    assert facts["violations"] == 0
    assert code == 0
    assert facts["kills"] >= 1
    assert facts["acked"] > 100
    assert facts["calls"] > 3


@pytest.mark.slow
async def test_a_server_that_acks_before_it_commits_is_caught() -> None:
    """The suite can fail. The other mutants: `./do faults --mutants`."""
    code, facts, _ = await faults(*ONE_NODE, "--mutants", "--only", "ack_before_commit", "--seconds", "30")
    assert (facts["mutants"], facts["caught"], code) == (1, 1, 0)


@pytest.mark.slow
async def test_nothing_is_lost_on_two_nodes_with_postgres_and_redis() -> None:
    if why_not_shared():
        pytest.skip(why_not_shared())
    code, facts, _ = await faults("--nodes", "2", "--store", "postgres", "--redis", "--seconds", "16", "--seed", "two")
    assert facts["violations"] == 0
    assert code == 0
    assert (facts["nodes"], facts["store"], facts["redis"]) == (2, "postgres", True)
    assert facts["kills"] >= 1
    assert facts["acked"] > 50
    assert facts["calls"] > 1


async def test_what_cannot_be_is_said_and_not_skipped_in_silence() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults", "--nodes", "2", "--store", "sqlite", cwd=REPO,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, error = await process.communicate()
    assert process.returncode == 2
    assert b"Several nodes" in error or why_not_shared().encode() in error
