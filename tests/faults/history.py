"""What happened in a run, as those who were there saw it. Pure: the checker (`checker.py`) reads nothing else.

Moments (`at`) are seconds of the run's own monotonic clock. `who` is a login, which is also the person's name in their
group, so that a store's account of them can be held against their own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

from presence.ids import CallId
from rooms.call import Call

Seconds = float
FOR_EVER: Seconds = float("inf")
JOURNAL_BEHIND_SECONDS = 2.0
AROUND_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Said:
    """A word was sent for the first time. `word` names it over every retry."""

    at: Seconds
    who: str
    room: str
    word: str


@dataclass(frozen=True, slots=True)
class Acked:
    """`ok` came for a word: it is in the log, at `seq`. `saved` is False in a call's room while the store is down: it
    will be there (UC15)."""

    at: Seconds
    who: str
    room: str
    word: str
    seq: int
    saved: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """One place of a log reached a reader. `word` is "" for a place that nobody said (someone joined), None for one
    that the reader may not see. `how`: the page shows it as the `next` one; it was there `again` (or early); or it is
    the `first` that a page shows which began anew, with leave of the server."""

    at: Seconds
    who: str
    room: str
    seq: int
    word: str | None
    how: Literal["next", "again", "first"] = "next"
    epoch: int = 0
    """Of the room, as the server said with it: with a new one every page reads anew."""


@dataclass(frozen=True, slots=True)
class NotContinued:
    """Who came back with a position was told that there is none such, `behind` entries behind the head."""

    at: Seconds
    who: str
    room: str
    seq: int
    behind: int


@dataclass(frozen=True, slots=True)
class Command:
    """A frame that was sent, at the moment of its first sending. `about` is the call, room, group … that it names."""

    at: Seconds
    who: str
    key: str
    t: str
    about: str
    more: str = ""
    """What decides between kinds of one command: an answer, a feeling."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The first reply to a command: "ok", or the code of a refusal. `made` is the id that it gave (of a call, say)."""

    at: Seconds
    who: str
    key: str
    code: str
    made: str = ""
    saved: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """A call of someone else, as one reader's device got it."""

    at: Seconds
    who: str
    call: str
    caller: str
    version: int
    ringing: int
    mine: str
    standing: str
    peers_here: int


@dataclass(frozen=True, slots=True)
class MyCall:
    """A call as its caller's device got it."""

    at: Seconds
    who: str
    call: str
    version: int
    standing: str
    helped: bool
    """Somebody said that they come, or is there."""
    failsafe: bool
    asked: int
    peers_here: int


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is here, as a reader was told of a group."""

    at: Seconds
    who: str
    group: str
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A reader got a frame with something in it that belongs to a group which is not theirs."""

    at: Seconds
    who: str
    t: str
    mark: str


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody's page came up (was welcomed), or lost its line."""

    at: Seconds
    who: str
    up: bool
    url: str = ""
    """Of the node."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Two who have a block between them (`other` is a login), or one who is not in a group (`other` is its room). From
    the ack of what parted them to the sending of what may join them again: in between there is no doubt."""

    kind: Literal["block", "outside"]
    one: str
    other: str
    since: Seconds
    until: Seconds = FOR_EVER


@dataclass(frozen=True, slots=True)
class Fault:
    """One strike of a nemesis."""

    nemesis: str
    began: Seconds
    healed: Seconds
    recovered: Seconds | None
    """When everyone was back, a new word was saved and everyone saw who is here; None when that did not come."""
    blind: bool = False
    """Whether the server stood still, or lines carried nothing, while it lasted."""
    killed: bool = False
    apart: bool = False
    """Whether a node carried calls without the store that others had: what they said there it could not know (UC15)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something wrong that was seen from outside while it lasted: in the store, or at a page at the end."""

    at: Seconds
    rule: str
    what: str
    piece: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Late:
    """A ring, or a deadline that nobody has seen to, so many seconds after its moment. Looked at from outside."""

    at: Seconds
    what: str
    seconds: Seconds


