"""A run in words: a table by nemesis, lateness, what was not run, each violation with its piece, and one JSON line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from tests.faults.history import FOR_EVER, Fault, Late, Seconds
from tests.faults.recovery import recovery_times
from tests.faults.run import Outcome

SHOWN_OF_A_RULE = 5
LATEST_SHOWN = 3


def table(o: Outcome) -> str:
    lines = [f"{'nemesis':<20} {'count':>5}   recovery: {'median':>8} {'worst':>8}"]
    for nemesis, times in sorted(recovery_times(o.history.faults).items()):
        lines.append(f"{nemesis:<20} {len(times):>5} {'':>11} {median(times):>7.2f}s {max(times):>7.2f}s")
    by_reason: dict[str, list[str]] = {}
    for name, why in o.not_run.items():
        by_reason.setdefault(why, []).append(name)
    lines += [f"not run: {', '.join(names)}: {why}" for why, names in by_reason.items()]
    late = [ring.seconds for ring in o.history.late_rings]
    return "\n".join(
        [
            *lines,
            f"rings after ready: {len(late)} with a known moment, late by {_span(late)}",
            *(_latest(o, ring) for ring in sorted(o.history.late_rings, key=lambda ring: -ring.seconds)[:LATEST_SHOWN]),
            f"deadlines that the store still had as due, in {o.looks} looks from outside: the most overdue",
            _latest(o, o.most_overdue),
            f"rings that went again from memory, while the store was late with them: {o.rung_again_from_memory}",
            f"second calls of a member, pressed while the store was away: {o.second_calls}",
            f"ready after {_span(o.ready_s)}; setting up took {o.setup_s:.1f} s; the full disk is {o.disk}",
            f"{len(o.history.commands)} commands, {len(o.history.answers)} answered; {_said(o)}",
        ]
    )


def _latest(o: Outcome, late: Late) -> str:
    return f"    {late.seconds:.2f} s: {late.what}, {_beside(o.history.faults, late.at)}"


def _beside(faults: Sequence[Fault], at: Seconds) -> str:
    """Which strike it was seen with."""
    before = [fault for fault in faults if fault.began <= at]
    if not before:
        return "before the first strike"
    last = before[-1]
    over = at - (last.recovered if last.recovered is not None else FOR_EVER)
    return f"{over:.1f} s after {last.nemesis} was recovered from" if over > 0 else f"beside {last.nemesis}"


def _said(o: Outcome) -> str:
    h = o.history
    spans = Counter(a.kind for a in h.apart)
    return (
        f"{len(h.said)} words said, {len(h.acked)} acked, {len(h.read)} read; {len(h.calls)} calls, "
        f"{len(h.cards)} cards; {spans['block']} blocks, {spans['outside']} times somebody left"
    )


def _span(times: Sequence[float]) -> str:
    return f"median {median(times):.2f} s, worst {max(times):.2f} s" if times else "none"


def broken(o: Outcome) -> str:
    """The first few of each rule, each with its piece of history."""
    lines: list[str] = []
    shown: Counter[str] = Counter()
    for violation in o.violations:
        shown[violation.rule] += 1
        if shown[violation.rule] <= SHOWN_OF_A_RULE:
            lines.append(f"VIOLATION {violation}")
    lines += [f"VIOLATION {rule}: and {n - SHOWN_OF_A_RULE} more" for rule, n in shown.items() if n > SHOWN_OF_A_RULE]
    return "\n".join(lines)


def as_json(o: Outcome) -> dict[str, Any]:
    h = o.history
    late = [ring.seconds for ring in h.late_rings]
    return {
        "seed": o.seed,
        "seconds": round(o.seconds, 1),
        "nodes": o.shape.nodes,
        "store": "postgres" if o.shape.shared else "sqlite",
        "redis": o.shape.shared,
        "kills": o.kills,
        "nemeses": dict(sorted(Counter(f.nemesis for f in h.faults).items())),
        "acked": sum(1 for a in h.answers.values() if a.code == "ok"),
        "delivered": h.frames,
        "calls": len(h.calls),
        "violations": len(o.violations),
        "broken": dict(Counter(v.rule for v in o.violations)),
        "median_ring_lateness_s": round(median(late), 3) if late else None,
        # A repeat is measured against its own beat, so one that is later than that shows among the deadlines alone.
        "worst_ring_lateness_s": round(max([*late, o.most_overdue.seconds]), 3),
        "most_overdue_deadline_s": round(o.most_overdue.seconds, 3),
        "not_run": o.not_run,
    }


def last_line(facts: dict[str, Any]) -> str:
    return json.dumps(facts)
