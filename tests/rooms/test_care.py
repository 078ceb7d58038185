"""For what one may report somebody, which words go with it, and who reads it (CB3)."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from presence.ids import MemberId
from rooms import care
from rooms.chat import Kind
from rooms.group import Membership, Role, State
from rooms.refusals import Refusal
from tests.rooms.test_chat import SAID
from tests.rooms.test_groups import MARIA, MODERATOR, OBSERVER
from tests.rooms.world import account_of, refusal


def a_member(name: str, role: Role = Role.MEMBER) -> Membership:
    return replace(MARIA, id=MemberId(name), account=account_of(name), name=name, role=role)


ANA = a_member("Ana")
TOM = a_member("Tom")
MO = a_member("Mo", Role.MODERATOR)
LEE = a_member("Lee", Role.MODERATOR)
VIC = a_member("Vic", Role.VOLUNTEER)
CORA = account_of("Cora")


def test_cb03_the_reasons_are_those_of_the_product() -> None:
    assert get_args(care.ReportReason) == ("fixing", "dumping", "pressuring", "judging", "unwanted")


# ---- the words


def test_cb03_the_words_go_with_it_as_they_were() -> None:
    assert care.reported_words(replace(SAID, author=TOM.id), TOM) == SAID.text


@pytest.mark.parametrize("kind", [Kind.DELETED, Kind.HIDDEN, Kind.JOINED])
def test_cb03_of_what_was_gone_before_nothing_is_left_to_send(kind: Kind) -> None:
    assert care.reported_words(replace(SAID, author=TOM.id, kind=kind), TOM) == ""


def test_cb03_the_words_of_one_person_cannot_be_laid_to_another() -> None:
    assert refusal(care.reported_words, replace(SAID, author=ANA.id), TOM) is Refusal.NOT_FOUND
    assert refusal(care.reported_words, None, TOM) is Refusal.NOT_FOUND


# ---- who reads it


def test_cb03_a_report_about_a_member_stays_in_the_group() -> None:
    assert not care.goes_to_coordinators(TOM, [ANA, TOM, MO])
    assert care.must_be_reader(TOM, MO) is MO
    assert not care.coordinator_reads(TOM, [ANA, TOM, MO], CORA)


@pytest.mark.parametrize("who", [ANA, OBSERVER, None, replace(MO, state=State.REMOVED)])
def test_cb03_nobody_but_moderators_reads_it_in_the_group(who: Membership | None) -> None:
    assert refusal(care.must_be_reader, TOM, who) in (Refusal.NOT_ALLOWED, Refusal.NOT_FOUND)


def test_cb03_one_of_two_moderators_is_looked_at_by_the_other_alone() -> None:
    members = [ANA, MO, LEE]
    assert not care.goes_to_coordinators(MO, members)
    assert care.must_be_reader(MO, LEE) is LEE
    assert refusal(care.must_be_reader, MO, MO) is Refusal.NOT_FOUND


def test_cb03_a_report_about_the_only_moderator_goes_to_the_coordinators() -> None:
    members = [ANA, TOM, MO]
    assert care.goes_to_coordinators(MO, members)
    assert care.coordinator_reads(MO, members, CORA)
    assert refusal(care.must_reach_somebody, MO, members, [CORA]) is None


def test_cb03_also_when_the_group_has_no_moderator_left() -> None:
    assert care.goes_to_coordinators(TOM, [ANA, TOM])


def test_cb03_a_report_about_a_volunteer_goes_to_the_coordinators_too() -> None:
    """The group cannot take a volunteer off on-call; whoever runs the organisation can."""
    members = [ANA, MO]
    assert care.coordinator_reads(VIC, members, CORA)
    assert care.must_be_reader(VIC, MO) is MO


def test_cb03_a_coordinator_reads_no_report_about_themselves() -> None:
    mo_who_coordinates = MO.account
    assert not care.coordinator_reads(MO, [ANA, MO], mo_who_coordinates)
    assert care.coordinator_reads(MO, [ANA, MO], CORA)


@pytest.mark.parametrize("coordinators", [[], [MO.account]])
def test_cb03_a_report_that_nobody_could_read_is_refused_and_not_filed_in_silence(coordinators: list[str]) -> None:
    assert refusal(care.must_reach_somebody, MO, [ANA, MO], coordinators) is Refusal.NOBODY_TO_TELL
    assert refusal(care.must_reach_somebody, MO, [ANA, MO, LEE], coordinators) is None
    assert refusal(care.must_reach_somebody, TOM, [ANA, TOM, MODERATOR], coordinators) is None


def test_cb03_a_report_about_the_only_coordinator_on_call_still_reaches_the_moderators() -> None:
    assert refusal(care.must_reach_somebody, VIC, [ANA, MO], [VIC.account]) is None
