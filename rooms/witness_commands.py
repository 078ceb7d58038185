"""What people do to a witnessed action (WA1–WA8). Each takes the action as it is and returns the next one, or raises
:class:`Refused`. Facts for the record are noted beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from presence.ids import AccountId, ActionId, CallId, GroupId, Instant, MemberId
from rooms.refusals import Refusal, Refused
from rooms.witness import (
    LADDER,
    NOT_WITNESSED,
    Action,
    Attested,
    Attesting,
    Deed,
    Ended,
    Ending,
    Gathering,
    Live,
    Medium,
    MediumWhy,
    Proposed,
    Stage,
    Step,
    Turned,
    Witness,
    WitnessTimes,
    best,
    end,
    has_enough,
    is_for,
    is_joined,
    is_over,
    may_attest,
    note,
    present,
    settle_attesting,
    went_away,
    with_witness,
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the member says they will do, in the shape that the edge can hand over."""

    action: ActionId
    group: GroupId
    group_name: str
    member: MemberId
    account: AccountId
    name: str
    deed: str
    words: str
    medium: Medium
    wanted: int
    pills: bool = False
    sound: bool = False
    only: frozenset[MemberId] | None = None
    simulated: bool = False


# ---------------------------------------------------------------- the member


def declare(said: Declaration, now: Instant, plan: Proposed | None = None) -> Action:
    """WA1. What must not be done in front of others is refused with care (WA8); what is handed to somebody is told in
    text, off camera."""
    if said.deed in NOT_WITNESSED:
        raise Refused(Refusal.NOT_WITNESSED, said.deed)
    if plan is not None and plan.at <= now:
        raise Refused(Refusal.NOT_A_TIME, "planned for the past")
    deed = Deed(said.deed)
    medium = Medium.TEXT if deed is Deed.HAND_OVER else said.medium
    stage: Stage = Gathering(now) if plan is None else plan
    action = Action(
        id=said.action,
        group=said.group,
        group_name=said.group_name,
        member=said.member,
        account=said.account,
        name=said.name,
        deed=deed,
        words=said.words,
        medium=medium,
        wanted=said.wanted,
        made_at=now,
        stage=stage,
        simulated=said.simulated,
        pills=said.pills or deed is Deed.TAKE_BACK,
        only=said.only,
        sound=said.sound and medium is Medium.VIDEO,
    )
    action = note(action, now, "declared", deed=deed.value, words=said.words, medium=medium.value, wanted=said.wanted)
    return action if plan is None else note(action, now, "planned", local=plan.local, zone=plan.zone)


def ask_now(action: Action, now: Instant) -> Action:
    """A planned one begins: the witnesses are asked."""
    if isinstance(action.stage, Gathering):
        return action
    if not isinstance(action.stage, Proposed):
        raise Refused(Refusal.ACTION_OVER if is_over(action) else Refusal.ALREADY_DONE)
    return note(replace(action, stage=Gathering(now)), now, "asked")


def go_live(action: Action, now: Instant, *, anyway: bool) -> Action:
    """WA4: below the wished minimum the default is to wait, or to call someone."""
    if isinstance(action.stage, Live):
        return action
    _must_be(action, Gathering)
    if not anyway and not has_enough(action):
        raise Refused(Refusal.NOT_ENOUGH_WITNESSES)
    action = replace(action, stage=Live(now), cut=False)
    return note(action, now, "live", medium=action.medium.value, present=len(present(action)))


def set_medium(action: Action, medium: Medium, why: MediumWhy, now: Instant) -> Action:
    """WA2: one step along the ladder, and the reason, for all to see."""
    if is_over(action):
        raise Refused(Refusal.ACTION_OVER)
    if action.deed is Deed.HAND_OVER and medium is not Medium.TEXT:
        raise Refused(Refusal.NOT_ALLOWED, "handed over off camera")
    if medium is action.medium:
        return action
    down = LADDER.index(medium) > LADDER.index(action.medium)
    action = replace(action, medium=medium, medium_why=why, sound=action.sound and medium is Medium.VIDEO)
    return note(action, now, "medium", medium=medium.value, why=why, down=down)


def set_cut(action: Action, now: Instant, *, cut: bool) -> Action:
    """One tap cuts the picture for all (WA3)."""
    if not isinstance(action.stage, Live | Attesting | Turned):
        raise Refused(Refusal.ACTION_OVER if is_over(action) else Refusal.NOT_ALLOWED)
    if cut == action.cut:
        return action
    return note(replace(action, cut=cut), now, "cut" if cut else "uncut")


