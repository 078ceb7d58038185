"""How a witnessed action looks to each who may see it: its member, its audience, a witness, the desk. Pure."""

from __future__ import annotations

from collections.abc import Collection

from presence.ids import AccountId, Instant
from rooms.group import Membership, Role, State
from rooms.witness import (
    Action,
    Attesting,
    Ended,
    Gathering,
    Live,
    Proposed,
    Turned,
    Witness,
    WitnessTimes,
    has_enough,
    is_for,
    is_joined,
    joined,
    may_attest,
    next_deadline,
    present,
)
from server.wire.base import Person
from server.wire.witness import (
    ActionCard,
    ActionEnded,
    ActionStage,
    AttestWord,
    DeskAction,
    MyAction,
    Plan,
    StepView,
    WitnessView,
)


def person_of(witness: Witness) -> Person:
    return Person(member=witness.member, name=witness.name, simulated=witness.simulated)


def keyed(action: Action) -> dict[str, Person]:
    """Whose pages may have a key, by membership (WA3)."""
    return {w.member: person_of(w) for w in joined(action) if not w.frozen}


def stage_of(action: Action) -> ActionStage:
    match action.stage:
        case Proposed(due=due):
            return "due" if due else "planned"
        case Gathering():
            return "gathering"
        case Live():
            return "live"
        case Attesting():
            return "attesting"
        case Turned():
            return "turned"
        case Ended():
            return "ended"


def ended_of(action: Action) -> ActionEnded:
    return action.stage.how.value if isinstance(action.stage, Ended) else "no"


def since_of(action: Action) -> Instant:
    match action.stage:
        case Proposed(at=at) | Ended(at=at):
            return at
        case Gathering(since=since) | Live(since=since) | Attesting(since=since) | Turned(since=since):
            return since


def word_of(witness: Witness) -> AttestWord:
    if witness.attested is None:
        return "none"
    return "saw" if witness.attested.saw else "could_not_see"


def witness_views(action: Action, hidden: Collection[AccountId] = (), *, to_member: bool = False) -> list[WitnessView]:
    """In the order of joining. Whoever has a block with the reader is left out (CB2), and whoever was removed. The
    member is told who looks, for it is their picture; for everybody else nobody does."""
    return [
        WitnessView(
            person=person_of(w),
            state="left" if w.left else "present" if w.present_since is not None else "joined",
            looking=to_member and w.looking,
            with_you=w.with_you,
            word=word_of(w),
        )
        for w in sorted(action.witnesses.values(), key=lambda w: w.number)
        if not w.barred and w.account not in hidden
    ]


def steps_of(action: Action) -> list[StepView]:
    return [StepView(at=step.at, text=step.text) for step in action.steps]


def my_action(action: Action, now: Instant, times: WitnessTimes) -> MyAction:
    stage = action.stage
    return MyAction(
        action=action.id,
        version=action.version,
        now=now,
        group=action.group,
        deed=action.deed.value,
        words=action.words,
        medium=action.medium.value,
        medium_why=action.medium_why,
        sound=action.sound,
        wanted=action.wanted,
        stage=stage_of(action),
        since=since_of(action),
        until=next_deadline(action, times),
        plan=Plan(local=stage.local, zone=stage.zone) if isinstance(stage, Proposed) else None,
        witnesses=witness_views(action, to_member=True),
        present=len(present(action)),
        enough=has_enough(action),
        steps=steps_of(action),
        cut=action.cut,
        pills=action.pills,
        call=stage.call if isinstance(stage, Turned) else None,
        ended=ended_of(action),
    )


def may_see(action: Action, reader: Membership | None, hidden: Collection[AccountId]) -> bool:
    """The audience (GR4) while it may still be joined; whoever witnessed, to its end. Observers see none (GR3), and
    nobody across a block (CB2)."""
    if reader is None or reader.state is not State.ACTIVE or reader.role is Role.OBSERVER:
        return False
    if action.account in hidden or not is_for(action, reader.id):
        return False
    if isinstance(action.stage, Gathering | Live):
        return True
    return is_joined(action, reader.id) and not isinstance(action.stage, Proposed)


def action_card(
    action: Action, reader: Membership, now: Instant, times: WitnessTimes, hidden: Collection[AccountId] = ()
) -> ActionCard:
    """What one reader may know. Who has not joined learns who asks, for what, and how many are there, and no more; who
    reported it gets no further fact of it."""
    mine = action.witnesses.get(reader.id)
    is_in = mine is not None and is_joined(action, reader.id)
    mine_is_frozen = mine is not None and mine.frozen
    return ActionCard(
        action=action.id,
        version=action.version,
        now=now,
        group=action.group,
        group_name=action.group_name,
        me=reader.id,
        member=Person(member=action.member, name=action.name, simulated=action.simulated),
        deed=action.deed.value,
        words=action.words,
        medium=action.medium.value,
        medium_why=action.medium_why,
        sound=action.sound,
        wanted=action.wanted,
        stage=stage_of(action),
        since=since_of(action),
        until=next_deadline(action, times),
        present=len(present(action)),
        joined=is_in,
        looking=is_in and mine is not None and mine.looking,
        frozen=mine_is_frozen,
        with_you=mine is not None and mine.with_you,
        asked_to_attest=is_in and may_attest(action, reader.id),
        word="none" if mine is None else word_of(mine),
        witnesses=witness_views(action, hidden) if is_in else [],
        steps=steps_of(action) if is_in and not mine_is_frozen else [],
        cut=action.cut,
        lost_since=action.lost_since,
        turned=isinstance(action.stage, Turned),
        ended=ended_of(action),
    )


def desk_action(action: Action, *, on_duty: bool) -> DeskAction:
    """One row of the dashboard: facts, no words and no picture (OC5). Whoever is off shift ends nothing."""
    return DeskAction(
        action=action.id,
        version=action.version,
        group_name=action.group_name,
        name=action.name,
        deed=action.deed.value,
        medium=action.medium.value,
        stage=stage_of(action),
        since=since_of(action),
        witnesses=len(joined(action)),
        present=len(present(action)),
        pills=action.pills,
        call=action.stage.call if isinstance(action.stage, Turned) else None,
        lost_since=action.lost_since,
        reports=sum(w.frozen for w in action.witnesses.values()),
        can_end=on_duty,
    )