@dataclass
class History:
    """Everything of one run. The last six fields are the store's and the servers', read when all was over."""

    said: list[Said] = field(default_factory=list)
    acked: list[Acked] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)
    not_continued: list[NotContinued] = field(default_factory=list)
    commands: dict[str, Command] = field(default_factory=dict)
    """By key, in the order of sending."""
    answers: dict[str, Answer] = field(default_factory=dict)
    cards: list[Card] = field(default_factory=list)
    my_calls: list[MyCall] = field(default_factory=list)
    presence: list[Presence] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    apart: list[Apart] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    late_rings: list[Late] = field(default_factory=list)
    """Of each ring whose moment is known beforehand, counted from readiness at the earliest."""
    readers_at_end: set[tuple[str, str]] = field(default_factory=set)
    """`(who, room)`: whoever has the room open when all is over, and so has to have read it to its end."""
    rooms_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Which rooms somebody is ever in."""
    on_call: set[str] = field(default_factory=set)
    """Whose seat in a call has another name than their login."""

    log: dict[tuple[str, int], str] = field(default_factory=dict)
    """`(room, seq)` → word, "" for what nobody said."""
    epochs: dict[str, int] = field(default_factory=dict)
    """Of each room."""
    calls: dict[CallId, Call] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    """Every key that a transaction answered."""
    broken_chains: list[str] = field(default_factory=list)
    without_store: list[tuple[Seconds, Seconds]] = field(default_factory=list)
    """From when to when the store counted as down for a node: of all nodes."""

    @property
    def frames(self) -> int:
        """How much reached somebody: entries, cards, views of calls."""
        return len(self.read) + len(self.cards) + len(self.my_calls)

    def latest_of(self, who: str, at_most: int = 8) -> tuple[Any, ...]:
        """What somebody did and heard last, in order."""
        happened: list[Command | Answer | Line] = [c for c in self.commands.values() if c.who == who]
        happened += [a for a in self.answers.values() if a.who == who]
        happened += [line for line in self.lines if line.who == who]
        return tuple(sorted(happened, key=lambda one: one.at)[-at_most:])

    def answered(self, t: str, code: str = "ok") -> list[tuple[Command, Answer]]:
        """The commands of one name that were answered so, in the order of the answers."""
        found = ((self.commands[a.key], a) for a in self.answers.values() if a.code == code and a.key in self.commands)
        return [(command, answer) for command, answer in found if command.t == t]

    def killed_soon_after(self, at: Seconds) -> bool:
        """What was acked as "not saved yet" may be lost then: the journal is written behind (0011)."""
        return any(f.killed and 0 <= f.began - at <= JOURNAL_BEHIND_SECONDS for f in self.faults)

    def nodes_were_apart(self, since: Seconds, until: Seconds) -> bool:
        """At some time between these two."""
        return any(f.apart and f.began < until and (f.recovered or f.healed) > since for f in self.faults)

    def a_node_had_no_store(self, at: Seconds) -> bool:
        """About that time."""
        return any(down - AROUND_SECONDS <= at <= back + AROUND_SECONDS for down, back in self.without_store)

    def part(self, one: str, other: str, kind: Literal["block", "outside"], now: Seconds) -> None:
        """They are apart from now on."""
        self.apart.append(Apart(kind, one, other, now))

    def join(self, one: str, other: str, now: Seconds) -> None:
        """What parts them may end from now on."""
        for at, apart in enumerate(self.apart):
            if (apart.one, apart.other) == (one, other) and apart.until == FOR_EVER:
                self.apart[at] = Apart(apart.kind, one, other, apart.since, now)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, and the piece of history that shows it."""

    rule: str
    what: str
    piece: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.rule}: {self.what}", *(f"    {line}" for line in self.piece)])