def say_step(action: Action, text: str, now: Instant, times: WitnessTimes) -> Action:
    """One step told in text."""
    if not isinstance(action.stage, Live | Turned):
        raise Refused(Refusal.ACTION_OVER if is_over(action) else Refusal.NOT_ALLOWED)
    if len(action.steps) >= times.steps_at_most:
        raise Refused(Refusal.TOO_FAST, "too many steps")
    action = replace(action, steps=(*action.steps, Step(now, text)))
    return note(action, now, "step", text=text)


def declare_done(action: Action, now: Instant, times: WitnessTimes) -> Action:
    """The declared moment: whoever is present now is asked what reached them (WA6)."""
    if isinstance(action.stage, Attesting):
        return action
    _must_be(action, Live)
    asked = {w.member: w.present_since for w in present(action) if w.present_since is not None}
    action = replace(action, stage=Attesting(now, now + times.attest_ms, asked))
    action = note(action, now, "declared_done", present=len(asked))
    return action if asked else settle_attesting(action, now)


def stop(action: Action, now: Instant) -> Action:
    """No reason is asked (WA). A turned one keeps its call: only the picture ends."""
    if is_over(action):
        return action
    if isinstance(action.stage, Attesting):  # it was done; what the witnesses said so far stands
        return settle_attesting(action, now)
    return end(action, now, Ending.TURNED if isinstance(action.stage, Turned) else Ending.STOPPED)


def remove_witness(action: Action, member: MemberId, now: Instant) -> Action:
    """The member, a block, or a removal from the group: not again in this action."""
    witness = action.witnesses.get(member)
    if witness is None or witness.barred:
        return action
    was_there = is_joined(action, member) and not is_over(action)
    action = with_witness(action, replace(witness, barred=True, looking=False, present_since=None))
    action = note(action, now, "witness_left", witness=witness.number) if was_there else action
    return _settle_if_all_said(action, now)


# ---------------------------------------------------------------- a witness


def join(
    action: Action,
    member: MemberId,
    account: AccountId,
    name: str,
    now: Instant,
    times: WitnessTimes,
    *,
    simulated: bool = False,
) -> Action:
    """Someone of the audience accepts, before it is done. Whoever left may come back, under the same number. Nobody is
    their own witness, by whatever seat."""
    if is_over(action):
        raise Refused(Refusal.ACTION_OVER)
    if isinstance(action.stage, Proposed) or account == action.account or not is_for(action, member):
        raise Refused(Refusal.NOT_FOUND, "not for this member")
    if is_joined(action, member):
        return action
    known = action.witnesses.get(member)
    if known is None and not isinstance(action.stage, Gathering | Live):  # a call's responders see no stream (WA7)
        raise Refused(Refusal.ACTION_OVER)
    if known is None and len(action.witnesses) >= times.witnesses_at_most:
        raise Refused(Refusal.WITNESSES_FULL)
    if known is None:
        known = Witness(member, account, name, len(action.witnesses) + 1, now, simulated)
    action = with_witness(action, replace(known, left=False))
    return note(action, now, "witness_joined", witness=known.number)


def leave(action: Action, member: MemberId, now: Instant) -> Action:
    """A witness may go at any time; nobody is told why."""
    witness = action.witnesses.get(member)
    if witness is None or witness.left or witness.barred or is_over(action):
        return action
    action = with_witness(action, replace(witness, left=True, looking=False, present_since=None))
    return _settle_if_all_said(note(action, now, "witness_left", witness=witness.number), now)


def look(action: Action, member: MemberId, *, looking: bool) -> Action:
    """Chose to look, or to look away (WA3)."""
    if is_over(action):
        raise Refused(Refusal.ACTION_OVER)
    witness = _witness(action, member)
    if witness.frozen and looking:
        raise Refused(Refusal.NOT_ALLOWED, "reported it")
    if looking == witness.looking:
        return action
    return with_witness(action, replace(witness, looking=looking))


def got(action: Action, member: MemberId, medium: Medium, now: Instant) -> Action:
    """The witness's visible page says that a frame or a step reached it (WA4). Unchanged unless that is news."""
    witness = action.witnesses.get(member)
    if witness is None or not is_joined(action, member) or not isinstance(action.stage, Gathering | Live | Turned):
        return action
    if witness.frozen:  # they get no more of it, so nothing of it makes them a witness
        return action
    came = witness.present_since is None
    perceived = None if came else witness.perceived
    can = _can_have_got(action, witness, medium)
    if can is not None:
        perceived = best(perceived, can)
    if not came:
        if perceived is witness.perceived:
            return action
        return with_witness(action, replace(witness, perceived=perceived))
    action = with_witness(action, replace(witness, present_since=now, perceived=perceived))
    return note(action, now, "witness_present", witness=witness.number)


