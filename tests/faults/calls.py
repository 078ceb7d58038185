"""What must be true of the calls in a store, at any commit and at the end. Pure, on decoded calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from presence.ids import CallId, Instant, MemberId
from rooms.call import Call, Cancelled, CantNow, Closed, Dismissed, here, is_over, peers

PEERS_HERE_AT_MOST_UC6 = 3


def broken_now(live: Iterable[Call], with_deadline: Collection[CallId]) -> list[str]:
    """Of the live calls in one snapshot: a deadline each, one a member, no fourth peer here."""
    calls = list(live)
    broken = [f"call {c.id} has no deadline" for c in calls if c.id not in with_deadline]
    broken += [f"call {c.id} has {len(peers(here(c)))} peers here" for c in calls if _crowded(c)]
    per_member = Counter(c.caller for c in calls if not is_over(c))
    return broken + [f"{caller} has {count} calls" for caller, count in per_member.items() if count > 1]


def _crowded(call: Call) -> bool:
    return len(peers(here(call))) > PEERS_HERE_AT_MOST_UC6


@dataclass
class Told:
    """What people were told is done: every command by its key, and what it meant for a call."""

    keys: dict[str, str] = field(default_factory=dict)
    """The key of each command that was answered ok → what it was."""
    raised: set[CallId] = field(default_factory=set)
    ended: dict[CallId, str] = field(default_factory=dict)
    """call → "cancelled" or "closed", while nothing that could change it was sent after."""
    coming: set[tuple[CallId, MemberId]] = field(default_factory=set)
    cant: set[tuple[CallId, MemberId]] = field(default_factory=set)
    """Peers only: a volunteer who declined is asked again."""

    def missing_from(self, store: dict[CallId, Call], keys: Collection[str]) -> list[str]:
        """Everything that people were told and that the store does not hold. A key is stored by the transaction that
        did the work, so a key that is there says that the work is."""
        missing = [f"{what} under {key}" for key, what in self.keys.items() if key not in keys]
        missing += [f"raised {call}" for call in self.raised if call not in store]
        for call, word in self.ended.items():
            end = store[call].end if call in store else None
            if not isinstance(end, Closed) and not (word == "cancelled" and isinstance(end, Cancelled)):
                missing.append(f"{word} {call}: {end}")
        for call, member in self.coming | self.cant:
            recipient = store[call].recipients.get(member) if call in store else None
            if recipient is None:
                missing.append(f"an answer of {member} to {call}")
            elif (call, member) in self.cant and not isinstance(recipient.answer, CantNow | Dismissed):
                missing.append(f"{member} can't come to {call}: {recipient.answer}")
        return missing


def lateness_ms(due: Iterable[Instant], now: Instant, ready_at: Instant) -> int:
    """How late the latest overdue deadline is, counted from readiness at the earliest."""
    return max((now - max(at, ready_at) for at in due if at <= now), default=0)
