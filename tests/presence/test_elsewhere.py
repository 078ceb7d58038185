"""Who is connected to other nodes: told by each, true for a moment, and never of a past life (PR3)."""

from __future__ import annotations

from presence.availability import Reach
from presence.elsewhere import HOLDS_MS, REMEMBERED_MS, Elsewhere, Here, Node, Statement
from presence.ids import AccountId, ConnectionId, DeviceId
from presence.lease import LeaseTimes
from presence.roster import Roster

NOW = 1_000_000
MARIA, BEN = AccountId("maria"), AccountId("ben")
VISIBLE, HIDDEN = Here(visible=True), Here(visible=False)
OSLO = Node("oslo", 1)


def says(number: int, *, at: int = NOW, node: Node = OSLO, **people: Here) -> Statement:
    return Statement(node, number, at + HOLDS_MS, {AccountId(name): here for name, here in people.items()})


def test_pr03_what_a_node_says_is_believed_until_its_time_is_over() -> None:
    elsewhere = Elsewhere()
    assert elsewhere.hear(says(1, maria=VISIBLE), NOW) == {MARIA}
    assert elsewhere.forget(NOW + HOLDS_MS - 1) == set()
    assert elsewhere.reaches() == {MARIA: True}
    assert elsewhere.forget(NOW + HOLDS_MS) == {MARIA}
    assert elsewhere.reaches() == {}
    assert elsewhere.of(MARIA) == []


def test_pr03_who_is_said_again_goes_on() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(1, maria=VISIBLE), NOW)
    assert elsewhere.hear(says(2, at=NOW + 2_000, maria=VISIBLE), NOW + 2_000) == set()
    assert elsewhere.forget(NOW + HOLDS_MS) == set()
    assert elsewhere.nodes(NOW + HOLDS_MS) == [OSLO]


def test_pr03_an_older_statement_changes_nothing() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(2, maria=VISIBLE), NOW)
    assert elsewhere.hear(says(1, ben=VISIBLE), NOW) == set()
    assert elsewhere.hear(says(2, ben=VISIBLE), NOW) == set()
    assert elsewhere.reaches() == {MARIA: True}


def test_pr03_a_node_that_starts_again_has_nobody_until_it_says_so() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(7, maria=VISIBLE, ben=VISIBLE), NOW)
    assert elsewhere.hear(says(1, node=Node("oslo", 2), ben=VISIBLE), NOW) == {MARIA}
    assert elsewhere.reaches() == {BEN: True}


def test_pr03_a_late_word_of_a_past_life_is_not_believed() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(1, node=Node("oslo", 2)), NOW)
    assert elsewhere.hear(says(99, maria=VISIBLE), NOW) == set()
    assert elsewhere.reaches() == {}


def test_pr03_nor_is_one_that_comes_after_the_node_is_forgotten() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(5, node=Node("oslo", 2), ben=VISIBLE), NOW)
    later = NOW + HOLDS_MS + 1_000
    elsewhere.forget(later)
    assert elsewhere.hear(says(6, at=later, maria=VISIBLE), later) == set()
    assert elsewhere.hear(says(4, at=later, node=Node("oslo", 2), maria=VISIBLE), later) == set()
    assert elsewhere.hear(says(6, at=later, node=Node("oslo", 2), maria=VISIBLE), later) == {MARIA}


def test_pr03_what_is_over_when_it_comes_is_not_believed() -> None:
    elsewhere = Elsewhere()
    assert elsewhere.hear(says(1, at=NOW - HOLDS_MS, maria=VISIBLE), NOW) == set()
    assert elsewhere.reaches() == {}


def test_pr03_a_clock_that_is_ahead_makes_nobody_stay_longer() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(1, at=NOW + 3_600_000, maria=VISIBLE), NOW)
    assert elsewhere.forget(NOW + HOLDS_MS) == {MARIA}


def test_pr03_who_could_not_hear_takes_that_for_nobodys_silence() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(1, maria=VISIBLE), NOW)
    elsewhere.excuse(NOW + 9_000)
    assert elsewhere.forget(NOW + 8_999) == set()
    assert elsewhere.forget(NOW + 9_000) == {MARIA}


def test_pr03_a_bus_that_comes_and_goes_keeps_nobody_whose_node_says_nothing() -> None:
    """Each time it goes this node could not hear; but it did hear, in between, everyone who was there to be heard."""
    elsewhere = Elsewhere()
    elsewhere.hear(says(1, maria=VISIBLE), NOW)
    elsewhere.excuse(NOW + 9_000)
    elsewhere.excuse(NOW + 12_000)
    assert elsewhere.forget(NOW + 9_000) == {MARIA}
    elsewhere.hear(says(2, at=NOW + 10_000, maria=VISIBLE), NOW + 10_000)
    elsewhere.excuse(NOW + 20_000)
    assert elsewhere.forget(NOW + 19_999) == set()


def test_pr03_a_statement_in_parts_counts_when_it_is_whole() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(1, maria=VISIBLE), NOW)
    first = Statement(OSLO, 2, NOW + HOLDS_MS, {BEN: VISIBLE}, part=0, parts=2)
    second = Statement(OSLO, 2, NOW + HOLDS_MS, {AccountId("tom"): HIDDEN}, part=1, parts=2)
    assert elsewhere.hear(second, NOW) == set()
    assert elsewhere.hear(second, NOW) == set()
    assert elsewhere.reaches() == {MARIA: True}
    assert elsewhere.hear(first, NOW) == {MARIA, BEN, AccountId("tom")}
    assert elsewhere.reaches() == {BEN: True, AccountId("tom"): False}


