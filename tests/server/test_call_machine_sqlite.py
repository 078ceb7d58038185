"""The call on the real handlers and the real SQLite: anything, by anyone, in any order, with time passing and restarts.

The core has a machine of its own (`tests/rooms/test_call_machine.py`). This one is about what the edges add: the
store's rows, deadlines, blocks, memberships, presence, and which frames reach which socket. After every step: a live
call has a deadline row; no fourth peer is here; one call runs a member; an `ok` to a press is a running call in the
store; a closed call stays closed; nobody blocked, removed or outside the audience is sent a card that asks, nor words;
and a call room is watched only by those who may read it. `HYPOTHESIS_PROFILE=long` looks longer.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from presence.availability import Open, Quiet
from presence.ids import AccountId, CallId, ConnectionId, DeviceId, GroupId, MemberId, RoomId
from presence.roster import Roster
from rooms.call import Call, Closed, here, is_running, may_read_room, peers, standing
from rooms.group import Group, Membership, Role, State
from rooms.policy import Policy
from rooms.refusals import Refused
from server.gateway.announcer import Announcer
from server.gateway.connection import framed
from server.gateway.hub import Hub
from server.handlers import presence
from server.handlers.calls import member_in_call
from server.handlers.dispatch import handle
from server.handlers.services import Services
from server.ids import new_id, new_secret
from server.media.keyring import LocalKeyring
from server.media.relay import Relay
from server.ports import Tx
from server.record_key import RecordKey
from server.records import Account
from server.settings import Settings
from server.store.migrate import upgrade
from server.store.sqlite import SqliteDatabase, SqliteStore
from server.timers import Timers
from server.who import Who
from server.wire import frames as f
from server.wire.codes import CloseCode
from tests.fakes import MovableClock

T = TypeVar("T")
GROUP, ROOM = GroupId("group-of-the-call"[:16]), RoomId("room-of-the-group"[:16])
PEERS = ("Bea", "Cal", "Dov", "Eva", "Fin")
MEMBERS = ("Ana", *PEERS, "Mod")
STAFF = ("Vic", "Val")
EVERYONE = (*MEMBERS, *STAFF)
PEERS_HERE_AT_MOST_UC6 = 3
WORDS = "the words of a call"
SECOND = 1_000
STEPS_OF_TIME = (1, 8, 15, 30, 45, 61, 90, 120, 121, 180, 300, 20 * 60, 61 * 60)
ASKING = ("asked", "lapsed", "withdrawn")

callers = st.sampled_from(("Ana", "Ana", "Ana", "Bea"))
responders = st.sampled_from((*PEERS, *STAFF))
members = st.sampled_from(MEMBERS)
anyone = st.sampled_from(EVERYONE)


def account_of(name: str) -> AccountId:
    return AccountId(f"account-of---{name}")


def member_of(name: str) -> MemberId:
    return MemberId(f"member--of---{name}")


class FakeLine:
    """A socket that remembers."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []

    def put(self, data: bytes, *, urgent: bool, room: str | None) -> None:
        self.got.append(msgspec.msgpack.decode(data))

    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None:
        raise AssertionError(f"closed with {code.name}")


@dataclass
class Node:
    """One life of the server, from a start to the next."""

    path: Path
    clock: MovableClock
    lines: dict[str, FakeLine] = field(default_factory=dict)
    who: dict[str, Who] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = SqliteStore(self.path)
        self.hub = Hub()
        self.announcer = Announcer(self.hub, self.store, _nothing)
        times = Settings().lease_times
        self.services = Services(
            store=self.store,
            changes=self.announcer,
            out=self.hub,
            roster=Roster(times),
            clock=self.clock,
            policy=Policy(),
            times=times,
            new_id=new_id,
            new_secret=new_secret,
            seat_id=lambda account, _group: MemberId(f"seat{account[4:]}"),
            recorder=RecordKey.load_or_make(self.path.with_suffix(".pem")),
            media=Relay(self.clock, framed),
            keyring=LocalKeyring(new_id),
        )
        self.announcer.bind(self.services)
        database = self.store._writer._database
        assert isinstance(database, SqliteDatabase)
        raw = database._engine.raw_connection()
        raw.cursor().execute("PRAGMA synchronous=OFF")  # nothing is killed here, and a disk is slow
        raw.close()
        self.timers = Timers(self.services, _nothing_due, lambda: None)
        self.store.start()

    async def arrive(self, name: str) -> None:
        if name not in self.who:
            page = "oncall" if name in STAFF else "client"
            who = Who(account_of(name), DeviceId(f"device-of----{name}"), ConnectionId(new_id()), page)
            self.who[name], self.lines[name] = who, FakeLine()
            self.hub.add(who, self.lines[name])
            self.services.roster.join(
                who.connection, who.account, who.device, visible=True, urgent=True, now=self.clock.now()
            )
            await presence.arrived(self.services, who)

    async def go(self, name: str) -> None:
        if (who := self.who.pop(name, None)) is not None:
            self.hub.remove(who.connection)
            await presence.went(self.services, who, self.services.roster.leave(who.connection))

    async def quiet(self) -> None:
        # The announcer has no event for "nothing is left to tell": only a test wants to know.
        while not self.announcer.idle:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def end(self) -> None:
        await self.quiet()
        await self.announcer.close()
        self.store.close()


