"""Anything, in any order, at any time: what must hold of a witnessed action after every step.

Hypothesis plays the member, witnesses, their pages, blocks, reports, timers and restarts against the core, and keeps
its own account of who was there. `HYPOTHESIS_PROFILE=long` looks longer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from presence.ids import CallId, Instant, MemberId
from rooms import record
from rooms import witness_commands as do
from rooms.record import Entry
from rooms.refusals import Refused
from rooms.witness import (
    Action,
    Attesting,
    Deed,
    Ended,
    Ending,
    Live,
    Medium,
    MediumWhy,
    Proposed,
    Turned,
    WitnessTimes,
    advance,
    is_for,
    joined,
    may_attest,
    may_watch,
    next_deadline,
    present,
    streams,
)
from server.store.values import decode_value, encode_value
from tests.rooms.witness_world import ANA, SERVER, START, World, account_of, encode, said

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
PROFILE = settings(max_examples=5_000 if LONG else 300, stateful_step_count=100 if LONG else 50)
TIMES = WitnessTimes(witnesses_at_most=4, steps_at_most=3)
NAMES = ["Ben", "Cleo", "Dana", "Emil", "Finn", "Gwen"]
AUDIENCE = frozenset(MemberId(name) for name in [*NAMES[:5], ANA])
names = st.sampled_from(NAMES)
media = st.sampled_from(Medium)
rarely = st.sampled_from([False, False, False, False, True])
"""What ends an action: most walks should get further."""
moments = st.one_of(
    st.integers(0, 9_000),
    st.sampled_from([9_999, 10_000, 11_000, 119_999, 120_000]),
    rarely.flatmap(lambda far: st.sampled_from([1_799_999, 1_800_000, 3_600_000] if far else [0, 1])),
)


@dataclass
class Known:
    """What is known of one person, said again apart from the core."""

    joined: bool = False
    looking: bool = False
    barred: bool = False
    reported: bool = False
    got: Instant = -(10**15)
    pictured: bool = False
    """A picture can have reached them since they were there again."""


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.w: World = World.__new__(World)
        self.known = {name: Known() for name in NAMES}
        self.at_the_moment: dict[str, bool] = {}
        """Who was present when it was declared done, and whether a picture can have reached them by then."""
        self.sealed: tuple[list[Entry], str] | None = None

    @initialize(
        deed=st.sampled_from(Deed),
        medium=media,
        wanted=st.integers(1, 3),
        only=st.sampled_from([None, AUDIENCE]),
        planned_ms=st.sampled_from([None, None, None, 1, 60_000, 600_000, 3_600_000]),
        written=st.sampled_from([0, 0, 0, 295]),
        far=st.sampled_from(["", "live", "live", "live", "done", "done", "turned"]),
    )
    def declare(
        self, deed: Deed, medium: Medium, wanted: int, only: frozenset[MemberId] | None, planned_ms: int | None,
        written: int, far: str,
    ) -> None:  # fmt: skip
        plan = None if planned_ms is None else Proposed(START + planned_ms, "2027-01-15T10:00", "UTC")
        self.w = World(said(deed.value, medium, wanted, only=only), plan)
        self.w.times = TIMES
        for _ in range(written):  # a record that is nearly full
            head = self.w.entries[-1].hash
            self.w.entries.append(record.next_entry(head, len(self.w.entries) + 1, START, "cut", {}, encode))
            self.w.action = replace(self.w.action, entries=len(self.w.entries), head=self.w.entries[-1].hash)
        if far:
            self.it_goes_well()
        if far == "done":
            self.declare_done()
        if far == "turned":
            self.turn(by=1)

    def do(self, act: Callable[[Action], Action]) -> bool:
        """Somebody acts, after what is due was done; a refusal changes nothing. Whether it was allowed."""
        self.w.look()
        try:
            after = act(self.w.action)
        except Refused:
            return False
        self.w._then(after)
        return True

    def is_there(self, name: str) -> bool:
        known = self.known[name]
        return known.joined and not known.reported and self.w.now - known.got < TIMES.present_for_ms

    # ---- the member

    @rule()
    def ask_now(self) -> None:
        self.do(lambda a: do.ask_now(a, self.w.now))

    @rule(anyway=st.booleans())
    def go_live(self, anyway: bool) -> None:
        self.w.look()
        was, there = self.w.stage, sum(self.is_there(name) for name in NAMES)
        if self.do(lambda a: do.go_live(a, self.w.now, anyway=anyway)) and was == "Gathering":
            assert anyway or there >= self.w.action.wanted

    @rule(medium=media, why=st.sampled_from(["line", "choice", "camera", "device"]))
    def set_medium(self, medium: Medium, why: MediumWhy) -> None:
        self.do(lambda a: do.set_medium(a, medium, why, self.w.now))

    @rule(cut=st.booleans())
    def set_cut(self, cut: bool) -> None:
        self.do(lambda a: do.set_cut(a, self.w.now, cut=cut))

    @rule()
    def say_step(self) -> None:
        self.do(lambda a: do.say_step(a, "a step", self.w.now, TIMES))

    @rule()
    def declare_done(self) -> None:
        self.w.look()
        was, there = self.w.stage, {name: self.known[name].pictured for name in NAMES if self.is_there(name)}
        if self.do(lambda a: do.declare_done(a, self.w.now, TIMES)) and was == "Live":
            self.at_the_moment = there
            assert isinstance(self.w.action.stage, Attesting if there else Ended)

    @rule()
    def it_goes_well(self) -> None:
        """The straight road, so that its end is often reached."""
        self.ask_now()
        for name in NAMES[:3]:
            self.joins(name)
            self.looks(name, looking=True)
            self.gets(name, medium=Medium.VIDEO)
        self.go_live(anyway=True)
        for name in NAMES[:3]:
            self.gets(name, medium=Medium.VIDEO)

    @rule(sure=rarely)
    def stop(self, sure: bool) -> None:
        if sure:
            self.do(lambda a: do.stop(a, self.w.now))

    @rule(name=names)
    def is_removed_or_blocked(self, name: str) -> None:
        was_witness = MemberId(name) in self.w.action.witnesses
        self.do(lambda a: do.remove_witness(a, MemberId(name), self.w.now))
        if was_witness:
            self.known[name] = Known(barred=True)

    @rule(back=st.booleans())
    def the_line_of_the_member(self, back: bool) -> None:
        self.do(lambda a: (do.member_back if back else do.member_lost)(a, self.w.now))

    # ---- witnesses

    @rule(name=names)
    def joins(self, name: str) -> None:
        if self.do(lambda a: do.join(a, MemberId(name), account_of(name), name, self.w.now, TIMES)):
            known = self.known[name]
            assert not known.barred, "someone who was removed came back"
            assert is_for(self.w.action, MemberId(name))
            if not known.joined:
                self.known[name] = Known(joined=True, reported=known.reported)

    @rule(name=names)
    def leaves(self, name: str) -> None:
        if not isinstance(self.w.action.stage, Ended):
            self.do(lambda a: do.leave(a, MemberId(name), self.w.now))
            self.known[name] = replace(self.known[name], joined=False, looking=False, got=-(10**15))

    @rule(name=names, looking=st.booleans())
    def looks(self, name: str, looking: bool) -> None:
        if self.do(lambda a: do.look(a, MemberId(name), looking=looking)):
            assert self.known[name].joined
            self.known[name].looking = looking

    @rule(name=names, medium=media)
    def gets(self, name: str, medium: Medium) -> None:
        self.w.look()
        known, action = self.known[name], self.w.action
        there = self.is_there(name)
        self.w.got_at[MemberId(name)] = self.w.now
        self.do(lambda a: do.got(a, MemberId(name), medium, self.w.now))
        if self.w.stage in ("Gathering", "Live", "Turned") and known.joined and not known.reported:
            known.got = self.w.now
            may = known.looking and streams(action) and medium is not Medium.TEXT and action.medium is not Medium.TEXT
            known.pictured = may or (there and known.pictured)

    @rule(name=names)
    def with_you(self, name: str) -> None:
        self.do(lambda a: do.with_you(a, MemberId(name), self.w.now))

    @rule(name=names, saw=st.booleans())
    def attests(self, name: str, saw: bool) -> None:
        self.do(lambda a: do.attest(a, MemberId(name), self.w.now, saw=saw))

    @rule()
    def all_attest(self) -> None:
        for name in NAMES:
            self.attests(name, saw=True)

    @rule(name=names)
    def reports(self, name: str) -> None:
        if self.do(lambda a: do.freeze(a, MemberId(name), self.w.now)):
            self.known[name].reported = True

    # ---- either side, on-call, time

    @rule(by=st.sampled_from([None, 1, 2]), sure=rarely)
    def may_turn(self, by: int | None, sure: bool) -> None:
        if sure:
            self.turn(by)

    def turn(self, by: int | None) -> None:
        self.do(lambda a: do.turn_into_call(a, CallId("call 1"), by, self.w.now))

    @rule(sure=rarely)
    def for_safety(self, sure: bool) -> None:
        if sure:
            self.do(lambda a: do.end_for_safety(a, self.w.now))

    @rule(ms=moments)
    def time_passes(self, ms: int) -> None:
        self.w.at(self.w.seconds + ms / 1000)

    @rule(ms=moments)
    def a_timer_is_late(self, ms: int) -> None:
        self.w.now += ms
        self.w.look()

    @rule(ms=moments)
    def the_server_stops(self, ms: int) -> None:
        """Leases are gone with it: whoever was present has ten seconds from readiness to say so again (UC19)."""
        self.w.now += ms
        for witness in present(self.w.action):
            self.w.got_at[witness.member] = self.w.now
            self.known[witness.name].got = self.w.now
        self.w.look()
        self.do(lambda a: do.member_lost(a, self.w.now))

    # ---- what must hold

    @property
    def ready(self) -> bool:
        return hasattr(self.w, "action")

    @invariant()
    def it_is_over_or_has_a_deadline_that_is_to_come(self) -> None:
        if not self.ready:
            return
        due = next_deadline(self.w.action, TIMES)
        if isinstance(self.w.action.stage, Ended):
            assert due is None
        else:
            assert due is not None
            assert due > self.w.now
        assert advance(self.w.action, self.w.now, TIMES) == self.w.action, "not idempotent"

    @invariant()
    def no_more_witnesses_than_allowed_each_with_a_number_of_their_own(self) -> None:
        if not self.ready:
            return
        witnesses = list(self.w.action.witnesses.values())
        assert len(witnesses) <= TIMES.witnesses_at_most
        assert [w.number for w in witnesses] == list(range(1, len(witnesses) + 1))
        assert {w.name for w in joined(self.w.action)} == {n for n in NAMES if self.known[n].joined}

    @invariant()
    def nobody_watches_who_may_not(self) -> None:
        if not self.ready:
            return
        for name, known in self.known.items():
            if may_watch(self.w.action, MemberId(name)):
                assert known.joined
                assert known.looking
                assert not known.barred
                assert not known.reported
                assert isinstance(self.w.action.stage, Live | Attesting | Turned)
        assert not may_watch(self.w.action, ANA)

    @invariant()
    def only_who_was_there_attests_and_only_what_can_have_reached_them(self) -> None:
        if not self.ready:
            return
        for name, known in self.known.items():
            witness = self.w.action.witnesses.get(MemberId(name))
            if may_attest(self.w.action, MemberId(name)):
                assert name in self.at_the_moment
                assert not known.barred
            if witness is not None and witness.attested is not None:
                assert name in self.at_the_moment
                word = witness.attested
                assert word.since <= word.until <= word.at
                assert word.saw == (word.perceived is not None)
                assert self.at_the_moment[name] or word.perceived in (None, Medium.TEXT)

    @invariant()
    def who_is_present_is_who_was_there(self) -> None:
        if self.ready and not isinstance(self.w.action.stage, Ended | Attesting):
            self.w.look()
            assert {w.name for w in present(self.w.action)} == {n for n in NAMES if self.is_there(n)}

    @invariant()
    def the_record_ends_with_the_end_and_is_sealed_once(self) -> None:
        if not self.ready:
            return
        w = self.w
        assert (w.action.entries, w.action.head) == (len(w.entries), w.entries[-1].hash)
        assert w.action.news == ()
        assert [e.at for e in w.entries] == sorted(e.at for e in w.entries)
        stage = w.action.stage
        if not isinstance(stage, Ended):
            assert self.sealed is None, "it came back"
            return
        now = (w.entries[:], SERVER.file(w.action.id, w.entries, stage.at))
        if self.sealed is None:
            self.sealed = now
            assert w.entries[-1].what == stage.how.value
            saw = [e for e in w.entries if e.what == "attested" and e.more["saw"]]
            assert (stage.how is Ending.COMPLETED) <= bool(saw)
        assert self.sealed == now, "another seal than the first"

    @invariant()
    def an_action_survives_the_store(self) -> None:
        if self.ready:
            assert decode_value(Action, encode_value(self.w.action)) == self.w.action

    def teardown(self) -> None:
        if self.ready:
            text = SERVER.file(self.w.action.id, self.w.entries, self.w.now)
            assert record.check_text(text, SERVER.fingerprint, encode, SERVER.verify) is None
            whole = (len(self.w.entries), self.w.entries[-1].hash)
            assert record.is_chain(self.w.action.id, self.w.entries, *whole, encode)


TestAction = Machine.TestCase
TestAction.settings = settings(PROFILE, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
