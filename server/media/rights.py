"""What of an action matters to its pictures: who may send and watch, and whether they flow (WA3). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import MemberId
from rooms.witness import Action, is_over, may_watch, streams


@dataclass(frozen=True, slots=True)
class Rights:
    version: int
    member: MemberId
    watchers: frozenset[MemberId]
    flows: bool
    over: bool


def rights_of(action: Action) -> Rights:
    return Rights(
        version=action.version,
        member=action.member,
        watchers=frozenset(member for member in action.witnesses if may_watch(action, member)),
        flows=streams(action),
        over=is_over(action),
    )


def narrower(now: Rights, before: Rights) -> bool:
    """Whether something was taken away."""
    return (before.flows and not now.flows) or not before.watchers <= now.watchers
