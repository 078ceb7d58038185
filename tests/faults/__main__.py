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
from tests.faults.disk import enter_namespace
from tests.faults.run import run

NOT_BUILT = "is not built yet: the suite runs one node on SQLite today."


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./do faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of strikes; with --mutants, for each at most")
    parser.add_argument("--seed", default="beside", help="the same seed makes the same plan")
    parser.add_argument("--json", action="store_true", help="only the last line")
    parser.add_argument("--mutants", action="store_true", help="servers that are wrong on purpose: each must be caught")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="of nemeses, or of mutants")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the server's log there")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--redis", action="store_true")
    chosen = parser.parse_args(words)
    asked = {"--nodes": chosen.nodes != 1, "--store postgres": chosen.store != "sqlite", "--redis": chosen.redis}
    for name in (name for name, is_asked in asked.items() if is_asked):
        parser.exit(2, f"{name} {NOT_BUILT}\n")
    return chosen


async def main(chosen: argparse.Namespace, folder: Path) -> int:
    """The exit code. SIGTERM ends it as Ctrl-C does: no server is left behind."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    if chosen.mutants:
        return await mutants.main(folder, chosen.seed, chosen.seconds, chosen.only, quiet=chosen.json)
    outcome = await run(folder, chosen.seed, chosen.seconds, only=chosen.only)
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
    enter_namespace(sys.argv[1:])
    for name in ("DATABASE_URL", "REDIS_URL"):  # somebody's real ones: a run makes its own servers
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="beside-faults-") as made:
        try:
            code = asyncio.run(main(chosen, Path(made)))
        finally:
            if chosen.keep is not None:
                keep_logs(Path(made), chosen.keep)
    sys.exit(code)