async def _nothing(_device: DeviceId) -> None: ...


async def _nothing_due() -> None: ...


def people_move_in(tx: Tx) -> None:
    """Seven members, of whom the peers are open to calls, and two volunteers on shift."""
    group = Group(GROUP, ROOM, "Evenings", "", (), "", ())
    tx.groups.add(group, 1)
    for name in EVERYONE:
        staff = name in STAFF
        shift = "on" if staff else ""
        account = Account(account_of(name), name, "", name if staff else "", staff, False, shift, 1, False)
        tx.accounts.add(account, name.lower(), (), 1)
        tx.accounts.add_device(DeviceId(f"device-of----{name}"), account.id, f"token of {name}", 1)
    for name in MEMBERS:
        role = Role.MODERATOR if name == "Mod" else Role.MEMBER
        availability = Open() if name in PEERS else Quiet()
        membership = Membership(
            member_of(name), account_of(name), GROUP, name, role, State.ACTIVE, availability,
            introduced=True, rung_when_away=False, hidden=False, joined_at=1,
        )  # fmt: skip
        tx.groups.add_member(membership, name.lower())


class CallMachine(RuleBasedStateMachine):
    template: Path
    """A database with everyone in it, made once."""
    steps = 0
    reached: ClassVar[Counter[str]] = Counter()
    """How often a live call was seen in each standing: a machine that reaches little proves little."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(dir=self.template.parent))
        self.clock = MovableClock()
        self.node: Node
        self.calls: list[CallId] = []
        self.closed: set[CallId] = set()
        self.seen: dict[str, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "node"):
            self.run(self.node.end())
        self.runner.close()
        shutil.rmtree(self.folder)

    # ---- means

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def do(self, name: str, command: f.Command) -> f.Event | None:
        """A command of someone who has a page; a refusal is an answer like any other."""

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

        CallMachine.steps += 1
        return self.run(work())

    def read(self, work: Any) -> Any:
        return self.run(self.node.store.read(work))

    def which(self, number: int) -> str:
        return self.calls[-1 - number % len(self.calls)] if self.calls else "no-call-was-ever"

    def call_of(self, number: int) -> Call | None:
        found: Call | None = self.read(lambda tx: tx.calls.get(CallId(self.which(number))))
        return found

    @staticmethod
    def caller_of(call: Call) -> str:
        return next(name for name in MEMBERS if account_of(name) == call.caller_account)

    # ---- a life

    @initialize(names=st.permutations(PEERS), first=st.integers(0, 2), all_in_all=st.sampled_from((0, 0, 1, 4, 5)))
    def open_the_doors(self, names: list[str], first: int, all_in_all: int) -> None:
        """Ana has pressed; in some lives people have come by the time that anything may happen."""
        shutil.copy(self.template, self.folder / "beside.db")
        self.node = self._start()
        self.press("Ana", None, volunteers=True)
        self.they_enter_and_everyone_writes(0, names, first, all_in_all)

    def _start(self) -> Node:
        async def start() -> Node:
            node = Node(self.folder / "beside.db", self.clock)
            await presence.restart(node.services)
            for name in EVERYONE:
                await node.arrive(name)
                await handle(node.services, node.who[name], f.Visible(k=new_id(), visible=True))
            await node.quiet()
            return node

        self.seen = {}
        return self.run(start())

    @rule(away=st.sets(anyone, max_size=4))
    def restart(self, away: set[str]) -> None:
        """A stop without a word, and a start; some are not back yet."""
        self.run(self.node.end())
        self.node = self._start()
        for name in sorted(away):
            self.run(self.node.go(name))

    @rule(seconds=st.sampled_from(STEPS_OF_TIME))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds * SECOND)
        self.look()

    @rule(seconds=st.sampled_from(STEPS_OF_TIME))
    def time_passes_unseen(self, seconds: int) -> None:
        """The timers are a moment late."""
        self.clock.advance(seconds * SECOND)

    @rule()
    def look(self) -> None:
        async def work() -> None:
            while await self.node.timers.look():
                await self.node.quiet()

        self.run(work())

    @rule(name=anyone)
    def leave_the_page(self, name: str) -> None:
        self.run(self.node.go(name))
        self.run(self.node.quiet())

    @rule(name=anyone)
    def come_back(self, name: str) -> None:
        if name not in self.node.who:
            self.seen.pop(name, None)  # a new line
        self.run(self.node.arrive(name))
        self.run(self.node.quiet())

    # ---- the caller

    @rule(name=callers, only=st.none() | st.sets(st.sampled_from(PEERS)), volunteers=st.booleans())
    def press(self, name: str, only: set[str] | None, *, volunteers: bool) -> None:
        narrowed: list[str] | None = None if only is None else [member_of(p) for p in sorted(only)]
        command = f.RaiseCall(k=new_id(), group=GROUP, words=WORDS, only=narrowed, volunteers_too=volunteers)
        reply = self.do(name, command)
        if name in self.node.who:
            assert isinstance(reply, f.Ok), "nothing blocks a press"
            assert reply.call is not None
            call = self.read(lambda tx: tx.calls.get(CallId(reply.call)))
            assert call is not None, "an ok to a press that is not in the store"
            assert is_running(call), f"an ok to a press, and the call is {call.end}"
            if call.id not in self.calls:
                self.calls.append(call.id)

    @rule(name=callers, number=st.integers(0, 2), why=st.sampled_from(("ok", "mistake")))
    def cancel(self, name: str, number: int, why: Any) -> None:
        self.do(name, f.CancelCall(k=new_id(), call=self.which(number), why=why))

    @rule(name=callers, number=st.integers(0, 1), seconds=st.sampled_from((1, 59, 60, 61, 600)))
    def cancel_and_press_again(self, name: str, number: int, seconds: int) -> None:
        """Around the end of the undo, before the timers came by."""
        self.cancel(name, number, "mistake")
        self.time_passes_unseen(seconds)
        self.press(name, None, volunteers=True)

    @rule(name=callers, number=st.integers(0, 2))
    def undo(self, name: str, number: int) -> None:
        self.do(name, f.UndoCancel(k=new_id(), call=self.which(number)))

    @rule(name=callers, number=st.integers(0, 2), feeling=st.sampled_from(("better", "same", "more")))
    def close(self, name: str, number: int, feeling: Any) -> None:
        self.do(name, f.CloseCall(k=new_id(), call=self.which(number), feeling=feeling))

    @rule(name=callers, number=st.integers(0, 2), need=st.booleans())
    def still_need(self, name: str, number: int, need: bool) -> None:
        self.do(name, f.StillNeed(k=new_id(), call=self.which(number), need=need))

    @rule(name=callers, number=st.integers(0, 2), only=st.sets(st.sampled_from(PEERS)), volunteers=st.booleans())
    def narrow(self, name: str, number: int, only: set[str], volunteers: bool) -> None:
        narrowed: list[str] = [member_of(p) for p in sorted(only)]
        command = f.NarrowCall(k=new_id(), call=self.which(number), only=narrowed, volunteers_too=volunteers)
        self.do(name, command)

    @rule(name=callers, number=st.integers(0, 2), helper=responders)
    def refuse(self, name: str, number: int, helper: str) -> None:
        call = self.call_of(number)
        seats = [r.member for r in call.recipients.values() if r.account == account_of(helper)] if call else []
        for seat in seats[:1]:
            self.do(name, f.RefuseHelper(k=new_id(), call=self.which(number), member=seat))

    @rule(name=callers, number=st.integers(0, 2))
    def confirm_here(self, name: str, number: int) -> None:
        self.do(name, f.ConfirmHere(k=new_id(), call=self.which(number)))

    @rule(name=callers, number=st.integers(0, 2))
    def step_away(self, name: str, number: int) -> None:
        self.do(name, f.StepAway(k=new_id(), call=self.which(number)))

    @rule(name=anyone, number=st.integers(0, 2), danger=st.booleans())
    def bring_in_on_call(self, name: str, number: int, danger: bool) -> None:
        call = self.which(number)
        said = self.do(name, f.DangerNow(k=new_id(), call=call) if danger else f.FetchOnCall(k=new_id(), call=call))
        if danger and isinstance(said, f.Ok):
            self.closed.discard(CallId(call))  # UC17: danger opens a call again that lately ended

    # ---- responders

    @rule(name=responders, number=st.integers(0, 2), answer=st.sampled_from(("coming", "coming", "cant", "withdraw")))
    def answer(self, name: str, number: int, answer: Any) -> None:
        self.do(name, f.AnswerCall(k=new_id(), call=self.which(number), answer=answer))

    @rule(name=responders, number=st.integers(0, 2))
    def enter(self, name: str, number: int) -> None:
        self.do(name, f.EnterCall(k=new_id(), call=self.which(number)))

    @rule(number=st.integers(0, 1), names=st.permutations(PEERS), first=st.integers(0, 2), all_in_all=st.integers(1, 5))
    def they_enter_and_everyone_writes(self, number: int, names: list[str], first: int, all_in_all: int) -> None:
        """The short way to a held call, in two waves."""
        call = self.call_of(number)
        if call is None:
            return
        for wave in (names[:first], names[first:all_in_all]):
            for name in wave:
                self.enter(name, number)
            for name in (*wave, self.caller_of(call)):
                self.open_room(name, number)
                self.say(name, number)

    @rule(name=responders, number=st.integers(0, 2), well=st.booleans())
    def leave(self, name: str, number: int, well: bool) -> None:
        self.do(name, f.LeaveCall(k=new_id(), call=self.which(number), parted_well=well))

    @rule(name=responders, number=st.integers(0, 2), seen=st.booleans())
    def ack(self, name: str, number: int, seen: bool) -> None:
        call = self.which(number)
        self.do(name, f.CardSeen(k=new_id(), call=call) if seen else f.CardDelivered(k=new_id(), call=call))

    @rule(name=anyone, number=st.integers(0, 2))
    def open_room(self, name: str, number: int) -> None:
        if (call := self.call_of(number)) is not None:
            self.do(name, f.OpenRoom(k=new_id(), room=call.room))

    @rule(name=anyone, number=st.integers(0, 2))
    def say(self, name: str, number: int) -> None:
        if (call := self.call_of(number)) is not None:
            self.do(name, f.Say(k=new_id(), room=call.room, text="said in the call room"))

    @rule(number=st.integers(0, 1), well=st.booleans())
    def the_caller_goes_and_they_part(self, number: int, well: bool) -> None:
        """The short way to a parked call."""
        call = self.call_of(number)
        if call is not None and here(call):
            self.leave_the_page(self.caller_of(call))
            self.time_passes(121)
            for name in (*PEERS, *STAFF):
                self.leave(name, number, well)

    # ---- around the call

    @rule(one=members, other=anyone, on=st.booleans(), and_back=st.booleans())
    def block(self, one: str, other: str, on: bool, and_back: bool) -> None:
        member = member_of(other) if other in MEMBERS else f"seat{account_of(other)[4:]}"
        self.do(one, f.BlockMember(k=new_id(), member=member) if on else f.UnblockMember(k=new_id(), member=member))
        if and_back:
            self.reload(other)

    @rule(name=st.sampled_from((*PEERS, "Ana")), and_back=st.booleans())
    def remove(self, name: str, and_back: bool) -> None:
        self.do("Mod", f.RemoveMember(k=new_id(), member=member_of(name)))
        if and_back:
            self.reload(name)

    def reload(self, name: str) -> None:
        """A page that comes back gets every call that is its person's, at once."""
        self.leave_the_page(name)
        self.come_back(name)

    @rule(name=st.sampled_from((*PEERS, "Ana")))
    def let_in_again(self, name: str) -> None:
        made = self.do("Mod", f.MakeInvite(k=new_id(), group=GROUP))
        if isinstance(made, f.Ok) and made.invite is not None:
            self.do(name, f.UseInvite(k=new_id(), invite=made.invite, my_name=name, pledged=True))

    @rule(name=st.sampled_from(PEERS), state=st.sampled_from(("open", "open", "quiet")))
    def switch(self, name: str, state: Any) -> None:
        self.do(name, f.SetAvailability(k=new_id(), group=GROUP, state=state))

    @rule(name=st.sampled_from(STAFF), on=st.booleans(), backup=st.booleans())
    def shift(self, name: str, on: bool, backup: bool) -> None:
        self.do(name, f.SetShift(k=new_id(), on=on, backup=backup))

    @rule(name=st.sampled_from(STAFF), number=st.integers(0, 2))
    def close_as_volunteer(self, name: str, number: int) -> None:
        self.do(name, f.CloseAsVolunteer(k=new_id(), call=self.which(number), reason="no_answer"))

    @rule(name=st.sampled_from(STAFF), number=st.integers(0, 2))
    def reopen(self, name: str, number: int) -> None:
        if isinstance(self.do(name, f.ReopenCall(k=new_id(), call=self.which(number))), f.Ok):
            self.closed.discard(CallId(self.which(number)))

    # ---- what must hold

    @invariant()
    def the_store_is_right(self) -> None:
        if not hasattr(self, "node"):
            return

        def look(tx: Tx) -> tuple[list[Call], set[CallId], list[Call | None]]:
            due = {call for call, _at in tx.calls.due(2**53, 1_000)}
            return tx.calls.live(), due, [tx.calls.get(c) for c in self.calls]

        live, with_deadline, raised = self.read(look)
        callers_of_live = [c.caller for c in live]
        assert len(callers_of_live) == len(set(callers_of_live)), "two calls of one member"
        assert None not in raised, "a call that was answered ok is gone"
        CallMachine.reached.update(standing(c).value for c in live)
        for call in live:
            assert call.id in with_deadline, f"a live call without a deadline: {call.end}"
            assert len(peers(here(call))) <= PEERS_HERE_AT_MOST_UC6, "a fourth peer is here"
        ended = {c.id for c in raised if c is not None and isinstance(c.end, Closed)}
        assert self.closed <= ended, "a closed call runs again"
        self.closed |= ended
        self._rooms_are_watched_by_those_inside([c for c in raised if c is not None])

    def _rooms_are_watched_by_those_inside(self, calls: list[Call]) -> None:
        for call in calls:
            for who in self.node.hub.watchers(f"room:{call.room}"):
                member = member_in_call(call, who)
                assert member is not None, "the call room is watched by someone who is not in it"
                assert may_read_room(call, member), f"the call room is watched by {call.recipients.get(member)}"

    @invariant()
    def nobody_gets_a_card_they_must_not_have(self) -> None:
        """By what is committed now: the frames that came since the last look."""
        if not hasattr(self, "node"):
            return
        new: list[tuple[str, dict[str, Any]]] = []
        for name, line in self.node.lines.items():
            new += [(name, frame) for frame in line.got[self.seen.get(name, 0) :] if frame["t"] == "card"]
            self.seen[name] = len(line.got)
        if not new:
            return

        def look(tx: Tx) -> tuple[set[tuple[str, str]], dict[str, Call | None], set[AccountId]]:
            inside = {m.account for m in tx.groups.members(GROUP)}
            return set(tx.care.all_blocks()), {fr["call"]: tx.calls.get(fr["call"]) for _n, fr in new}, inside

        blocks, calls, inside = self.read(look)
        for name, frame in new:
            call, account = calls[frame["call"]], account_of(name)
            assert call is not None
            if not (frame["words"] or (frame["mine"] in ASKING and frame["stood_down"] == "no")):
                continue
            pair = (account, call.caller_account)
            assert pair not in blocks, f"{name} has a block with the caller, and was sent {frame}"
            assert pair[::-1] not in blocks, f"{name} was blocked by the caller, and was sent {frame}"
            if frame["as_volunteer"]:
                assert call.volunteers_too or call.on_call_alone, (
                    f"{name} is kept out of this call, and was sent {frame}"
                )
            else:
                assert account in inside, f"{name} is not in the group any more, and was sent {frame}"
                assert call.only is None or member_of(name) in call.only, f"{name} is not in the audience: {frame}"


LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


@pytest.mark.slow
def test_anything_in_any_order_on_the_real_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.gateway.announcer.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.presence.SOON_SECONDS", 0)
    monkeypatch.setattr("server.gateway.announcer.REFRESH_LEASES_SECONDS", 0)
    CallMachine.template = tmp_path / "template.db"
    CallMachine.steps = 0
    CallMachine.reached.clear()
    upgrade(CallMachine.template)
    store = SqliteStore(CallMachine.template)
    store.start()
    asyncio.run(store.write(people_move_in))
    store.close()
    run_state_machine_as_test(
        CallMachine,
        settings=settings(
            max_examples=300 if LONG else 20,
            stateful_step_count=100 if LONG else 40,
            deadline=None,
            derandomize=not LONG,  # every run walks the same lives; new ones are looked for on purpose, with LONG
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    print(f"{CallMachine.steps} commands; live calls seen {dict(CallMachine.reached)}")
    assert {"open", "coming", "held"} <= CallMachine.reached.keys()
