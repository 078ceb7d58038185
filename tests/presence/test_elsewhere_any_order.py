"""Statements may be late, doubled, lost and out of order, and nodes may start again (PR3)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from presence.elsewhere import HOLDS_MS, Elsewhere, Here, Node, Statement
from presence.ids import AccountId

NAMES = [AccountId(name) for name in ("ana", "ben", "maria")]
NODES = ("oslo", "rome")
EVERY_MS = 2_000

people = st.dictionaries(
    st.sampled_from(NAMES),
    st.builds(Here, visible=st.booleans(), places=st.frozensets(st.sampled_from(["call:1", "room:2"]))),
)
lives = st.lists(st.lists(people, min_size=1, max_size=5), min_size=1, max_size=3)
"""A node's lives, one after the other: what it said in each."""


def said_by(node: str, lived: list[list[dict[AccountId, Here]]], parts: int) -> list[tuple[int, Statement]]:
    """Everything that a node said, each with the moment."""
    at, said = 0, []
    for epoch, life in enumerate(lived):
        for number, everyone in enumerate(life):
            at += EVERY_MS
            for part in range(parts):
                some = {a: h for n, (a, h) in enumerate(sorted(everyone.items())) if n % parts == part}
                said.append((at, Statement(Node(node, epoch), number, at + HOLDS_MS, some, part, parts)))
    return said


@settings(max_examples=60)
@given(st.data(), st.tuples(lives, lives), st.integers(1, 2))
def test_pr03_whatever_becomes_of_statements_presence_is_true_within_the_holding_time(
    data: st.DataObject, lived: tuple[list[list[dict[AccountId, Here]]], ...], parts: int
) -> None:
    said = [one for node, life in zip(NODES, lived, strict=True) for one in said_by(node, life, parts)]
    # Each is heard never, once or twice, and up to ten seconds late.
    delays = st.lists(st.integers(0, 10_000), max_size=2)
    heard = sorted(
        ((at + late, n, at, what) for n, (at, what) in enumerate(said) for late in data.draw(delays)),
        key=lambda h: h[:2],
    )
    elsewhere = Elsewhere()
    newest: dict[str, tuple[int, ...]] = {}
    whole: dict[tuple[str, int, int], set[int]] = {}
    for now, _n, _at, what in heard:
        elsewhere.forget(now)
        before = {a: elsewhere.of(a) for a in NAMES}
        changed = elsewhere.hear(what, now)
        assert changed == {a for a in NAMES if elsewhere.of(a) != before[a]}
        key = (what.node.id, what.node.epoch, what.number)
        whole.setdefault(key, set()).add(what.part)
        newest[what.node.id] = max(newest.get(what.node.id, (0, 0)), key[1:])
        _is_true(elsewhere, now, said, newest, whole)
    last = max((now for now, *_ in heard), default=0)
    elsewhere.forget(last + HOLDS_MS)
    assert elsewhere.reaches() == {}, "nobody is here for longer than somebody says so"


def _is_true(
    elsewhere: Elsewhere,
    now: int,
    said: list[tuple[int, Statement]],
    newest: dict[str, tuple[int, ...]],
    whole: dict[tuple[str, int, int], set[int]],
) -> None:
    """What is believed of a person was said by a node in the newest life that was heard of, and not too long ago."""
    for account in NAMES:
        for here in elsewhere.of(account):
            assert any(
                what.people.get(account) == here
                and newest.get(what.node.id, (-1,))[0] == what.node.epoch
                and now - HOLDS_MS < at <= now
                and len(whole.get((what.node.id, what.node.epoch, what.number), ())) == what.parts
                for at, what in said
            )
    seen = {a for a in NAMES if elsewhere.of(a)}
    assert elsewhere.reaches() == {a: any(h.visible for h in elsewhere.of(a)) for a in seen}


@settings(max_examples=40)
@given(lives, st.integers(1, 3))
def test_pr03_what_arrives_in_order_is_known_at_once(lived: list[list[dict[AccountId, Here]]], parts: int) -> None:
    elsewhere = Elsewhere()
    for at, what in said_by("oslo", lived, parts):
        elsewhere.hear(what, at)
        if what.part == parts - 1:
            said = lived[what.node.epoch][what.number]
            assert {a: h for a in NAMES for h in elsewhere.of(a)} == said
