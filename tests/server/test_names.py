"""GR7: names that imitate no role and no other person."""

from __future__ import annotations

import pytest

from rooms.refusals import Refusal, Refused
from server.names import check_member_name, clean_name, name_key

LOOKS_LIKE_A_ROLE = [
    "Moderator", "moderator", "MODERATOR", "Mоderator",  # the second o is Cyrillic
    "Ｖolunteer", "Vοlunteer", "v0lunteer", "V o l u n t e e r", "Volunteer.", "Beside", "Вeside", "c00rdinator",
    "Aᴅmin", "ADMIN", "on-call", "crisis line", "ｔherapist",
]  # fmt: skip
# What nobody can see, as escapes so that the next reader can.
INVISIBLE = [
    "Ma\u200bria", "Ma\u202eria", "Maria\x07", "\ufeffMaria", "Ma\u00adria", "", "   ", "\ufeff", "...", "a" * 33,
]  # fmt: skip
FINE = ["Maria", "Ana-Lucía", "Jo 2", "Øyvind", "Мария", "小林", "Wren of the hill", "Zoë", "محمد"]


@pytest.mark.parametrize("name", LOOKS_LIKE_A_ROLE)
def test_gr07_a_name_that_reads_like_a_role_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        check_member_name(name)
    assert refused.value.code is Refusal.NAME_NOT_ALLOWED


@pytest.mark.parametrize("name", INVISIBLE)
def test_gr07_invisible_and_empty_names_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        clean_name(name)
    assert refused.value.code is Refusal.NAME_NOT_ALLOWED


@pytest.mark.parametrize("name", FINE)
def test_gr07_names_of_people_are_fine(name: str) -> None:
    assert check_member_name(name)[0] == name


@pytest.mark.parametrize(
    ("one", "other"), [("Maria", "Mаria"), ("Maria", "MARIA"), ("Tom", "T0m"), ("Wil", "WiI"), ("Zoe", "Zoë")]
)
def test_gr07_two_names_that_look_alike_are_one_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_gr07_different_names_stay_different() -> None:
    assert len({name_key(n) for n in FINE}) == len(FINE)
