"""Care: for what reasons one may report somebody, which words go with it, and who reads it (CB3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from presence.ids import AccountId
from rooms.chat import Entry, Kind
from rooms.group import Membership, Role, must_moderate
from rooms.refusals import Refusal, Refused

ReportReason = Literal["fixing", "dumping", "pressuring", "judging", "unwanted"]
"""Fixing is diagnosing and advice on medication. A reason is chosen, never guessed from the words."""


def reported_words(entry: Entry | None, about: Membership) -> str:
    """The words that go with a report, as they were when it was made: taking them back later hides nothing. They must
    be words of whom the report is about. Of what was gone before, nothing is left to send."""
    if entry is None or entry.author != about.id:
        raise Refused(Refusal.NOT_FOUND, "not an entry of theirs")
    return entry.text if entry.kind is Kind.SAID else ""


def may_look(member: Membership, about: Membership) -> bool:
    """Within the group: its moderators, but nobody reads or settles a report about themselves."""
    return member.role is Role.MODERATOR and member.account != about.account


def goes_to_coordinators(about: Membership, members: Iterable[Membership]) -> bool:
    """Whether a report leaves the group: it is about its only moderator, whom nobody in the group could act on, or
    about a volunteer, who is not the group's. `members` are those who are in the group now."""
    return about.role is Role.VOLUNTEER or not any(may_look(m, about) for m in members)


def must_be_reader(about: Membership, reader: Membership | None) -> Membership:
    """Whoever acts on a report as a moderator, or the refusal that they hear."""
    moderator = must_moderate(reader)
    if not may_look(moderator, about):
        raise Refused(Refusal.NOT_FOUND, "about themselves")
    return moderator


def coordinator_reads(about: Membership, members: Iterable[Membership], coordinator: AccountId) -> bool:
    """Outside the group: coordinators, of what goes to them, and not of themselves."""
    return about.account != coordinator and goes_to_coordinators(about, members)


def reaches_somebody(about: Membership, members: Iterable[Membership], coordinators: Iterable[AccountId]) -> bool:
    """Whether anybody could read a report about this member."""
    members = list(members)
    return any(may_look(m, about) for m in members) or any(
        coordinator_reads(about, members, coordinator) for coordinator in coordinators
    )


def must_reach_somebody(about: Membership, members: Iterable[Membership], coordinators: Iterable[AccountId]) -> None:
    """A report that nobody could read is refused with what can be done instead, not filed in silence (promise 2)."""
    if not reaches_somebody(about, members, coordinators):
        raise Refused(Refusal.NOBODY_TO_TELL)
