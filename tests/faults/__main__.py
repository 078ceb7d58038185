"""`./do faults`: what is promised, held while things go wrong. See docs/faults.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.faults import mutants, report
from tests.faults.deployment import Shape, why_not_shared
from tests.faults.disk import enter_namespace
from tests.faults.run import run


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./do faults", description=__doc__)
    parser.add_argument("--seconds", type=float, help="of strikes: 60; with --mutants 180 at most for each")
    parser.add_argument("--seed", default="beside", help="the same seed makes the same plan")
    parser.add_argument("--json", action="store_true", help="only the last line")
    parser.add_argument("--mutants", action="store_true", help="servers that are wrong on purpose: each must be caught")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="of nemeses, or of mutants")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the servers' logs there")
    parser.add_argument("--nodes", type=int, help="web processes; 2, or 1 on SQLite")
    parser.add_argument("--store", choices=("sqlite", "postgres"), help="postgres where PostgreSQL and Redis are here")
    parser.add_argument("--redis", action="store_true", help="with postgres it is always there")
    chosen = parser.parse_args(words)
    chosen.seconds = chosen.seconds or (180.0 if chosen.mutants else 60.0)
    several = chosen.redis or chosen.store == "postgres" or (chosen.nodes or 1) > 1
    why_not = why_not_shared()
    if several and (why_not or chosen.store == "sqlite"):
        parser.exit(2, f"{why_not or 'Several nodes, and Redis, need --store postgres'}.\n")
    if why_not:
        print(f"One node on SQLite: {why_not}.", file=sys.stderr)
    shared = several or not (why_not or chosen.store == "sqlite" or chosen.nodes == 1)
    chosen.shape = Shape(chosen.nodes or (2 if shared else 1), shared)
    return chosen


async def main(chosen: argparse.Namespace, folder: Path) -> int:
    """The exit code. SIGTERM ends it as Ctrl-C does: no server is left behind."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    if chosen.mutants:
        return await mutants.main(folder, chosen.seed, chosen.seconds, chosen.shape, chosen.only, quiet=chosen.json)
    outcome = await run(folder, chosen.seed, chosen.seconds, chosen.shape, only=chosen.only)
    if not chosen.json:
        print(report.table(outcome))
    if outcome.violations:
        print(report.broken(outcome), file=sys.stderr if chosen.json else sys.stdout)
    print(report.last_line(report.as_json(outcome)), flush=True)
    return 1 if outcome.violations else 0


def keep_logs(made: Path, where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    for log in made.glob("**/*.log"):
        shutil.copy(log, where / log.name)


if __name__ == "__main__":
    chosen = options(sys.argv[1:])
    enter_namespace(sys.argv[1:], with_postgres=chosen.shape.shared)
    for name in ("DATABASE_URL", "REDIS_URL"):  # somebody's real ones: a run makes its own servers
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="beside-faults-") as made:
        try:
            code = asyncio.run(main(chosen, Path(made)))
        finally:
            if chosen.keep is not None:
                keep_logs(Path(made), chosen.keep)
    sys.exit(code)
