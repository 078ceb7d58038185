"""All rules on one history. Pure: the same history has the same violations."""

from __future__ import annotations

from tests.faults.history import History, Seconds, Violation
from tests.faults.rules_of_calls import of_calls
from tests.faults.rules_of_logs import of_logs
from tests.faults.rules_of_presence import of_presence


def violations(h: History, failsafe_after_s: Seconds) -> list[Violation]:
    """Empty when this history can be true. `failsafe_after_s`: how long a caller may wait for a person or for the
    fail-safe, with everything that may delay it allowed for, except faults."""
    found = [*of_logs(h), *of_calls(h, failsafe_after_s), *of_presence(h)]
    found += [Violation(s.rule, s.what, s.piece) for s in h.seen]
    found += [Violation("a broken chain", what) for what in h.broken_chains]
    return found