def _can_have_got(action: Action, witness: Witness, said: Medium) -> Medium | None:
    """A page's word, as far as it can be true: nothing before it is live, no picture unasked or while it is cut, and
    none better than what is sent; beside pictures nothing is told in text before there is a step."""
    if isinstance(action.stage, Gathering):
        return None
    if said is Medium.TEXT:
        return said if action.steps or action.medium is Medium.TEXT else None
    if not witness.looking or action.cut:
        return None
    return max(said, action.medium, key=LADDER.index)


def with_you(action: Action, member: MemberId, now: Instant) -> Action:
    """ "I'm with you" (WA5): once each."""
    witness = _witness(action, member)
    if witness.with_you or is_over(action):
        return action
    return note(with_witness(action, replace(witness, with_you=True)), now, "with_you", witness=witness.number)


def attest(action: Action, member: MemberId, now: Instant, *, saw: bool) -> Action:
    """WA6: the witness's word. What was perceived and when is what their page acknowledged, not what they remember."""
    witness = action.witnesses.get(member)
    if witness is not None and witness.attested is not None:
        return action
    if is_over(action):
        raise Refused(Refusal.ACTION_OVER)
    if witness is None or not may_attest(action, member):
        raise Refused(Refusal.NOT_PRESENT)
    assert isinstance(action.stage, Attesting)  # noqa: S101  may_attest has seen to it
    if now >= action.stage.until:
        raise Refused(Refusal.ACTION_OVER)
    perceived = witness.perceived if saw else None
    word = Attested(
        saw=perceived is not None,
        perceived=perceived,
        since=action.stage.asked[member],
        until=action.stage.since,
        at=now,
    )
    action = with_witness(action, replace(witness, attested=word))
    action = note(
        action,
        now,
        "attested",
        witness=witness.number,
        saw=word.saw,
        perceived=None if perceived is None else perceived.value,
        since=word.since,
        until=word.until,
    )
    return _settle_if_all_said(action, now)


def freeze(action: Action, member: MemberId, now: Instant) -> Action:
    """They reported it, now or after they left: the stream stops for them, and for nobody else by that (WA3). The
    record says that they were away and not why, for its reader may be the one who was reported."""
    witness = action.witnesses.get(member)
    if witness is None:
        raise Refused(Refusal.NOT_FOUND, "not a witness")
    if witness.present_since is not None:
        action = went_away(action, witness, now, until=now)
    witness = replace(witness, frozen=True, looking=False, present_since=None)
    return with_witness(action, witness)


# ---------------------------------------------------------------- either side, and on-call


def turn_into_call(action: Action, call: CallId, by: int | None, now: Instant) -> Action:
    """WA7, one tap by either side. `by` is the witness's number, None for the member. Pressed again after that call
    ended it is another call."""
    if isinstance(action.stage, Turned):
        if action.stage.call == call:
            return action
        action = replace(action, stage=replace(action.stage, call=call))
        return note(action, now, "turned_into_call", witness=by)
    if is_over(action):
        raise Refused(Refusal.ACTION_OVER)
    if isinstance(action.stage, Proposed):
        raise Refused(Refusal.NOT_ALLOWED, "not begun")
    return note(replace(action, stage=Turned(now, call)), now, "turned_into_call", witness=by)


def end_for_safety(action: Action, now: Instant) -> Action:
    """A moderator or on-call ends it; no reason goes into the record."""
    return action if is_over(action) else end(action, now, Ending.SAFETY)


# ---------------------------------------------------------------- the member's line


def member_lost(action: Action, now: Instant) -> Action:
    """The session waits, and says since when (UC10's way)."""
    if not isinstance(action.stage, Gathering | Live | Turned) or action.lost_since is not None:
        return action
    return note(replace(action, lost_since=now), now, "connection_lost")


def member_back(action: Action, now: Instant) -> Action:
    if action.lost_since is None:
        return action
    action = replace(action, lost_since=None)
    return action if is_over(action) else note(action, now, "connection_back")


# ---------------------------------------------------------------- shared


def _must_be(action: Action, *stages: type[Stage]) -> None:
    if not isinstance(action.stage, stages):
        raise Refused(Refusal.ACTION_OVER if isinstance(action.stage, Ended) else Refusal.NOT_ALLOWED)


def _witness(action: Action, member: MemberId) -> Witness:
    witness = action.witnesses.get(member)
    if witness is None or not is_joined(action, member):
        raise Refused(Refusal.NOT_FOUND, "not a witness")
    return witness


def _settle_if_all_said(action: Action, now: Instant) -> Action:
    if not isinstance(action.stage, Attesting):
        return action
    waiting = [m for m in action.stage.asked if may_attest(action, m) and is_joined(action, m)]
    return action if waiting else settle_attesting(action, now)
