"""Who is in a run: two groups that share nothing, a third in which nobody comes, and on-call.

In each of the two: a moderator; three who talk, of whom one bears another a grudge and one declares actions; two
callers; four peers, all of them witnesses, one with a block of a caller's now and then; and one who comes and goes. In
the third a caller, and a peer who lets every card lie: there calls climb to the fail-safe.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from beside_client import Account, Refused, sign_up
from tests.faults.history import History
from tests.faults.lives import Caller, Doer, Grudge, Life, Responder, Talker, Wanderer, Witness
from tests.faults.people import Notebook, Person, ServerClock

PASSPHRASE = "a long enough passphrase"
GROUPS = ("north", "south")
LONELY = "alone"
COME_HOME = 0.7
"""Of those who are on another node than their own, after each fault."""


@dataclass
class Group:
    name: str
    id: str
    room: str
    moderator: Person
    members: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """Login → membership's id."""


@dataclass
class Cast:
    """`steady` are those who are always there and in their group: of them it is known who is here."""

    urls: Sequence[str]
    """Of the nodes. Whoever comes has the next one as their own."""
    seed: str
    names: tuple[str, ...] = GROUPS
    """Of the groups that are full of people. With one alone there is no third either."""
    pace: float = 1.0
    history: History = field(default_factory=History)
    clock: ServerClock = field(default_factory=ServerClock)
    groups: dict[str, Group] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    wanderers: set[str] = field(default_factory=set)
    book: Notebook = field(init=False)
    _come: int = 0

    def __post_init__(self) -> None:
        self.book = Notebook(self.history, self.clock, {}, {})

    def chance_of(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")

    def spread(self, chance: random.Random) -> None:
        """A node that was away is there again: a balancer sends it people, and most of its own come back."""
        for person in self.people:
            if chance.random() < COME_HOME:
                person.go_home()

    def doers(self) -> list[Doer]:
        return [life for life in self.lives if isinstance(life, Doer)]

    async def come(self, first_tokens: Sequence[str]) -> None:
        """Everyone signs up and takes their place; nobody lives yet."""
        lonely = [self._fill_lonely(LONELY)] if len(self.names) > 1 else []
        await asyncio.gather(*(self._fill(name) for name in self.names), *lonely)
        self.history.on_call.add("desk")
        desk = await self._person("desk", "", first_tokens, page="oncall")
        await desk.watch_desk()
        await desk.set_shift(on=True)
        self._lives(Responder, desk)

    async def go(self) -> None:
        for person in self.people:
            await person.close()

    async def _person(self, name: str, home: str, first_tokens: Sequence[str] = ("",), **more: Any) -> Person:
        first = self._come % len(self.urls)
        self._come += 1
        urls = [*self.urls[first:], *self.urls[:first]]
        account = await _signed_up(urls[0], name, first_tokens)
        person = Person(name, account, self.book, home, urls, **more)
        self.people.append(person)
        await person.start()
        return person

    async def _found(self, name: str) -> Group:
        moderator = await self._person(f"{name}-moderator", name)
        made = await moderator.create_group(name, moderator.name, blurb="", rules="")
        self.book.room_of_group[made["group"]] = made["room"]
        self.book.marks[name] = (f"{name}-", made["group"], made["room"])
        self.groups[name] = Group(name, made["group"], made["room"], moderator, {moderator.name: moderator})
        await moderator.read_room(made["room"])
        return self.groups[name]

    async def _member(self, group: Group, part: str) -> Person:
        person = await self._person(f"{group.name}-{part}", group.name)
        invite = await group.moderator.make_invite(group.id)
        mine = await person.use_invite(invite, person.name)
        group.members[person.name] = person
        group.ids[person.name] = mine["me"]
        await person.read_room(group.room)
        return person

    async def _peer(self, group: Group, part: str) -> Person:
        peer = await self._member(group, part)
        await peer.finish_introduction(group.id)
        await peer.set_availability(group.id, "open")
        return peer

    async def _fill(self, name: str) -> None:
        group = await self._found(name)
        talkers = [await self._member(group, f"talker-{n}") for n in range(3)]
        for talker in talkers:
            self._lives(Talker, talker, room=group.room)
        peers = [await self._peer(group, f"peer-{n}") for n in range(4)]
        for peer in peers:
            self._lives(Responder, peer)
            self._lives(Witness, peer)
        callers = [await self._member(group, f"caller-{n}") for n in range(2)]
        ids = [group.ids[peer.name] for peer in peers]
        for caller in callers:
            self._lives(Caller, caller, group=group.id, others=ids)
        for one, other in ((talkers[2], talkers[0]), (callers[0], peers[3])):
            self._lives(Grudge, one, other=other.name, other_id=group.ids[other.name])
        self._lives(Doer, talkers[1], group=group.id)
        wanderer = await self._member(group, "wanderer")
        self.wanderers.add(wanderer.name)
        self._lives(Wanderer, wanderer, moderator=group.moderator, group=group.id, room=group.room)

    async def _fill_lonely(self, name: str) -> None:
        group = await self._found(name)
        self._lives(Responder, await self._peer(group, "peer"), never=True)
        caller = await self._member(group, "caller")
        self._lives(Caller, caller, group=group.id, others=[], patience=12.0)

    def _lives(self, kind: type[Life], person: Person, **more: Any) -> None:
        chance = self.chance_of(f"{person.name} {kind.__name__}")
        self.lives.append(kind(person, chance, pace=self.pace, **more))


async def _signed_up(url: str, name: str, first_tokens: Sequence[str]) -> Account:
    """With the first of these tokens that counts."""
    for token in first_tokens[:-1]:
        with contextlib.suppress(Refused):
            return await sign_up(url, name, PASSPHRASE, first_token=token)
    return await sign_up(url, name, PASSPHRASE, first_token=first_tokens[-1])
