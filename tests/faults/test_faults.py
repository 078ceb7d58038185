"""`./do faults`, short: one seed, the same program. Long, by hand: docs/faults.md."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.server.child import REPO

WITHIN_SECONDS = 240


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
    code, facts, _ = await faults("--seconds", "11", "--seed", "short")
    assert facts["violations"] == 0
    assert code == 0
    assert facts["kills"] >= 1
    assert facts["acked"] > 100
    assert facts["calls"] > 3


@pytest.mark.slow
async def test_a_server_that_acks_before_it_commits_is_caught() -> None:
    """The suite can fail. The other mutants: `./do faults --mutants`."""
    code, facts, _ = await faults("--mutants", "--only", "ack_before_commit", "--seconds", "30")
    assert (facts["mutants"], facts["caught"], code) == (1, 1, 0)


async def test_what_is_not_built_yet_is_said_and_not_skipped_in_silence() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults", "--redis", cwd=REPO, stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    assert process.returncode == 2
    assert b"not built yet" in error
