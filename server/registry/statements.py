"""Statements as bytes. Accounts' ids and what their pages have open, and nothing that anybody said."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from presence.elsewhere import Here, Node, Statement
from presence.ids import AccountId, Instant

PART_AT_MOST_BYTES = 256 * 1024


class _Person(msgspec.Struct, array_like=True, frozen=True):
    account: str
    visible: bool
    locked: bool
    places: list[str]
    visible_places: list[str]
    got: dict[str, int] = {}


class _Part(msgspec.Struct, array_like=True, frozen=True):
    node: str
    epoch: int
    number: int
    holds_until: int
    part: int
    parts: int
    people: list[msgspec.Raw]


_encode = msgspec.msgpack.Encoder().encode
_decode_part = msgspec.msgpack.Decoder(_Part).decode
_decode_person = msgspec.msgpack.Decoder(_Person).decode


def encode(
    node: Node,
    number: int,
    holds_until: Instant,
    people: Mapping[AccountId, Here],
    part_at_most_bytes: int = PART_AT_MOST_BYTES,
) -> list[bytes]:
    """The parts of one statement, one at least."""
    parts: list[list[msgspec.Raw]] = [[]]
    size = 0
    for account, here in people.items():
        person = _Person(account, here.visible, here.locked, [*here.places], [*here.visible_places], dict(here.got))
        raw = msgspec.Raw(_encode(person))
        size += len(raw)
        if size > part_at_most_bytes and parts[-1]:
            parts.append([])
            size = len(raw)
        parts[-1].append(raw)
    return [
        _encode(_Part(node.id, node.epoch, number, holds_until, at, len(parts), some)) for at, some in enumerate(parts)
    ]


def decode(data: bytes) -> Statement:
    """Raises msgspec.MsgspecError when it is none."""
    said = _decode_part(data)
    people: dict[AccountId, Here] = {}
    for raw in said.people:
        one = _decode_person(raw)
        people[AccountId(one.account)] = Here(
            one.visible, frozenset(one.places), frozenset(one.visible_places), one.locked, one.got
        )
    node = Node(said.node, said.epoch)
    return Statement(node, said.number, said.holds_until, people, said.part, said.parts)
