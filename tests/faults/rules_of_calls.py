"""What must be true of urgent calls, by what people were told and what the store holds at the end (UC0–UC9, CB2). Pure.

What somebody was told is done, is done: the call, its end, an answer. No fourth peer is ever here. Nobody gets the
card of somebody with whom they have a block, or of a group that they left. A device that is said to have the card has
said so. Whoever is asked and has a line gets the card. Every call reaches a person, its end, or the fail-safe in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rooms.call import Asked, Call, Cancelled, CantNow, Closed, Dismissed, Part, Reached, Recipient
from tests.faults.history import FOR_EVER, Answer, Apart, Card, Command, History, MyCall, Seconds, Violation

PEERS_HERE_AT_MOST_UC6 = 3
KEYED = {
    "say", "raise_call", "cancel_call", "undo_cancel", "close_call", "danger_now", "narrow_call", "answer_call",
    "enter_call", "leave_call", "set_availability", "use_invite", "leave_group", "remove_member", "block_member",
    "unblock_member", "declare_action", "go_live", "say_step", "declare_done", "join_action", "attest", "set_shift",
}  # fmt: skip
"""Commands whose key is kept by the very transaction that does the work: a key that is there says that the work is."""
DECIDE = ("raise_call", "cancel_call", "undo_cancel", "close_call", "danger_now")
"""What begins a call, ends it, or opens it again."""
CARD_WITHIN_SECONDS = 10.0
"""Whoever is asked and has had a line for so long has the card. Twice the longest fault, which may sit on the line."""


def of_calls(h: History, failsafe_after_s: Seconds) -> Iterator[Violation]:
    yield from _keys_lost(h)
    yield from _ends_lost(h)
    yield from _answers_lost(h)
    yield from _fourth_peer(h)
    yield from _cards_to_who_is_apart(h)
    yield from _delivered_and_not(h)
    yield from _never_on_the_wire(h)
    yield from _left_alone(h, failsafe_after_s)


def _may_be_lost(h: History, answer: Answer) -> bool:
    return not answer.saved and h.killed_soon_after(answer.at)


def _keys_lost(h: History) -> Iterator[Violation]:
    for answer in h.answers.values():
        command = h.commands.get(answer.key)
        if command is None or command.t not in KEYED or answer.code != "ok" or _may_be_lost(h, answer):
            continue
        if answer.key not in h.keys:
            yield Violation("acked and lost", f"{command.t} of {command.who}", (command, answer))
        elif command.t == "raise_call" and answer.made not in h.calls:
            yield Violation("acked and lost", f"the call {answer.made} of {command.who}", (command, answer))


def _commands_of(h: History) -> dict[str, list[Command]]:
    """Of each call, the commands that name it and the presses that gave it, in the order of sending."""
    found: dict[str, list[Command]] = defaultdict(list)
    for command in h.commands.values():
        answer = h.answers.get(command.key)
        call = answer.made if command.t == "raise_call" and answer is not None else command.about
        if call:
            found[call].append(command)
    return found


def _ends_lost(h: History) -> Iterator[Violation]:
    """The last thing that was asked of a call was to end it, and its caller was told that it has."""
    for call_id, commands in _commands_of(h).items():
        deciding = [c for c in commands if c.t in DECIDE]
        if not deciding or deciding[-1].t not in ("cancel_call", "close_call") or deciding[-1].more == "more":
            continue
        last = deciding[-1]
        answer = h.answers.get(last.key)
        call = next((c for c in h.calls.values() if c.id == call_id), None)
        if answer is None or answer.code != "ok" or call is None or _may_be_lost(h, answer):
            continue
        if any(h.answers.get(c.key) is None for c in deciding):
            continue  # one that was never answered may have been done after it
        if not (isinstance(call.end, Closed) or (last.t == "cancel_call" and isinstance(call.end, Cancelled))):
            yield Violation("acked and lost", f"the end of {call_id}: it is {call.end}", (*deciding, answer))


def _answers_lost(h: History) -> Iterator[Violation]:
    last: dict[tuple[str, str], tuple[Command, Answer | None]] = {}
    for command in h.commands.values():
        if command.t in ("answer_call", "enter_call", "leave_call"):
            last[command.about, command.who] = (command, h.answers.get(command.key))
    for (call_id, who), (command, answer) in last.items():
        call = next((c for c in h.calls.values() if c.id == call_id), None)
        if answer is None or answer.code != "ok" or call is None or who in h.on_call or _may_be_lost(h, answer):
            continue
        mine = _recipient(call, who)
        if mine is None:
            yield Violation("acked and lost", f"the answer of {who} to {call_id}", (command, answer))
        elif command.more == "cant" and not isinstance(mine.answer, CantNow | Dismissed):
            yield Violation("acked and lost", f"{who} can't come to {call_id}: {mine.answer}", (command, answer))


def _recipient(call: Call, who: str) -> Recipient | None:
    return next((r for r in call.recipients.values() if r.name == who), None)


def _fourth_peer(h: History) -> Iterator[Violation]:
    views: list[Card | MyCall] = [*h.cards, *h.my_calls]
    for view in views:
        if view.peers_here > PEERS_HERE_AT_MOST_UC6:
            yield Violation("a fourth peer", f"{view.peers_here} peers are here in {view.call}", (view,))


def _raised(h: History) -> dict[str, Command]:
    """Call → the first press that gave it."""
    raised: dict[str, Command] = {}
    for command, answer in h.answered("raise_call"):
        if answer.made not in raised or command.at < raised[answer.made].at:
            raised[answer.made] = command
    return raised


def _cards_to_who_is_apart(h: History) -> Iterator[Violation]:
    """A call that was pressed for when they were surely apart, and a card while they surely still were (CB2, GR3). A
    node that carried calls without the store could not know."""
    raised = _raised(h)
    parted: dict[str, list[Apart]] = defaultdict(list)
    for apart in h.apart:
        parted[apart.one].append(apart)
        if apart.kind == "block":
            parted[apart.other].append(apart)
    for card in h.cards:
        press = raised.get(card.call)
        if press is None:
            continue
        room_of_press = press.more
        for apart in parted.get(card.who, ()):
            other = room_of_press if apart.kind == "outside" else press.who
            if (
                other in (apart.one, apart.other)
                and other != card.who
                and apart.since <= press.at
                and card.at <= apart.until
                and not h.nodes_were_apart(apart.since, card.at)
            ):
                rule = "across a block" if apart.kind == "block" else "a card for who is not a member"
                yield Violation(rule, f"{card.who} got the card of {press.who}", (apart, press, card))


def _delivered_and_not(h: History) -> Iterator[Violation]:
    """Promise 2: "asking 3 people" counts devices that said so."""
    acked = {(c.about, c.who) for c in h.commands.values() if c.t == "card_delivered"}
    for call in h.calls.values():
        for r in call.recipients.values():
            if r.part is Part.PEER and r.reached >= Reached.DELIVERED and (call.id, r.name) not in acked:
                story = [c for c in h.commands.values() if (c.about, c.who) == (call.id, r.name)]
                cards = [card for card in h.cards if (card.call, card.who) == (call.id, r.name)]
                yield Violation(
                    "delivered and not", f"{call.id} is said to have reached {r.name}", (r, *story, *cards[:8])
                )


def up_spans(h: History) -> dict[str, list[tuple[Seconds, Seconds]]]:
    """When each person had a line, as they know it."""
    since: dict[str, Seconds] = {}
    spans: dict[str, list[tuple[Seconds, Seconds]]] = defaultdict(list)
    for line in h.lines:
        if line.up:
            since.setdefault(line.who, line.at)
        elif line.who in since:
            spans[line.who].append((since.pop(line.who), line.at))
    for who, at in since.items():
        spans[who].append((at, FOR_EVER))
    return spans


def _never_on_the_wire(h: History) -> Iterator[Violation]:
    """Every ring of a call that somebody is asked in reaches their page at least once, if they have a line at all."""
    ups, cards = up_spans(h), {(c.call, c.who) for c in h.cards}
    raised, ended = _raised(h), _ended(h)
    for call in h.calls.values():
        if call.id not in raised:
            continue
        since, until = raised[call.id].at, ended.get(call.id, _over(h))
        for r in call.recipients.values():
            if (call.id, r.name) in cards or not isinstance(r.answer, Asked) or r.part is not Part.PEER:
                continue
            for up, down in ups.get(r.name, ()):
                if min(down, until) - max(up, since) > CARD_WITHIN_SECONDS and not _blind(h, up, down):
                    what = f"{r.name} was asked in {call.id} and never got the card"
                    yield Violation("never on the wire", what, (raised[call.id], r))
                    break


def _blind(h: History, since: Seconds, until: Seconds) -> bool:
    return any(f.blind and f.began < until and f.healed > since for f in h.faults)


def _ended(h: History) -> dict[str, Seconds]:
    """When its caller first asked for the end of a call, done or not."""
    found: dict[str, Seconds] = {}
    for command in h.commands.values():
        if command.t in ("cancel_call", "close_call"):
            found.setdefault(command.about, command.at)
    return found


def _left_alone(h: History, failsafe_after_s: Seconds) -> Iterator[Violation]:
    """UC3: from each view of an open call, the next one that is better comes within the time of the fail-safe. Time in
    which the server could do nothing, or the caller had no line, is not counted."""
    ups = up_spans(h)
    views: dict[tuple[str, str], list[MyCall]] = defaultdict(list)
    for view in h.my_calls:
        views[view.who, view.call].append(view)
    ended = _ended(h)
    over = _over(h)
    for (who, call), seen in views.items():
        alone: MyCall | None = None
        for view in seen:
            waits = view.standing == "open" and not view.helped and not view.failsafe
            if waits and alone is None:
                alone = view
            elif not waits and alone is not None:
                yield from _too_long(h, ups[who], alone, min(view.at, ended.get(call, view.at)), failsafe_after_s)
                alone = None
        if alone is not None:
            yield from _too_long(h, ups[who], alone, min(over, ended.get(call, over)), failsafe_after_s)


def _too_long(
    h: History, ups: Iterable[tuple[Seconds, Seconds]], alone: MyCall, until: Seconds, at_most: Seconds
) -> Iterator[Violation]:
    counted = sum(max(0.0, min(down, until) - max(up, alone.at)) for up, down in ups)
    counted -= sum(max(0.0, _end_of(f.recovered, f.healed, until) - max(f.began, alone.at)) for f in h.faults)
    if counted > at_most:
        faults = [f for f in h.faults if f.began < until and f.healed > alone.at]
        what = f"{alone.who} waited {until - alone.at:.1f} s in {alone.call}, {counted:.1f} s of them without a fault"
        yield Violation("left alone", what, (alone, *faults))


def _over(h: History) -> Seconds:
    """The last moment of which something is known."""
    moments = [[one.at for one in h.lines], [one.at for one in h.my_calls], [one.at for one in h.cards]]
    return max((at for each in moments for at in each), default=0.0)


def _end_of(recovered: Seconds | None, healed: Seconds, until: Seconds) -> Seconds:
    return min(healed if recovered is None else recovered, until)
