"""What must be true of who is shown as here (PR3). Pure.

Whoever has been gone for 20 s is shown to nobody. Time in which the server stood still is nobody's silence (PR3), and a
line that carries nothing brings old news late: neither is counted. That whoever is here is shown as here, within 20 s
of each fault, is awaited while the run goes on (`recovery.py`), since only then everything else is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.faults.history import FOR_EVER, History, Line, Presence, Seconds, Violation

GONE_WITHIN_SECONDS = 20.0
ON_THE_WAY_SECONDS = 2.0
"""For the view to be made and to come; and between a line that the server has, of which it tells the others, and the
welcome that its client writes down."""


def of_presence(h: History) -> Iterator[Violation]:
    """Every view that names somebody who was gone for too long when it came."""
    downs = _down_spans(h.lines)
    for view in h.presence:
        for name in view.people:
            for since, until in downs.get(name, ()):
                is_away = since <= view.at < until - ON_THE_WAY_SECONDS
                if is_away and view.at - since - _still(h, since, view.at) > _AT_MOST:
                    what = f"{name} is shown to {view.who} as here, {view.at - since:.1f} s after they went"
                    back = (Line(until, name, up=True),) if until < FOR_EVER else ()
                    yield Violation("a ghost", what, (Line(since, name, up=False), _only(view, name), *back))


_AT_MOST = GONE_WITHIN_SECONDS + ON_THE_WAY_SECONDS


def _only(view: Presence, name: str) -> Presence:
    return Presence(view.at, view.who, view.group, frozenset({name}))


def _down_spans(lines: list[Line]) -> dict[str, list[tuple[Seconds, Seconds]]]:
    since: dict[str, Seconds] = {}
    spans: dict[str, list[tuple[Seconds, Seconds]]] = defaultdict(list)
    for line in lines:
        if not line.up:
            since.setdefault(line.who, line.at)
        elif line.who in since:
            spans[line.who].append((since.pop(line.who), line.at))
    for who, at in since.items():
        spans[who].append((at, FOR_EVER))
    return spans


def _still(h: History, since: Seconds, until: Seconds) -> Seconds:
    """For how long of this the server stood still, or a line carried nothing."""
    return sum(max(0.0, min(f.healed, until) - max(f.began, since)) for f in h.faults if f.blind)
