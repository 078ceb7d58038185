"""Rules broken on purpose. Each mutant is one slip in the core that the stories must notice.

`old` stands exactly once in `file`; `rule` chooses the stories that are told to the mutant.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    rule: str


MUTANTS = (
    Mutant(
        "a pledge never lapses",
        "rooms/escalation.py",
        "elif until is not None and now >= until:",
        "elif until is not None and now >= until + 10**9:",
        "uc04",
    ),
    Mutant(
        "the 180 s ring waits for a pledge",
        "rooms/ladder.py",
        "step.ring not in (Ring.AWAY, Ring.VOLUNTEERS):\n        return step\n",
        "step.ring is Ring.PEERS:\n        return step\n"
        "    if step.ring is Ring.BACKUP:\n        return replace(step, at=_last_pledge_ends(running))\n",
        "uc04",
    ),
    Mutant(
        "the 90 s ring waits for a pledge without end",
        "rooms/ladder.py",
        "at=at_most if last is None else min(at_most, max(step.at, last))",
        "at=last if last is None else max(step.at, last)",
        "uc04",
    ),
    Mutant("four may be here", "rooms/call.py", "PEERS_HERE_AT_MOST = 3", "PEERS_HERE_AT_MOST = 4", "uc06"),
    Mutant("four may pledge", "rooms/call.py", "PLEDGES_AT_MOST = 3", "PLEDGES_AT_MOST = 4", "uc06"),
    Mutant(
        "volunteers count as peers",
        "rooms/call.py",
        "return [r for r in recipients if r.part is Part.PEER]",
        "return list(recipients)",
        "uc06",
    ),
    Mutant(
        "a volunteer is refused like a peer",
        "rooms/responder.py",
        "    if recipient.part is Part.PEER:\n        if recipient.pledged_attempt == call.attempt:",
        "    if recipient.part:\n        if recipient.pledged_attempt == call.attempt:",
        "uc06",
    ),
    Mutant(
        "a block is not looked at",
        "rooms/candidates.py",
        "if candidate.account == call.caller_account or call.caller in candidate.blocks:",
        "if candidate.account == call.caller_account:",
        "cb02 or uc02",
    ),
    Mutant(
        "a block is not looked at in the middle of a call",
        "rooms/escalation.py",
        "        call = _dismiss_unwelcome(call, candidates)\n",
        "        pass\n",
        "cb02 or gr03",
    ),
    Mutant(
        "the attempt is not counted",
        "rooms/escalation.py",
        "attempt=call.attempt + 1,",
        "attempt=call.attempt,",
        "uc00 or uc03",
    ),
    Mutant(
        "the clock of the rings does not start anew",
        "rooms/escalation.py",
        "        waiting_since=now,\n",
        "",
        "uc00 or uc03",
    ),
    Mutant(
        "an undo is never too late",
        "rooms/caller.py",
        "if not isinstance(call.end, Cancelled) or now >= call.end.undo_until:",
        "if not isinstance(call.end, Cancelled):",
        "uc09",
    ),
    Mutant(
        "sent counts as delivered",
        "rooms/ladder.py",
        "r.reached >= Reached.DELIVERED or",
        "r.reached >= Reached.SENT or",
        "uc03",
    ),
    Mutant(
        "an empty ring is waited out", "rooms/ladder.py", "at = min(at, empty_at)", "at = max(at, empty_at)", "uc03"
    ),
    Mutant(
        "nobody at the press waits 90 s for on-call",
        "rooms/ladder.py",
        "if call.attempt > 1 or call.nobody_at_press:",
        "if call.attempt > 1:",
        "uc03 or gr03",
    ),
    Mutant(
        "the fail-safe of a later attempt takes 180 s",
        "rooms/ladder.py",
        "policy.backup_after_ms if call.attempt == 1 else policy.backup_after_again_ms",
        "policy.backup_after_ms",
        "uc03",
    ),
    Mutant(
        "missed repeats are made up",
        "rooms/ladder.py",
        "backup_at + (since // policy.again_every_ms + 1) * policy.again_every_ms",
        "after + policy.again_every_ms",
        "uc03",
    ),
    Mutant(
        "newcomers are not rung",
        "rooms/escalation.py",
        "    call = _ring_newcomers(call, now, candidates, policy)\n",
        "",
        "uc03",
    ),
    Mutant("busy members are rung", "rooms/candidates.py", " and not c.busy]", "]", "uc03"),
    Mutant(
        "a peer's can't does not hold",
        "rooms/escalation.py",
        "case CantNow() if recipient.part is Part.PEER:",
        "case CantNow() if recipient.part is Part.BACKUP:",
        "uc03",
    ),
    Mutant(
        "one writing is enough to be here",
        "rooms/either.py",
        "recipient.answer.wrote and recipient.answer.caller_wrote:",
        "(recipient.answer.wrote or recipient.answer.caller_wrote):",
        "uc05",
    ),
    Mutant(
        "every word of the caller starts the wait anew",
        "rooms/either.py",
        "waits_since = now if call.caller_waits_since is None else call.caller_waits_since",
        "waits_since = now",
        "uc05",
    ),
    Mutant(
        "whoever vanished stays here",
        "rooms/ladder.py",
        "return None if gone is None else gone + policy.gone_is_left_after_ms",
        "return None if gone is None else gone + 10**9",
        "uc05",
    ),
    Mutant(
        "quiet cards sound",
        "rooms/escalation.py",
        "    if call.quiet_cards and candidate.part is Part.PEER:\n        sound_at = None\n",
        "",
        "uc09",
    ),
    Mutant(
        "a cancel closes at once",
        "rooms/caller.py",
        "    if here(call):\n        return replace(call, end=Closed(at=now, by=member, word=why))",
        "    if call:\n        return replace(call, end=Closed(at=now, by=member, word=why))",
        "uc09",
    ),
    Mutant(
        "a caller who is there is parked",
        "rooms/responder.py",
        "    if parted_well and away and",
        "    if parted_well and",
        "uc12",
    ),
    Mutant(
        "a parked call is forgotten",
        "rooms/ladder.py",
        "        case Parked(follow_up_at=at):\n            yield at\n",
        "        case Parked():\n",
        "uc12",
    ),
    Mutant(
        "danger waits for the coordinator",
        "rooms/ladder.py",
        "backup_after = 0 if call.danger_at is not None else policy.wanted_backup_after_ms",
        "backup_after = policy.wanted_backup_after_ms",
        "uc17",
    ),
    Mutant(
        "left may read on",
        "rooms/call.py",
        "if isinstance(recipient.answer, InRoom | Here):\n        return True",
        "if isinstance(recipient.answer, InRoom | Here | Left):\n        return True",
        "uc16",
    ),
    Mutant(
        "silence does not start anew at readiness",
        "rooms/escalation.py",
        "return replace(call, lost_since=now, calls_back=0, quiet_from=now, silence=silence)",
        "return replace(call, lost_since=now, calls_back=0, silence=silence)",
        "uc19",
    ),
    Mutant(
        "a second press makes a second call",
        "rooms/caller.py",
        "            return still_need(running, running.caller, now, need=True)",
        "            return None",
        "uc01",
    ),
    Mutant(
        "an old call comes to stand beside a running one",
        "rooms/on_call.py",
        "if running is not None and running.id != call.id:",
        "if running is not None and running.id == call.room:",
        "uc01",
    ),
    Mutant(
        "a finished call comes back",
        "rooms/unsaved.py",
        "return call.reopened, is_over(call), stamp, text",
        "return call.reopened, False, stamp, text",
        "uc15",
    ),
    Mutant(
        "two halves give one place to two people",
        "rooms/unsaved.py",
        "    if not beyond:\n",
        "    if beyond:\n",
        "uc06",
    ),
    Mutant(
        "what only one half did is lost",
        "rooms/unsaved.py",
        "    stamp = call.changed.get(member, SINCE_THE_PRESS)\n",
        "    stamp = call.version\n",
        "uc15",
    ),
    Mutant(
        "a finished call is rung again",
        "rooms/unsaved.py",
        "return saved is not None and is_running(saved)",
        "return saved is not None",
        "uc15",
    ),
    Mutant(
        "hidden words are shown to their author",
        "rooms/chat.py",
        "return Shown.PLACE if entry.kind in",
        "return Shown.PLACE if entry.author_account != reader and entry.kind in",
        "ch03",
    ),
    Mutant(
        "anybody takes anybody's words back",
        "rooms/chat.py",
        "if entry is None or entry.author_account != account or",
        "if entry is None or",
        "ch03",
    ),
    Mutant(
        "a held row stands above a waiting one",
        "rooms/desk.py",
        "return not is_pinned(call), since is None, since or 0,",
        "return not is_pinned(call), since is not None, since or 0,",
        "oc01",
    ),
    Mutant(
        "a parked call is not pinned",
        "rooms/desk.py",
        "    if isinstance(call.end, Parked):\n        found",
        "    if call is None:\n        found",
        "oc01",
    ),
    Mutant(
        "a volunteer reads words before accepting",
        "rooms/screens.py",
        "recipient.part is Part.PEER and is_asking(call, recipient)\n",
        "is_asking(call, recipient)\n",
        "oc02",
    ),
    Mutant(
        "the words of a call outlive it",
        "rooms/screens.py",
        "    goes_on = call.end is None or (isinstance(call.end, Parked) and recipient.part is not Part.PEER)\n",
        "    goes_on = True\n",
        "oc02",
    ),
    Mutant(
        "a moderator reads a report about themselves",
        "rooms/care.py",
        "member.role is Role.MODERATOR and member.account != about.account",
        "member.role is Role.MODERATOR",
        "cb03",
    ),
    Mutant(
        "a report about the only moderator stays in the group",
        "rooms/care.py",
        "return about.role is Role.VOLUNTEER or not any(",
        "return about.role is Role.VOLUNTEER or about is None and not any(",
        "cb03",
    ),
    Mutant(
        "a number may be a year old", "rooms/helplines.py", "STALE_AFTER_DAYS = 180", "STALE_AFTER_DAYS = 365", "cb06"
    ),
    Mutant(
        "whoever is in a call is counted as free",
        "rooms/crowd.py",
        "free = member.introduced and member.account not in occupied",
        "free = member.introduced",
        "pr06",
    ),
    Mutant("whoever hides is named", "rooms/crowd.py", "not member.hidden and reach", "reach", "pr02"),
    Mutant(
        "a ring that reaches nobody is announced",
        "rooms/screens.py",
        "call.could_ask.get(step.ring, 0) == 0:",
        "call.could_ask.get(step.ring, 0) < 0:",
        "uc08",
    ),
    Mutant(
        "who came after the fail-safe has broken a promise",
        "rooms/screens.py",
        "nearness(r)[1] <= call.failsafe_at",
        "nearness(r)[1] > 0",
        "uc04",
    ),
    Mutant(
        "a beat that was not answered renews",
        "presence/lease.py",
        "return min(calm, max(self.renewed_at, self.urgent_since) + times.urgent_lease_ms)",
        "return calm",
        "pr03",
    ),
    Mutant(
        "a hidden page is live",
        "presence/roster.py",
        "if any(seat.visible for seat in seats):",
        "if seats:",
        "pr04",
    ),
    Mutant(
        "a lease without an epoch: the past life of a node is believed",
        "presence/elsewhere.py",
        "if said.node.epoch < before.node.epoch:",
        "if said.node.epoch < 0:",
        "pr03",
    ),
    Mutant(
        "an older statement is believed",
        "presence/elsewhere.py",
        "if said.number <= told.number or said.number < newest:",
        "if said.number < 0:",
        "pr03",
    ),
    Mutant(
        "a node that is silent is believed for ever",
        "presence/elsewhere.py",
        "elif now >= told.holds_until and (told.people or told.coming):",
        "elif now < 0:",
        "pr03",
    ),
    Mutant(
        "another node's clock says how long its word holds",
        "presence/elsewhere.py",
        "until = min(said.holds_until, now + HOLDS_MS)",
        "until = said.holds_until",
        "pr03",
    ),
    Mutant(
        "a page on another node does not count",
        "presence/roster.py",
        "return bool(self.connections_of(account)) or account in self.elsewhere.reaches()",
        "return bool(self.connections_of(account))",
        "uc05",
    ),
)
