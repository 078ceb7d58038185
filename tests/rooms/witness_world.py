"""A small world around one witnessed action: Ana pours out the bottle, and people of her group watch.

Time is seconds since she said so. `at` lets every deadline on the way fire on time. Pages of witnesses say nothing by
themselves: `gets` is a page that says a frame or step reached it. What is new goes into the record after every step, as
the store does it, with the independent implementation of msgpack and a stand-in for the signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgpack

from presence.ids import AccountId, ActionId, CallId, GroupId, Instant, MemberId
from rooms import record
from rooms import witness_commands as do
from rooms.record import Entry
from rooms.refusals import Refusal, Refused
from rooms.witness import (
    Action,
    Attested,
    Ended,
    Ending,
    Medium,
    Proposed,
    Witness,
    WitnessTimes,
    advance,
    lapse,
    next_deadline,
    present,
)

START: Instant = 1_800_000_000_000
TIMES = WitnessTimes()
ANA = MemberId("Ana")
SECRET = b"the key of the server, for these tests"


def account_of(name: str) -> AccountId:
    return AccountId(f"account of {name}")


def encode(plain: Any) -> bytes:
    packed: bytes = msgpack.packb(plain)
    return packed


class Signer:
    """Stands in for Ed25519: a signature is as long, and whoever has not the secret cannot make one."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.public_key = hashlib.sha256(b"public" + secret).digest()
        self.fingerprint = record.fingerprint(self.public_key)

    def sign(self, message: bytes) -> bytes:
        return hashlib.sha512(self.secret + message).digest()

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        return public_key == self.public_key and signature == self.sign(message)

    def file(self, action: str, entries: list[Entry], at: Instant) -> str:
        return record.to_text(entries, record.seal(action, entries, at, self.public_key, self.sign, encode))


SERVER = Signer(SECRET)


def said(deed: str = "pour_out", medium: Medium = Medium.VIDEO, wanted: int = 1, **more: Any) -> do.Declaration:
    return do.Declaration(
        ActionId("action 1"), GroupId("group"), "Kitchen", ANA, account_of("Ana"), "Ana", deed, "the last one",
        medium, wanted, **more,
    )  # fmt: skip


