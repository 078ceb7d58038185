"""A small world around one call: who there is, what time it is, and what people and devices do.

Ana is in the kitchen and presses. Time is seconds since her press. `at` lets every deadline on the way fire on time;
`stopped_until` is a server that was down and looks again only then. Devices answer for the cards they get unless they
are said to be `mute`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from presence.availability import Reach
from presence.ids import AccountId, CallId, GroupId, Instant, MemberId, RoomId
from rooms import caller, either, escalation, responder
from rooms.call import Call, Part, Reached, Recipient, Ring, is_asking, may_read_room, standing
from rooms.candidates import Candidate
from rooms.escalation import advance
from rooms.ladder import next_deadline, upcoming
from rooms.policy import Policy
from rooms.refusals import Refusal, Refused

PRESS: Instant = 1_800_000_000_000
"""When Ana presses."""
ANA = MemberId("Ana")
POLICY = Policy()
NO_BACKUP: tuple[Candidate, ...] = ()


def account_of(name: str) -> AccountId:
    return AccountId(f"account of {name}")


def person(name: str, part: Part = Part.PEER, *, reach: Reach = Reach.LIVE) -> Candidate:
    """A peer who is open to calls, or someone of on-call."""
    return Candidate(MemberId(name), account_of(name), name, part, open_to_calls=part is Part.PEER, reach=reach)


def peers(*names: str) -> tuple[Candidate, ...]:
    """Members with a visible page, open to calls."""
    return tuple(person(name) for name in names)


def many_peers(number: int) -> tuple[Candidate, ...]:
    return peers(*(f"peer {n:02}" for n in range(1, number + 1)))


def away(*names: str) -> tuple[Candidate, ...]:
    """Quiet members without a page who opted in to be called when away."""
    quiet = (replace(person(name, reach=Reach.STANDBY), open_to_calls=False) for name in names)
    return tuple(replace(c, takes_push=True, rung_when_away=True) for c in quiet)


def volunteers(*names: str) -> tuple[Candidate, ...]:
    return tuple(person(name, Part.VOLUNTEER) for name in names)


def backups(*names: str) -> tuple[Candidate, ...]:
    """Backup volunteers and the coordinator."""
    return tuple(person(name, Part.BACKUP) for name in names)


def a_group() -> tuple[Candidate, ...]:
    """Everyone a call may need, one of each kind but two peers."""
    return peers("Maria", "Ben") + away("Dana") + volunteers("Vic") + backups("Cora")


class World:
    """One call, its people and its clock."""

    def __init__(self, people: Iterable[Candidate], press: caller.Press, before: tuple[float, ...]) -> None:
        self.people: dict[str, Candidate] = {c.name: c for c in people}
        self.mute: set[str] = set()
        self.policy = POLICY
        self.now = PRESS
        raised_before = [PRESS + round(s * 1000) for s in before]
        self.call = caller.raise_call(press, self.now, raised_before, self.policy)

    # ---- time

    @property
    def seconds(self) -> float:
        return (self.now - PRESS) / 1000

    def at(self, seconds: float) -> World:
        """Time passes; every deadline on the way is met when it is due."""
        end = PRESS + round(seconds * 1000)
        assert end >= self.now, "time runs one way"
        while True:
            due = next_deadline(self.call, self.policy)
            if due is None or due > end:
                break
            assert due > self.now, f"a deadline that never passes: {due - self.now} ms"
            self.now = due
            self.look()
        self.now = end
        return self

    def after(self, seconds: float) -> World:
        return self.at(self.seconds + seconds)

    def stopped_until(self, seconds: float) -> World:
        """The server was down: nothing happened until now, and then all at once. Presence starts anew (UC19)."""
        self.now = PRESS + round(seconds * 1000)
        self._then(escalation.after_restart(self.call, self.now))
        return self

    def look(self) -> None:
        """A timer looks: `advance`, and the devices that were rung say so."""
        self.call = advance(self.call, self.now, tuple(self.people.values()), self.policy)
        for recipient in list(self.call.recipients.values()):
            if recipient.name not in self.mute and recipient.reached < Reached.DELIVERED:
                self.call = responder.card_reached(self.call, recipient.member, Reached.DELIVERED)

    def _then(self, call: Call) -> None:
        self.call = call
        self.look()

    # ---- what people do

    def coming(self, *names: str) -> None:
        for name in names:
            blocks = self.people[name].blocks
            self._then(responder.say_coming(self.call, MemberId(name), self.now, self.policy, blocks))

    def cant(self, *names: str) -> None:
        for name in names:
            self._then(responder.say_cant(self.call, MemberId(name), self.now))

    def withdraws(self, name: str) -> None:
        self._then(responder.withdraw(self.call, MemberId(name), self.now))

    def enters(self, *names: str) -> None:
        for name in names:
            blocks = self.people[name].blocks
            self._then(responder.enter(self.call, MemberId(name), self.now, self.policy, blocks))

    def hides_page(self, name: str) -> None:
        self._then(responder.page_hidden(self.call, MemberId(name), self.now, self.policy))

    def vanishes(self, name: str) -> None:
        """Their last page in the room is gone."""
        self._then(responder.member_gone(self.call, MemberId(name), self.now))

    def leaves(self, name: str, *, parted_well: bool = False) -> None:
        self._then(responder.leave(self.call, MemberId(name), self.now, self.policy, parted_well=parted_well))

    def writes(self, *names: str) -> None:
        for name in names:
            self._then(either.wrote(self.call, MemberId(name), self.now))

    def is_here(self, *names: str) -> None:
        """They enter, and both write."""
        for name in names:
            self.enters(name)
            self.writes(name, "Ana")

    def ana(self, act: Callable[..., Call], *words: object, **more: object) -> None:
        """The caller does something: `w.ana(caller.cancel, w.now, "ok", POLICY)`."""
        self._then(act(self.call, ANA, *words, **more))

    def cancels(self, why: str = "ok") -> None:
        self._then(caller.cancel(self.call, ANA, self.now, why, self.policy))

    def undoes(self) -> None:
        self._then(caller.undo_cancel(self.call, ANA, self.now))

    def ana_says(self, feeling: str) -> None:
        self._then(caller.close(self.call, ANA, self.now, feeling, self.policy))

    def ana_is_lost(self) -> None:
        self._then(caller.caller_lost(self.call, self.now))

    def ana_is_back(self) -> None:
        self._then(caller.caller_back(self.call, self.now))

    def wants_on_call(self, name: str = "Ana") -> None:
        self._then(either.want_on_call(self.call, MemberId(name), self.now))

    def danger(self, name: str = "Ana") -> None:
        self._then(either.danger_now(self.call, MemberId(name), self.now, self.policy))

    def comes_to_the_server(self, *people: Candidate) -> None:
        """Someone becomes reachable, available, on shift or a member."""
        for candidate in people:
            self.people[candidate.name] = candidate
        self.look()

    def is_removed(self, name: str) -> None:
        """They left the group or were removed from it."""
        del self.people[name]
        self.look()

    def block_between(self, one: str, other: str) -> None:
        for mine, theirs in ((one, other), (other, one)):
            if mine in self.people:
                blocks = self.people[mine].blocks | {MemberId(theirs)}
                self.people[mine] = replace(self.people[mine], blocks=blocks)
        self.look()

    def unblock_between(self, one: str, other: str) -> None:
        for mine, theirs in ((one, other), (other, one)):
            if mine in self.people:
                blocks = self.people[mine].blocks - {MemberId(theirs)}
                self.people[mine] = replace(self.people[mine], blocks=blocks)
        self.look()

    # ---- what can be seen

    @property
    def standing(self) -> str:
        return standing(self.call).value

    def of(self, name: str) -> Recipient:
        return self.call.recipients[MemberId(name)]

    def answer(self, name: str) -> str:
        return type(self.of(name).answer).__name__

    def rang(self) -> dict[str, float]:
        """Everyone who was rung, with the second of their latest ring."""
        return {r.name: (r.rung_at - PRESS) / 1000 for r in self.call.recipients.values()}

    def rings(self) -> dict[str, float]:
        """The rings of this attempt, with the second in which each went."""
        return {r.ring.name: (r.at - PRESS) / 1000 for r in self.call.rings}

    def comes(self, ring: Ring) -> float | None:
        """When a ring will go, in seconds since the press; None while it waits for a pledge without end."""
        step = next(s for s in upcoming(self.call, self.policy) if s.ring is ring)
        return None if step.at is None else (step.at - PRESS) / 1000

    def asking(self) -> set[str]:
        """Whose card asks."""
        return {r.name for r in self.call.recipients.values() if is_asking(self.call, r)}

    def readers(self) -> set[str]:
        """Who may read the call room."""
        return {name for name in (*self.people, "Ana") if may_read_room(self.call, MemberId(name))}

    def deadline(self) -> float | None:
        due = next_deadline(self.call, self.policy)
        return None if due is None else (due - PRESS) / 1000

    def notified(self, name: str) -> int:
        """The ringing that last rang them: another number is another notification."""
        return self.of(name).ringing


def a_call(
    *people: tuple[Candidate, ...],
    words: str = "",
    only: Iterable[str] | None = None,
    volunteers_too: bool = True,
    on_call_alone: bool = False,
    before: tuple[float, ...] = (),
    mute: Iterable[str] = (),
) -> World:
    """Ana presses. `before`: earlier presses, in seconds (below zero). `mute`: whose devices never say anything."""
    press = caller.Press(
        call=CallId("call"),
        room=RoomId("room of the call"),
        group=GroupId("group"),
        group_name="Sober kitchen",
        caller=ANA,
        caller_account=account_of("Ana"),
        caller_name="Ana",
        words=words,
        only=None if only is None else frozenset(MemberId(n) for n in only),
        volunteers_too=volunteers_too,
        on_call_alone=on_call_alone,
    )
    world = World([c for group in people for c in group], press, before)
    world.mute = set(mute)
    world.look()
    return world


def refusal(act: Callable[..., object], *words: object, **more: object) -> Refusal | None:
    """How something was refused, or None if it was not."""
    try:
        act(*words, **more)
    except Refused as refused:
        return refused.code
    return None