def test_pr03_parts_of_two_statements_are_not_mixed() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(Statement(OSLO, 1, NOW + HOLDS_MS, {BEN: VISIBLE}, part=0, parts=2), NOW)
    elsewhere.hear(Statement(OSLO, 2, NOW + HOLDS_MS, {MARIA: VISIBLE}, part=1, parts=2), NOW)
    elsewhere.hear(Statement(OSLO, 1, NOW + HOLDS_MS, {MARIA: VISIBLE}, part=1, parts=2), NOW)
    assert elsewhere.reaches() == {}


def test_nothing_stays_of_a_node_that_is_long_gone() -> None:
    elsewhere = Elsewhere()
    elsewhere.hear(says(1, maria=VISIBLE), NOW)
    elsewhere.forget(NOW + HOLDS_MS)
    elsewhere.forget(NOW + HOLDS_MS + REMEMBERED_MS)
    assert not elsewhere._told


# ---------------------------------------------------------------- together with this node's own


def both(there: Here) -> Roster:
    """Maria's page here is hidden; the one on another node is as given."""
    roster = Roster(LeaseTimes())
    roster.join(ConnectionId("here"), MARIA, DeviceId("phone"), visible=False, urgent=True, now=NOW)
    roster.elsewhere.hear(says(1, maria=there, ben=HIDDEN), NOW)
    return roster


def test_pr04_the_best_page_counts_on_whichever_node_it_is() -> None:
    roster = both(VISIBLE)
    assert roster.reach(MARIA, takes_push=False) is Reach.LIVE
    assert roster.reach(BEN, takes_push=False) is Reach.STANDBY
    assert roster.reaches() == {MARIA: True, BEN: False}
    roster.elsewhere.forget(NOW + HOLDS_MS)
    assert roster.reach(MARIA, takes_push=False) is Reach.STANDBY
    assert roster.reach(BEN, takes_push=False) is Reach.AWAY
    assert roster.reaches() == {MARIA: False}


def test_uc05_a_member_is_gone_only_when_every_page_on_every_node_is() -> None:
    roster = both(Here(visible=True, places=frozenset({"call:1"}), visible_places=frozenset({"call:1"})))
    assert roster.is_in(MARIA, "call:1")
    assert roster.is_in(MARIA, "call:1", visible_only=True)
    roster.leave(ConnectionId("here"))
    assert roster.is_connected(MARIA)
    assert roster.accounts_in("call:1") == {MARIA}
    roster.elsewhere.forget(NOW + HOLDS_MS)
    assert not roster.is_connected(MARIA)
    assert not roster.is_in(MARIA, "call:1")


def test_uc04_a_call_room_on_a_hidden_page_is_not_seen_because_another_page_is_visible() -> None:
    roster = both(Here(visible=True, places=frozenset({"call:1"})))
    assert roster.is_in(MARIA, "call:1")
    assert not roster.is_in(MARIA, "call:1", visible_only=True)


def test_what_a_node_says_of_its_own_people() -> None:
    roster = Roster(LeaseTimes())
    for name, visible, locked in (("phone", False, True), ("laptop", True, False)):
        at = ConnectionId(name)
        roster.join(at, MARIA, DeviceId(name), visible=visible, urgent=True, now=NOW, locked=locked)
    roster.enter(ConnectionId("phone"), "call:1")
    roster.enter(ConnectionId("laptop"), "room:2")
    theirs = Here(visible=True, places=frozenset({"call:1", "room:2"}), visible_places=frozenset({"room:2"}))
    assert roster.people() == {MARIA: theirs}
    roster.leave(ConnectionId("laptop"))
    assert roster.people() == {MARIA: Here(visible=False, places=frozenset({"call:1"}), locked=True)}
    roster.elsewhere.hear(says(1, ben=VISIBLE), NOW)
    assert BEN not in roster.people()


def test_only_what_others_are_to_hear_of_counts_as_a_change() -> None:
    roster = Roster(LeaseTimes())
    seen = [roster.changes]

    def is_told(*, told: bool) -> None:
        assert (roster.changes > seen[-1]) is told
        seen.append(roster.changes)

    phone = ConnectionId("phone")
    roster.join(phone, MARIA, DeviceId("phone"), visible=True, urgent=True, now=NOW)
    is_told(told=True)
    roster.enter(phone, "call:1")
    is_told(told=True)
    roster.enter(phone, "call:1")
    roster.renew(phone, NOW + 1)
    roster.set_visible(phone, visible=True)
    is_told(told=False)
    roster.set_visible(phone, visible=False)
    is_told(told=True)
    roster.exit(phone, "call:1")
    is_told(told=True)
    roster.exit(phone, "call:1")
    is_told(told=False)
    roster.leave(phone)
    is_told(told=True)


def test_wa4_what_reached_a_page_is_told_by_its_newest_word_and_is_no_news_of_its_own() -> None:
    roster = Roster(LeaseTimes())
    for page in ("one", "two"):
        roster.join(ConnectionId(page), MARIA, DeviceId(page), visible=True, urgent=True, now=NOW)
    changes = roster.changes
    roster.got(ConnectionId("one"), "action", NOW + 4_000)
    roster.got(ConnectionId("two"), "action", NOW + 1_000)
    assert roster.people()[MARIA].got == {"action": NOW + 4_000}
    assert roster.changes == changes

    elsewhere = Elsewhere()
    elsewhere.hear(says(1, maria=VISIBLE), NOW)
    assert elsewhere.hear(says(2, maria=Here(visible=True, got={"action": NOW})), NOW) == set()
    elsewhere.hear(says(1, node=Node("rome", 1), maria=Here(visible=True, got={"action": NOW + 1})), NOW)
    assert elsewhere.got(MARIA, "action") == NOW + 1
    assert elsewhere.got(MARIA, "another") is None
