"""The witnessed action on the real handlers and the real SQLite: anything, by anyone, in any order, with time,
restarts, blocks and removals in between.

After every step: a planned or running action has a deadline row and only one runs a member; nobody who is blocked, out
of the group, an observer or outside the audience is sent a card, may watch, or has a key; whoever reported it gets no
step; no page gets an older view after a newer one; whoever attested was present at the declared moment, by a model of
its own; and every record is a whole chain. `HYPOTHESIS_PROFILE=long` looks longer.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from presence.ids import AccountId, ActionId
from rooms.group import Membership, Role, State
from rooms.record import Entry, is_chain
from rooms.refusals import Refused
from rooms.witness import Action, Attesting, Ended, Proposed, is_over, is_running, joined
from server.handlers import presence
from server.handlers.dispatch import handle
from server.ids import new_id
from server.ports import Tx
from server.store.migrate import upgrade
from server.store.sqlite import SqliteStore
from server.wire import frames as f
from server.wire import witness as w
from tests.fakes import MovableClock
from tests.server.test_call_machine_sqlite import EVERYONE, GROUP, Node, account_of, member_of, people_move_in

T = TypeVar("T")
SECOND = 1_000
PRESENT_FOR = 10 * SECOND
WITNESSES = ("Bea", "Cal", "Dov")
PEOPLE = ("Ana", *WITNESSES, "Eva", "Mod")
STEPS_OF_TIME = (1, 4, 9, 10, 11, 60, 119, 120, 121, 600, 1799, 1800)
MEDIA = ("video", "stills", "photo", "text")
PUBLIC_KEY = "A" * 87
STEP = "what was told in a step"

declarers = st.sampled_from(("Ana", "Ana", "Ana", "Eva"))
watchers = st.sampled_from(WITNESSES)
people = st.sampled_from(PEOPLE)
anyone = st.sampled_from((*PEOPLE, "Vic"))
which = st.integers(0, 2)


class ActionMachine(RuleBasedStateMachine):
    template: Path
    steps = 0
    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(dir=self.template.parent))
        self.clock = MovableClock()
        self.node: Node
        self.actions: list[ActionId] = []
        self.seen: dict[str, int] = {}
        self.versions: dict[tuple[str, str], int] = {}
        self.got_at: dict[tuple[ActionId, str], int] = {}
        """When something last reached a visible page of a witness, by this test's own book."""
        self.could_attest: dict[ActionId, set[str]] = {}

    def teardown(self) -> None:
        if hasattr(self, "node"):
            self.run(self.node.end())
        self.runner.close()
        shutil.rmtree(self.folder)

    # ---- means

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def read(self, work: Any) -> Any:
        return self.run(self.node.store.read(work))

    def do(self, name: str, command: f.Command) -> f.Event | None:
        async def work() -> f.Event | None:
            who = self.node.who.get(name)
            if who is None:
                return None
            try:
                return await handle(self.node.services, who, command)
            except Refused:
                return None
            finally:
                await self.node.quiet()

        ActionMachine.steps += 1
        return self.run(work())

    def id_of(self, number: int) -> ActionId:
        return self.actions[-1 - number % len(self.actions)] if self.actions else ActionId("no-action-ever-was")

    def is_shown(self, name: str) -> bool:
        who = self.node.who.get(name)
        seat = None if who is None else self.node.services.roster.seat(who.connection)
        return seat is not None and seat.visible

    # ---- a life

    @initialize(there=st.sets(watchers), stage=st.sampled_from(("", "live", "attesting", "turned")))
    def open_the_doors(self, there: set[str], stage: str) -> None:
        shutil.copy(self.template, self.folder / "beside.db")
        self.node = self._start()
        self.declare("Ana", None, None)
        for name in sorted(there):
            self.join(name, 0)
            self.look(name, 0, looking=True)
            self.got(name, 0, "video")
        if stage:
            self.member_says("Ana", 0, "go_live")
            for name in sorted(there):
                self.got(name, 0, "video")
        if stage == "turned":
            self.member_says("Ana", 0, "turn")
        if stage == "attesting":
            self.it_is_done_and_they_say_what_they_saw(0, {"Bea", "Cal"}, {"Bea"})

    def _start(self) -> Node:
        async def start() -> Node:
            node = Node(self.folder / "beside.db", self.clock)
            await presence.restart(node.services)
            for name in EVERYONE:
                await node.arrive(name)
            await node.quiet()
            return node

        self.seen, self.versions = {}, {}
        return self.run(start())

    @rule(away=st.sets(people, max_size=2))
    def restart(self, away: set[str]) -> None:
        """A stop without a word: whoever was present has ten seconds from here on."""
        self.run(self.node.end())
        for action in self.all_actions():
            for witness in action.witnesses.values():
                if witness.present_since is not None:
                    self.got_at[action.id, witness.name] = self.clock.now()
        self.node = self._start()
        for name in sorted(away):
            self.run(self.node.go(name))

    def all_actions(self) -> list[Action]:
        async def look() -> list[Action]:
            store = SqliteStore(self.folder / "beside.db")
            store.start()
            try:
                found = await store.read(lambda tx: [tx.actions.get(a) for a in self.actions])
            finally:
                store.close()
            return [a for a in found if a is not None]

        return self.run(look())

    @rule(seconds=st.sampled_from(STEPS_OF_TIME), looked=st.booleans())
    def time_passes(self, seconds: int, looked: bool) -> None:
        self.clock.advance(seconds * SECOND)
        if looked:
            self.look_at_the_clock()

    @rule()
    def look_at_the_clock(self) -> None:
        async def work() -> None:
            await self.node.timers.look()
            await self.node.timers.look_at_actions()
            await self.node.timers.chores()
            await self.node.quiet()

        self.run(work())

    @rule(name=anyone)
    def leave_the_page(self, name: str) -> None:
        self.run(self.node.go(name))
        self.run(self.node.quiet())

    @rule(name=anyone)
    def come_back(self, name: str) -> None:
        if name not in self.node.who:
            self.seen.pop(name, None)
            self.versions = {k: v for k, v in self.versions.items() if k[0] != name}
        self.run(self.node.arrive(name))
        self.run(self.node.quiet())

    @rule(name=people, visible=st.booleans())
    def show(self, name: str, visible: bool) -> None:
        self.do(name, f.Visible(k=new_id(), visible=visible))

    # ---- the member

    @rule(name=declarers, only=st.none() | st.sets(watchers), later=st.none() | st.sampled_from((1, 12)))
    def declare(self, name: str, only: set[str] | None, later: int | None) -> None:
        plan = None
        if later is not None:
            then = datetime.fromtimestamp(self.clock.now() / 1000, UTC) + timedelta(minutes=later)
            plan = w.Plan(local=f"{then:%Y-%m-%dT%H:%M}", zone="UTC")
        narrowed: list[str] | None = None if only is None else [member_of(p) for p in sorted(only)]
        command = w.DeclareAction(k=new_id(), group=GROUP, deed="delete", words="words", only=narrowed, plan=plan)
        reply = self.do(name, command)
        if isinstance(reply, f.Ok) and reply.action is not None:
            self.actions.append(ActionId(reply.action))

    @rule(
        name=declarers, number=which,
        what=st.sampled_from(("ask", "go_live", "go_live", "cut", "uncut", "step", "step", "stop", "turn")),
    )  # fmt: skip
    def member_says(self, name: str, number: int, what: str) -> None:
        action, k = self.id_of(number), new_id()
        commands: dict[str, f.Command] = {
            "ask": w.AskWitnesses(k=k, action=action),
            "go_live": w.GoLive(k=k, action=action, anyway=True),
            "cut": w.CutPicture(k=k, action=action, cut=True),
            "uncut": w.CutPicture(k=k, action=action, cut=False),
            "step": w.SayStep(k=k, action=action, text=STEP),
            "stop": w.StopAction(k=k, action=action),
            "turn": w.TurnIntoCall(k=k, action=action),
        }
        self.do(name, commands[what])

    @rule(name=declarers, number=which)
    def declare_done(self, name: str, number: int) -> None:
        """Whom the book has as present, by what reached their shown pages, may attest; nobody else."""
        action, now = self.id_of(number), self.clock.now()
        there = {
            watcher
            for watcher in PEOPLE
            if now - self.got_at.get((action, watcher), -PRESENT_FOR) < PRESENT_FOR
            and (watcher not in self.node.who or self.is_shown(watcher))
        }
        before = self.read(lambda tx: tx.actions.get(action))
        self.do(name, w.DeclareDone(k=new_id(), action=action))
        after = self.read(lambda tx: tx.actions.get(action))
        if before is not None and not isinstance(before.stage, Attesting | Ended) and after.version > before.version:
            self.could_attest[action] = there

    @rule(name=declarers, number=which, medium=st.sampled_from(MEDIA))
    def change_medium(self, name: str, number: int, medium: Any) -> None:
        self.do(name, w.SetMedium(k=new_id(), action=self.id_of(number), medium=medium, why="choice"))

    @rule(name=declarers, number=which, watcher=watchers)
    def send_away(self, name: str, number: int, watcher: str) -> None:
        self.do(name, w.RemoveWitness(k=new_id(), action=self.id_of(number), member=member_of(watcher)))

    # ---- witnesses

    @rule(name=people, number=which)
    def join(self, name: str, number: int) -> None:
        self.do(name, w.JoinAction(k=new_id(), action=self.id_of(number), key=PUBLIC_KEY))

    @rule(name=people, number=which, looking=st.booleans())
    def look(self, name: str, number: int, looking: bool) -> None:
        self.do(name, w.Look(k=new_id(), action=self.id_of(number), looking=looking))

    @rule(name=watchers, number=which, medium=st.sampled_from(MEDIA))
    def got(self, name: str, number: int, medium: Any) -> None:
        action = self.id_of(number)
        if self.is_shown(name):
            self.got_at[action, name] = self.clock.now()
        self.do(name, w.Got(action=action, medium=medium))

    @rule(name=people, number=which, what=st.sampled_from(("leave", "you", "saw", "not", "report", "turn", "media")))
    def witness_says(self, name: str, number: int, what: str) -> None:
        action, k = self.id_of(number), new_id()
        commands: dict[str, f.Command] = {
            "leave": w.LeaveAction(k=k, action=action),
            "you": w.WithYou(k=k, action=action),
            "saw": w.Attest(k=k, action=action, saw=True),
            "not": w.Attest(k=k, action=action, saw=False),
            "report": w.ReportAction(k=k, action=action, reason="unwanted"),
            "turn": w.TurnIntoCall(k=k, action=action),
            "media": w.OpenMedia(k=k, action=action),
        }
        self.do(name, commands[what])

    @rule(number=which, there=st.sets(watchers, min_size=1), seen=st.sets(watchers, max_size=2))
    def it_is_done_and_they_say_what_they_saw(self, number: int, there: set[str], seen: set[str]) -> None:
        """The short way to a record, from wherever it stands."""
        for name in sorted(there):
            self.join(name, number)
            self.got(name, number, "text")
        self.member_says("Ana", number, "go_live")
        for name in sorted(there):
            self.got(name, number, "text")
        self.declare_done("Ana", number)
        for name in sorted(seen):
            self.witness_says(name, number, "saw")

    # ---- around it

    @rule(name=st.sampled_from(("Mod", "Vic")), number=which)
    def end_for_safety(self, name: str, number: int) -> None:
        self.do(name, w.EndForSafety(k=new_id(), action=self.id_of(number)))

    @rule(one=st.sampled_from(("Ana", *WITNESSES)), other=st.sampled_from(("Ana", *WITNESSES)), on=st.booleans())
    def block(self, one: str, other: str, on: bool) -> None:
        member = member_of(other)
        self.do(one, f.BlockMember(k=new_id(), member=member) if on else f.UnblockMember(k=new_id(), member=member))

    @rule(name=watchers, number=which, by_member=st.booleans())
    def they_fall_out(self, name: str, number: int, by_member: bool) -> None:
        """A block in the middle of it."""
        self.join(name, number)
        self.nobody_is_told_what_is_not_theirs()  # what came before the block was theirs
        one, other = ("Ana", name) if by_member else (name, "Ana")
        self.block(one, other, on=True)

    @rule(name=st.sampled_from(("Ana", *WITNESSES)), role=st.sampled_from(("observer", "member", "member")))
    def change_role(self, name: str, role: Any) -> None:
        self.do("Mod", f.SetRole(k=new_id(), member=member_of(name), role=role))

    @rule(name=st.sampled_from(("Ana", *WITNESSES)), by_moderator=st.booleans())
    def out_of_the_group(self, name: str, by_moderator: bool) -> None:
        if by_moderator:
            self.do("Mod", f.RemoveMember(k=new_id(), member=member_of(name)))
        else:
            self.do(name, f.LeaveGroup(k=new_id(), group=GROUP))

    @rule(name=st.sampled_from(("Ana", *WITNESSES)))
    def let_in_again(self, name: str) -> None:
        made = self.do("Mod", f.MakeInvite(k=new_id(), group=GROUP))
        if isinstance(made, f.Ok) and made.invite is not None:
            self.do(name, f.UseInvite(k=new_id(), invite=made.invite, my_name=name, pledged=True))

    @rule(name=declarers, number=which)
    def export(self, name: str, number: int) -> None:
        self.do(name, w.ExportRecord(k=new_id(), action=self.id_of(number)))

    # ---- what must hold

    @invariant()
    def the_store_is_right(self) -> None:
        if not hasattr(self, "node"):
            return

        def look(tx: Tx) -> tuple[set[ActionId], list[tuple[Action | None, list[Entry]]]]:
            due = {action for action, _at in tx.actions.due(2**53, 1_000)}
            return due, [(tx.actions.get(a), tx.actions.entries(a)) for a in self.actions]

        due, found = self.read(look)
        running: Counter[AccountId] = Counter()
        for action, entries in found:
            assert action is not None, "an action that was answered ok is gone"
            ActionMachine.reached[type(action.stage).__name__] += 1
            assert (action.id in due) == (not isinstance(action.stage, Ended)), f"deadline of {action.stage}"
            running[action.account] += is_running(action)
            assert is_chain(action.id, entries, action.entries, action.head, self.node.services.recorder.encode)
            self._attested_were_there(action)
        assert max(running.values(), default=0) <= 1, "two run of one member"

    def _attested_were_there(self, action: Action) -> None:
        for witness in action.witnesses.values():
            if witness.attested is not None:
                ActionMachine.reached["attested"] += 1
                there = self.could_attest.get(action.id, set())
                assert witness.name in there, f"{witness.name} attested, and was not there: {there}"

    @invariant()
    def rights_are_right(self) -> None:
        if not hasattr(self, "node"):
            return
        services = self.node.services
        actions, seats, blocks = self.read(self._who_may)
        for action in actions:
            stream = services.media._streams.get(action.id)  # type: ignore[attr-defined]
            for member in stream.rights.watchers if stream is not None else ():
                self._must_belong(action, member, seats, blocks, "may watch")
                assert action.witnesses[member].looking
                assert not action.witnesses[member].frozen
            for witness in joined(action) if not is_over(action) else ():
                self._must_belong(action, witness.member, seats, blocks, "is a witness")
            for device in services.keyring.devices(action.id).devices:
                self._must_belong(action, device.person.member, seats, blocks, "has a key")
                assert not action.witnesses[device.person.member].frozen
            for member in services.got.get(action.id, {}):
                assert action.witnesses[member].present_since is not None, "a lease of who is not present"

    def _who_may(self, tx: Tx) -> tuple[list[Action], dict[str, Membership], set[tuple[str, str]]]:
        found = [tx.actions.get(a) for a in self.actions]
        seats = {m.id: m for m in tx.groups.members(GROUP)}
        return [a for a in found if a is not None], seats, set(tx.care.all_blocks())  # type: ignore[return-value]

    @staticmethod
    def _must_belong(
        action: Action, member: str, seats: dict[str, Membership], blocks: set[tuple[str, str]], what: str
    ) -> None:
        seat = seats.get(member)
        assert seat is not None, f"{member} is not in the group, and {what}"
        assert seat.state is State.ACTIVE, f"{member} is not in the group any more, and {what}"
        assert seat.role is not Role.OBSERVER, f"{member} observes, and {what}"
        assert action.only is None or member in action.only, f"{member} is outside the audience, and {what}"
        pair = (seat.account, action.account)
        assert pair not in blocks, f"{member} blocked them, and {what}"
        assert pair[::-1] not in blocks, f"{member} is blocked, and {what}"
        assert not isinstance(action.stage, Proposed)

    @invariant()
    def nobody_is_told_what_is_not_theirs(self) -> None:
        """By what is committed now: the frames that came since the last look."""
        if not hasattr(self, "node"):
            return
        actions, seats, blocks = self.read(self._who_may)
        by_id = {a.id: a for a in actions}
        for name, line in self.node.lines.items():
            new = line.got[self.seen.get(name, 0) :]
            self.seen[name] = len(line.got)
            for frame in new:
                if frame["t"] in ("action_card", "my_action"):
                    self._is_newer(name, frame)
                if frame["t"] == "my_action":
                    assert by_id[frame["action"]].account == account_of(name)
                if frame["t"] == "action_card":
                    self._must_belong(by_id[frame["action"]], frame["me"], seats, blocks, f"was sent {frame}")
                    assert frame["joined"] or not (frame["steps"] or frame["witnesses"])
                    assert not (frame["frozen"] and frame["steps"]), "who reported it got a step"

    def _is_newer(self, name: str, frame: dict[str, Any]) -> None:
        before = self.versions.get((name, frame["action"]), 0)
        assert frame["version"] >= before, f"{name} had version {before}, and was sent {frame}"
        self.versions[name, frame["action"]] = frame["version"]


LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


@pytest.mark.slow
def test_anything_in_any_order_of_an_action_on_the_real_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.gateway.announcer.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.presence.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.announcer.ACTIONS_SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.announcer.REFRESH_LEASES_SECONDS", 0)
    ActionMachine.template = tmp_path / "template.db"
    ActionMachine.steps = 0
    ActionMachine.reached.clear()
    upgrade(ActionMachine.template)
    store = SqliteStore(ActionMachine.template)
    store.start()
    asyncio.run(store.write(people_move_in))
    store.close()
    run_state_machine_as_test(
        ActionMachine,
        settings=settings(
            max_examples=300 if LONG else 20,
            stateful_step_count=100 if LONG else 40,
            deadline=None,
            derandomize=not LONG,  # every run walks the same lives; new ones are looked for on purpose, with LONG
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    print(f"{ActionMachine.steps} commands; stages seen {dict(ActionMachine.reached)}")
    assert {"Gathering", "Live", "Attesting", "Turned", "Ended", "attested"} <= ActionMachine.reached.keys()