class World:
    """One action, its witnesses, its record and its clock."""

    times = TIMES

    def __init__(self, declared: do.Declaration, plan: Proposed | None = None) -> None:
        self.now = START
        self.got_at: dict[MemberId, Instant] = {}
        self.entries: list[Entry] = []
        self.action = do.declare(declared, self.now, plan)
        self._then(self.action)

    # ---- time

    @property
    def seconds(self) -> float:
        return (self.now - START) / 1000

    def at(self, seconds: float) -> World:
        """Time passes; every deadline on the way is met when it is due, and so is the end of every presence."""
        end = START + round(seconds * 1000)
        assert end >= self.now, "time runs one way"
        while True:
            due = min((at for at in self._soon() if at <= end), default=None)
            if due is None:
                break
            assert due > self.now, "a deadline that never passes"
            self.now = due
            self.look()
        self.now = end
        return self

    def _soon(self) -> Iterator[Instant]:
        due = next_deadline(self.action, self.times)
        if due is not None:
            yield due
        for witness in present(self.action):
            yield self.got_at[witness.member] + self.times.present_for_ms

    def after(self, seconds: float) -> World:
        return self.at(self.seconds + seconds)

    def look(self) -> None:
        self._then(lapse(self.action, self.got_at, self.now, self.times))

    def _then(self, action: Action) -> None:
        """What the store does with every change: due things, and what is new goes into the record."""
        self.action = advance(action, self.now, self.times)
        head = self.action.head or record.genesis(self.action.id)
        for fact in self.action.news:
            self.entries.append(record.next_entry(head, len(self.entries) + 1, fact.at, fact.what, fact.more, encode))
            head = self.entries[-1].hash
        self.action = replace(self.action, news=(), entries=len(self.entries), head=head)

    # ---- the member

    def ana(self, act: Callable[..., Action], *words: object, **more: object) -> None:
        """The member does something: `w.ana(do.set_cut, w.now, cut=True)`."""
        self._then(act(self.action, *words, **more))

    def goes_live(self, *, anyway: bool = False) -> None:
        self.ana(do.go_live, self.now, anyway=anyway)

    def says(self, text: str) -> None:
        self.ana(do.say_step, text, self.now, self.times)

    def steps_to(self, medium: Medium, why: str = "line") -> None:
        self.ana(do.set_medium, medium, why, self.now)

    def cuts(self, *, cut: bool = True) -> None:
        self.ana(do.set_cut, self.now, cut=cut)

    def is_done(self) -> None:
        self.look()
        self.ana(do.declare_done, self.now, self.times)

    def stops(self) -> None:
        self.ana(do.stop, self.now)

    def removes(self, name: str) -> None:
        self.ana(do.remove_witness, MemberId(name), self.now)

    # ---- witnesses

    def joins(self, *names: str) -> None:
        for name in names:
            self._then(do.join(self.action, MemberId(name), account_of(name), name, self.now, self.times))

    def leaves(self, name: str) -> None:
        self._then(do.leave(self.action, MemberId(name), self.now))

    def looks(self, *names: str, looking: bool = True) -> None:
        for name in names:
            self._then(do.look(self.action, MemberId(name), looking=looking))

    def gets(self, *names: str, medium: Medium = Medium.VIDEO) -> None:
        """Their visible page says that this reached it."""
        for name in names:
            self.got_at[MemberId(name)] = self.now
            self._then(do.got(self.action, MemberId(name), medium, self.now))

    def watch(self, *names: str) -> None:
        """They join, choose to look, and get pictures."""
        self.joins(*names)
        self.looks(*names)
        self.gets(*names)

    def is_with_them(self, name: str) -> None:
        self._then(do.with_you(self.action, MemberId(name), self.now))

    def attests(self, *names: str, saw: bool = True) -> None:
        for name in names:
            self._then(do.attest(self.action, MemberId(name), self.now, saw=saw))

    def reports(self, name: str) -> None:
        self._then(do.freeze(self.action, MemberId(name), self.now))

    def turns(self, name: str | None = None) -> None:
        """One tap, by a witness or by Ana, makes an urgent call of it."""
        by = None if name is None else self.witness(name).number
        self._then(do.turn_into_call(self.action, CallId("call 1"), by, self.now))

    # ---- what can be seen

    def witness(self, name: str) -> Witness:
        return self.action.witnesses[MemberId(name)]

    def word(self, name: str) -> Attested:
        word = self.witness(name).attested
        assert word is not None
        return word

    @property
    def stage(self) -> str:
        return type(self.action.stage).__name__

    @property
    def ended(self) -> Ending | None:
        return self.action.stage.how if isinstance(self.action.stage, Ended) else None

    @property
    def facts(self) -> list[str]:
        """What the record says happened, in order."""
        return [entry.what for entry in self.entries]

    def fact(self, what: str) -> dict[str, Any]:
        """What the newest entry of this kind says."""
        return dict(next(e.more for e in reversed(self.entries) if e.what == what))

    def deadline(self) -> float | None:
        """In how many seconds time itself would do something."""
        due = next_deadline(self.action, self.times)
        return None if due is None else (due - self.now) / 1000

    def file(self) -> str:
        return SERVER.file(self.action.id, self.entries, self.now)


def gathering(**more: Any) -> World:
    return World(said(**more))


def planned(minutes: float, **more: Any) -> World:
    """For so many minutes from now."""
    return World(said(**more), Proposed(START + round(minutes * 60_000), "2027-01-15T10:00", "Europe/Berlin"))


def live(*names: str, **more: Any) -> World:
    """Live since second 10, with these people watching."""
    w = gathering(**more).at(9)
    w.watch(*names)
    w.at(10).goes_live(anyway=True)
    w.gets(*names)
    return w


def refusal(act: Callable[..., object], *words: object, **more: object) -> Refusal:
    """How Beside says no to this."""
    try:
        act(*words, **more)
    except Refused as no:
        return no.code
    raise AssertionError("it was not refused")
