"""Anything, in any order, at any time: what must hold of an urgent call after every step.

Hypothesis plays people, devices, timers, stops and restarts against the core. `HYPOTHESIS_PROFILE=long` looks longer.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from presence.availability import Reach
from presence.ids import MemberId
from rooms import caller, either, on_call, responder
from rooms.call import (
    Asked,
    Call,
    Cancelled,
    CantNow,
    Closed,
    Coming,
    Dismissed,
    Here,
    InRoom,
    Parked,
    Part,
    Reached,
    Ring,
    Why,
    here,
    is_asking,
    may_read_room,
    peers,
    pledges,
    standing,
)
from rooms.candidates import Candidate
from rooms.escalation import advance
from rooms.ladder import next_deadline
from rooms.refusals import Refused
from server.store.call_codec import decode_call, encode_call
from tests.rooms.world import ANA, POLICY, World, a_call, away, backups, many_peers, person, volunteers

settings.register_profile("default", max_examples=400, stateful_step_count=40)
settings.register_profile("long", max_examples=5_000, stateful_step_count=100)
PROFILE = settings.get_profile("long" if os.environ.get("HYPOTHESIS_PROFILE") == "long" else "default")

EVERYONE = (*many_peers(6), *away("Dana", "Emil"), *volunteers("Vic", "Vera"), *backups("Cora"))
NAMES = [c.name for c in EVERYONE]
names = st.sampled_from(NAMES)
helpers_names = st.sampled_from([*NAMES, "Ana"])
# Around every time of the policy, and far beyond them.
moments = st.one_of(
    st.integers(0, 20_000),
    st.sampled_from([8_000, 15_000, 30_000, 45_000, 90_000, 119_999, 120_000, 180_000, 300_000, 360_000, 1_200_000]),
    st.integers(0, 7 * 24 * 3_600_000),
)
ENDING = {"cancel", "close", "close_as_volunteer", "still_need"}


def is_outside(call: Call, candidate: Candidate | None) -> bool:
    """Said again, apart from the core: blocked with the caller, outside the audience, or not there any more."""
    if candidate is None or call.caller in candidate.blocks:
        return True
    if candidate.part is Part.PEER:
        return call.on_call_alone or (call.only is not None and candidate.member not in call.only)
    return not call.volunteers_too and not call.on_call_alone


class Watched(World):
    """A world that compares each call with the one before it."""

    act = "the press"
    seen: Call | None = None

    def look(self) -> None:
        super().look()
        if self.seen is not None:
            self.compare(self.seen, self.call)
        assert advance(self.call, self.now, tuple(self.people.values()), POLICY) == self.call, "not idempotent"
        self.seen = self.call
        self.act = "time"

    def compare(self, before: Call, after: Call) -> None:
        assert after.version == before.version, "the store counts versions, not the core"
        assert after.attempt - before.attempt in (0, 1)
        if after.attempt > before.attempt:
            assert after.waiting_since == self.now
        else:
            assert after.waiting_since == before.waiting_since
            for member, recipient in before.recipients.items():
                assert after.recipients[member].reached >= recipient.reached
        assert set(before.recipients) <= set(after.recipients)
        self.compare_ends(before, after)
        self.compare_people(before, after)

    def compare_ends(self, before: Call, after: Call) -> None:
        if isinstance(after.end, Cancelled | Closed) and after.end != before.end:
            timed_out = isinstance(before.end, Cancelled) and self.now >= before.end.undo_until
            assert self.act in ENDING or timed_out, f"{self.act} ended the call"
        if isinstance(before.end, Closed) and after.end is None:
            assert after.attempt == before.attempt + 1
        if isinstance(before.end, Parked) and after.end is None:
            assert after.attempt == before.attempt + 1 or here(after)
        if after.end is not None and before.end is not None:
            assert after.ringings == before.ringings, "a ring without a running call"

    def compare_people(self, before: Call, after: Call) -> None:
        for member, recipient in after.recipients.items():
            old = before.recipients.get(member)
            if old is not None and isinstance(old.answer, Dismissed) and old.answer.why is Why.REFUSED:
                assert recipient.answer == old.answer, "someone the caller refused came back"
            undone = self.act in ("undo", "danger", "close") and old is not None
            if (old is None or old.ringing != recipient.ringing) and not undone:
                candidate = self.people[recipient.name]
                assert not candidate.busy
                assert not is_outside(after, candidate)
                assert isinstance(recipient.answer, Asked)
                if old is not None and recipient.part is Part.PEER:
                    said = isinstance(old.answer, CantNow) or (
                        isinstance(old.answer, Dismissed) and old.answer.cant_at is not None
                    )
                    assert not said, "can't holds for the call"


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.w: Watched = Watched.__new__(Watched)

    @initialize(
        open_peers=st.sets(st.sampled_from(NAMES[:6])),
        there=st.sets(st.sampled_from(NAMES[6:])),
        raised=st.integers(0, 4),
        only=st.one_of(st.none(), st.sets(st.sampled_from(NAMES[:8]))),
        volunteers_too=st.booleans(),
        alone=st.sampled_from([False, False, False, True]),
    )
    def press(
        self,
        open_peers: set[str],
        there: set[str],
        raised: int,
        only: set[str] | None,
        volunteers_too: bool,
        alone: bool,
    ) -> None:
        people = [c for c in EVERYONE if c.name in open_peers | there]
        before = tuple(float(-n) for n in range(1, raised + 1))
        plain = a_call(
            tuple(people), only=only, volunteers_too=volunteers_too, on_call_alone=alone, before=before, mute=NAMES
        )
        self.w = Watched.__new__(Watched)
        self.w.__dict__.update(plain.__dict__)
        self.w.look()

    def do(self, act: str, after: Any) -> None:
        """Somebody acts; a refusal changes nothing."""
        self.w.act = act
        try:
            call = after(self.w.call)
        except Refused:
            call = self.w.call
        self.w._then(call)

    # ---- devices

    @rule(name=names, reached=st.sampled_from(Reached))
    def a_device_says(self, name: str, reached: Reached) -> None:
        self.do("ack", lambda c: responder.card_reached(c, MemberId(name), reached))

    @rule()
    def every_device_says_delivered(self) -> None:
        for name in list(self.w.call.recipients):
            self.do("ack", lambda c, name=name: responder.card_reached(c, name, Reached.DELIVERED))

    # ---- responders

    def blocks(self, name: str) -> frozenset[MemberId]:
        return self.w.people[name].blocks if name in self.w.people else frozenset()

    @rule(name=names)
    def coming(self, name: str) -> None:
        self.do("coming", lambda c: responder.say_coming(c, MemberId(name), self.w.now, POLICY, self.blocks(name)))

    @rule(name=names)
    def cant(self, name: str) -> None:
        self.do("cant", lambda c: responder.say_cant(c, MemberId(name), self.w.now))

    @rule(name=names)
    def withdraw(self, name: str) -> None:
        self.do("withdraw", lambda c: responder.withdraw(c, MemberId(name), self.w.now))

    @rule(name=names)
    def enter(self, name: str) -> None:
        self.do("enter", lambda c: responder.enter(c, MemberId(name), self.w.now, POLICY, self.blocks(name)))

    @rule(name=names)
    def page_hidden(self, name: str) -> None:
        self.do("hidden", lambda c: responder.page_hidden(c, MemberId(name), self.w.now, POLICY))

    @rule(name=names)
    def gone(self, name: str) -> None:
        self.do("gone", lambda c: responder.member_gone(c, MemberId(name), self.w.now))

    @rule(name=names, well=st.booleans())
    def leave(self, name: str, well: bool) -> None:
        self.do("leave", lambda c: responder.leave(c, MemberId(name), self.w.now, POLICY, parted_well=well))

    @rule(name=helpers_names)
    def writes(self, name: str) -> None:
        self.do("wrote", lambda c: either.wrote(c, MemberId(name), self.w.now))

    @rule(name=names)
    def comes_in_and_both_write(self, name: str) -> None:
        self.enter(name)
        self.writes(name)
        self.writes("Ana")

    # ---- the caller

    @rule()
    def confirm(self) -> None:
        self.do("confirm", lambda c: caller.confirm_here(c, ANA, self.w.now))

    @rule()
    def cancel(self) -> None:
        self.do("cancel", lambda c: caller.cancel(c, ANA, self.w.now, "ok", POLICY))

    @rule()
    def undo(self) -> None:
        self.do("undo", lambda c: caller.undo_cancel(c, ANA, self.w.now))

    @rule(feeling=st.sampled_from(["better", "more", "more"]))
    def close(self, feeling: str) -> None:
        self.do("close", lambda c: caller.close(c, ANA, self.w.now, feeling, POLICY))

    @rule(need=st.booleans())
    def still_need(self, need: bool) -> None:
        self.do("still_need", lambda c: caller.still_need(c, ANA, self.w.now, need=need))

    @rule(only=st.sets(st.sampled_from(NAMES[:8])), too=st.booleans())
    def narrow(self, only: set[str], too: bool) -> None:
        audience = frozenset(MemberId(n) for n in only)
        self.do("narrow", lambda c: caller.narrow(c, ANA, audience, volunteers_too=too))

    @rule(name=names)
    def refuse(self, name: str) -> None:
        self.do("refuse", lambda c: caller.refuse_helper(c, ANA, MemberId(name), self.w.now))

    @rule()
    def step_away(self) -> None:
        self.do("step_away", lambda c: caller.step_away(c, ANA))

    @rule()
    def lost(self) -> None:
        self.do("lost", lambda c: caller.caller_lost(c, self.w.now))

    @rule()
    def back(self) -> None:
        self.do("back", lambda c: caller.caller_back(c, self.w.now))

    # ---- either side, and volunteers

    @rule(name=helpers_names)
    def want_on_call(self, name: str) -> None:
        self.do("want", lambda c: either.want_on_call(c, MemberId(name), self.w.now))

    @rule(name=helpers_names)
    def danger(self, name: str) -> None:
        self.do("danger", lambda c: either.danger_now(c, MemberId(name), self.w.now, POLICY))

    @rule(name=names)
    def close_as_volunteer(self, name: str) -> None:
        self.do(
            "close_as_volunteer",
            lambda c: on_call.close_as_volunteer(c, MemberId(name), self.w.now, "no_answer", POLICY),
        )

    @rule()
    def reopen(self) -> None:
        self.do("reopen", lambda c: on_call.reopen(c, self.w.now, POLICY))

    # ---- the world

    @rule(name=names)
    def a_block_appears(self, name: str) -> None:
        self.w.act = "block"
        self.w.block_between(name, "Ana")

    @rule(one=names, other=names)
    def a_block_between_two(self, one: str, other: str) -> None:
        if one != other:
            self.w.act = "block"
            self.w.block_between(one, other)

    @rule(name=names)
    def a_block_is_lifted(self, name: str) -> None:
        if name in self.w.people:
            self.w.act = "unblock"
            self.w.comes_to_the_server(replace(self.w.people[name], blocks=frozenset()))

    @rule(name=names)
    def goes_off_shift_or_is_removed(self, name: str) -> None:
        if name in self.w.people:
            self.w.act = "removed"
            self.w.is_removed(name)

    @rule(name=names, busy=st.booleans(), reach=st.sampled_from(Reach), is_open=st.booleans())
    def changes(self, name: str, busy: bool, reach: Reach, is_open: bool) -> None:
        candidate = next(c for c in EVERYONE if c.name == name)
        blocks = self.blocks(name)
        self.w.act = "changes"
        self.w.comes_to_the_server(replace(candidate, busy=busy, reach=reach, open_to_calls=is_open, blocks=blocks))

    @rule(name=names)
    def is_there_and_free(self, name: str) -> None:
        candidate = next(c for c in EVERYONE if c.name == name)
        self.w.act = "changes"
        self.w.comes_to_the_server(replace(candidate, blocks=self.blocks(name)))

    @rule()
    def a_new_face(self) -> None:
        if len(self.w.people) < 14:
            self.w.act = "changes"
            self.w.comes_to_the_server(person(f"newcomer {len(self.w.people)}"))

    @rule(ms=moments)
    def time_passes(self, ms: int) -> None:
        """Timers on time: at most a day of them, for a call may ring every ten minutes for ever."""
        self.w.act = "time"
        self.w.at(self.w.seconds + min(ms, 24 * 3_600_000) / 1000)

    @rule()
    def until_the_next_deadline(self) -> None:
        due = next_deadline(self.w.call, POLICY)
        if due is not None:
            self.w.act = "time"
            self.w.at((due - self.w.call.raised_at) / 1000)

    @rule(ms=moments)
    def the_server_stops(self, ms: int) -> None:
        self.w.act = "restart"
        self.w.stopped_until(self.w.seconds + ms / 1000)

    @rule(ms=moments)
    def a_timer_is_late(self, ms: int) -> None:
        self.w.act = "time"
        self.w.now += ms
        self.w.look()

    # ---- what must hold

    @property
    def ready(self) -> bool:
        return hasattr(self.w, "call")

    @precondition(lambda self: self.ready)
    @invariant()
    def a_call_that_lives_has_a_next_deadline_and_it_is_to_come(self) -> None:
        due = next_deadline(self.w.call, POLICY)
        if isinstance(self.w.call.end, Closed):
            assert due is None
        else:
            assert due is not None
            assert due > self.w.now

    @precondition(lambda self: self.ready)
    @invariant()
    def at_most_three_peers_are_here_and_three_more_pledge(self) -> None:
        assert len(peers(here(self.w.call))) <= 3
        assert len(peers(pledges(self.w.call))) <= 3

    @precondition(lambda self: self.ready)
    @invariant()
    def nobody_outside_is_asked_or_reads(self) -> None:
        call = self.w.call
        for member, recipient in call.recipients.items():
            candidate = self.w.people.get(recipient.name)
            if is_outside(call, candidate) and not isinstance(call.end, Closed):
                assert not is_asking(call, recipient)
                assert not may_read_room(call, member)
            if candidate is not None and not isinstance(call.end, Closed):
                helping = {r.member for r in call.recipients.values() if isinstance(r.answer, Coming | InRoom | Here)}
                assert member not in helping or not candidate.blocks & helping, "two helpers with a block"

    @precondition(lambda self: self.ready)
    @invariant()
    def the_fail_safe_is_never_late(self) -> None:
        call = self.w.call
        wait = POLICY.backup_after_ms if call.attempt == 1 else POLICY.backup_after_again_ms
        if call.end is None and not here(call) and self.w.now >= call.waiting_since + wait:
            assert Ring.BACKUP in {r.ring for r in call.rings}
            assert call.failsafe_at is not None

    @precondition(lambda self: self.ready)
    @invariant()
    def standing_is_what_uc0_says(self) -> None:
        call = self.w.call
        answers = [r.answer for r in call.recipients.values()]
        if call.end is not None:
            expected = type(call.end).__name__.lower()
        elif any(isinstance(a, Here) for a in answers):
            expected = "held"
        else:
            expected = "coming" if any(isinstance(a, Coming | InRoom) for a in answers) else "open"
        assert standing(call).value == expected
        if call.end is None:
            assert (call.held_since is not None) == (expected == "held")

    @precondition(lambda self: self.ready)
    @invariant()
    def nobody_is_said_to_come_or_be_there_longer_than_is_true(self) -> None:
        call, now = self.w.call, self.w.now
        if isinstance(call.end, Cancelled | Closed):
            return
        for recipient in call.recipients.values():
            match recipient.answer:
                case Coming(at=at, until=until):
                    assert now < until <= at + POLICY.pledge_ms
                case InRoom(until=until, gone_since=gone):
                    assert until is None or now < until
                    assert gone is None or now < gone + POLICY.gone_is_left_after_ms
                case Here(gone_since=gone):
                    assert gone is None or now < gone + POLICY.gone_is_left_after_ms
                case _:
                    pass

    @precondition(lambda self: self.ready)
    @invariant()
    def quiet_cards_are_quiet(self) -> None:
        if self.w.call.quiet_cards:
            assert all(r.sound_at is None for r in peers(self.w.call.recipients.values()))

    @precondition(lambda self: self.ready)
    @invariant()
    def a_call_survives_the_store(self) -> None:
        assert decode_call(encode_call(self.w.call)) == self.w.call


TestCall = Machine.TestCase
TestCall.settings = settings(PROFILE, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
