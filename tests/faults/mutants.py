"""Servers that are wrong on purpose, and the rules that must find them out: the suite can fail."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.cast import GROUPS
from tests.faults.checker import violations
from tests.faults.deployment import Shape
from tests.faults.history import History, Violation
from tests.faults.run import FAILSAFE_AFTER_SECONDS, a_stage, rage


@dataclass(frozen=True, slots=True)
class Mutant:
    """`rules`: any of them counts as caught. `nemeses`: what brings it out, after so many seconds of peace."""

    name: str
    rules: tuple[str, ...]
    nemeses: tuple[str, ...] = ("server_killed",)
    needs_several: bool = False
    peace_seconds: float = 0.0


MUTANTS = (
    Mutant("ack_before_commit", ("acked and lost",)),
    Mutant("no_idempotency", ("a key twice",), ("server_killed", "lines_reset")),
    Mutant("deadline_in_memory", ("no deadline", "stuck", "left alone")),
    Mutant("block_checked_on_send", ("across a block",), ("lines_reset",)),
    Mutant(
        "bus_trusted_as_truth",
        ("across a block", "read by who is not a member", "never on the wire", "left alone", "presence untrue"),
        ("redis_killed", "redis_hung", "pubsub_killed", "cut_off_redis"),
        needs_several=True,
    ),
    # A node is not believed after its restart until it has said more than in its life before: for as long again.
    Mutant("lease_without_epoch", ("presence untrue", "a ghost"), needs_several=True, peace_seconds=30.0),
)


async def main(folder: Path, seed: str, seconds: float, shape: Shape, only: Sequence[str], *, quiet: bool) -> int:
    """Each in a run of its own, of at most `seconds`. The exit code is 1 when one escaped."""
    wanted = [m for m in MUTANTS if not only or m.name in only]
    not_run = [m.name for m in wanted if m.needs_several and not shape.shared]
    chosen = [m for m in wanted if m.name not in not_run]
    caught = []
    for mutant in chosen:
        began = time.monotonic()
        found = await hunt(folder / mutant.name, f"{seed} {mutant.name}", seconds, shape, mutant)
        if found:
            caught.append(mutant.name)
        if not quiet:
            how = f"caught\n  {found[0]}" if found else "ESCAPED"
            print(f"{mutant.name}, {time.monotonic() - began:.0f} s: {how}", flush=True)
    escaped = [m.name for m in chosen if m.name not in caught]
    facts = {"mutants": len(chosen), "caught": len(caught), "escaped": escaped, "not_run": not_run}
    print(json.dumps({"seed": seed, **facts}), flush=True)
    return 1 if escaped else 0


async def hunt(folder: Path, seed: str, seconds: float, shape: Shape, mutant: Mutant) -> list[Violation]:
    """What it broke of the rules that are to find it; empty when it escaped. The people are let in by the product, and
    live with the mutant."""
    found: list[Violation] = []
    async with a_stage(folder, seed, shape, GROUPS[:1]) as stage:
        await stage.where.deployment.run_instead(("-m", "tests.faults.mutant", mutant.name))

        async def look() -> bool:
            so_far = _until_now(stage.history)
            await stage.store.read_all(so_far)
            found[:] = [v for v in violations(so_far, FAILSAFE_AFTER_SECONDS) if v.rule in mutant.rules]
            return bool(found)

        await rage(stage, seed, seconds, mutant.nemeses, look, mutant.peace_seconds)
        if not found:
            await look()  # the last strike may have brought it out
    return found


def _until_now(h: History) -> History:
    """What was said to be saved up to this moment: the store, which is read after it, must hold it."""
    acked = [a for a in h.acked if a.saved]
    answers = {key: a for key, a in h.answers.items() if a.saved}
    return replace(h, acked=acked, answers=answers, read=[*h.read], log={}, calls={}, keys=set())
