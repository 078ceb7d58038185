"""The protocol: every frame that may cross a Beside socket, and nothing else.

Client → server frames are **commands**; each carries a client key `k` and gets exactly one reply, `ok` or
`refused`, with `re` equal to that key (only `beat` and `typing` go unanswered). The key makes a retry safe:
the same key from the same device returns the first answer. Server → client frames are **events**.

A frame is a msgpack map with its name in `t`. Unknown fields are refused, every string and list is bounded,
there are no floats and no U+0000. Times are integer milliseconds since 1970 UTC by the server's clock; a view
carries `now`, so that a client counts down from the server's clock and not from its own.

Ids of people are membership ids: one person has another id in every group (GR6).
The frames of the witnessed action stand in witness.py, what all are made of in base.py. From these three
`clients/web/src/wire/frames.ts` and `docs/protocol.md` are generated (`./do generate`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from rooms.care import ReportReason
from rooms.desk import Pin
from rooms.screens import Failsafe, Prompt, StoodDown
from server.wire.base import (
    Badge,
    Count,
    Frame,
    Id,
    Key,
    Millis,
    Name,
    Part,
    Person,
    Secret,
    Seq,
    Short,
    Text,
    Words,
)
from server.wire.witness import DeskAction, WitnessCommand, WitnessEvent

__all__ = ["Badge", "Frame", "Id", "Key", "Millis", "Name", "Part", "Person", "Secret", "Words"]

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 16 * 1024

GroupRole = Literal["observer", "member", "moderator"]
AvailabilityState = Literal["open", "quiet", "break"]
Standing = Literal["open", "coming", "held", "parked", "cancelled", "closed"]
Answer = Literal["asked", "cant", "coming", "in_room", "here", "left", "withdrawn", "lapsed"]
RingName = Literal["peers", "away", "volunteers", "backup", "again"]
Feeling = Literal["better", "same", "worse", "more"]
SizeBand = Literal["under 10", "10 to 50", "over 50"]
Ended = Literal["no", "ok", "mistake", "better", "same", "worse", "volunteer"]
EntryKind = Literal["said", "gap", "deleted", "hidden", "joined", "left"]
ReachName = Literal["live", "standby", "away"]


# ---------------------------------------------------------------- parts


class Position(Part, frozen=True):
    """Where a reader is in a room: the epoch it read in, and the last seq it holds (CH2)."""

    epoch: Count
    seq: Seq


class Helper(Part, frozen=True):
    """Someone who answered a call: since when in this state, and for a pledge until when (UC4, UC5)."""

    person: Person
    answer: Answer
    since: Millis
    until: Millis | None = None
    """Only while coming: when the pledge lapses."""
    connected: bool = True


class NextStep(Part, frozen=True):
    """What comes next for a call and when (UC8). `people` is how many it would ask, as known now."""

    ring: RingName
    at: Millis
    people: Count
    waits_for_pledge: bool = False


class Entry(Part, frozen=True):
    """One place in a room's log. A reader who may not see it gets kind `gap` with no author and no text (CH2)."""

    seq: Seq
    kind: EntryKind
    at: Millis = 0
    author: Person | None = None
    text: str = ""
    experience: bool = False
    reply_to: Seq | None = None
    k: str | None = None
    """The author's own client key, sent to the author alone: the page joins it to the line it shows as sending."""


class GroupCard(Part, frozen=True):
    """What anyone may learn of a group (GR1)."""

    group: Id
    name: Name
    blurb: Words
    tags: list[Short]
    rules: Words
    questions: list[Short]
    size: SizeBand


class PersonPresence(Part, frozen=True):
    """One person in a small room (PR1, PR4, PR5)."""

    person: Person
    reach: ReachName
    open_to_calls: bool


class PresenceView(Part, frozen=True):
    """Who can be here now (PR5, PR6). Large rooms carry counts only: `people` is then empty."""

    version: Count
    now: Millis
    can_come: Count
    """Open to calls and reachable now, the reader left out."""
    quiet: Count
    standby: Count
    volunteers: Count
    """On-call volunteers on shift and reachable, who would be rung if nobody is here."""
    away_opted_in: Count
    people: list[PersonPresence]


class MyGroup(Part, frozen=True):
    """One group of the reader's own, as the reader sees it."""

    group: Id
    room: Id
    name: Name
    me: Id
    my_name: Name
    role: GroupRole
    state: Literal["active", "pending"]
    availability: AvailabilityState
    break_until: Millis | None
    introduced: bool
    rung_when_away: bool
    hidden: bool
    rules: Words
    head: Seq


class JoinRequest(Part, frozen=True):
    request: Id
    name: Name
    questions: list[Short]
    answers: list[Words]
    at: Millis


class JoinAnswer(Part, frozen=True):
    """A request of the reader's own that did not let them in: declined, with the moderator's reason if they gave one,
    or run out because nobody answered (GR2)."""

    request: Id
    group: Id
    group_name: Name
    answer: Literal["declined", "expired"]
    reason: Short


class ReportView(Part, frozen=True):
    report: Id
    reason: ReportReason
    words: Words
    about: Person
    group_name: Name
    entry_text: str
    at: Millis


class BlockView(Part, frozen=True):
    person: Person
    at: Millis


class AuditView(Part, frozen=True):
    """One line of the audit log: who did what to which call, never any words of it (OC2)."""

    seq: Seq
    at: Millis
    actor: str
    action: str
    subject: str


# ---------------------------------------------------------------- commands: the connection


class Hello(Frame, tag="hello", frozen=True):
    """First frame of every connection: a single-use ticket that is at most 30 s old, and the protocol version.

    `page` says what the connection is: the member page, the on-call page (its beats count as a volunteer at
    the desk) or another client. `visible` is false for a hidden tab or a locked phone (PR4).
    """

    k: Key
    ticket: Secret
    version: Count
    page: Literal["member", "oncall", "client"]
    visible: bool = True


class Beat(Frame, tag="beat", frozen=True):
    """Both ways. The server sends it; the page answers it at once with the same `n`, which renews the lease (PR3)."""

    n: Count


class Visible(Frame, tag="visible", frozen=True):
    """The page was shown or hidden (PR4); a hidden page is standby."""

    k: Key
    visible: bool


# ---------------------------------------------------------------- commands: groups


class FindGroups(Frame, tag="find_groups", frozen=True):
    """Search by keyword over public blurbs (GR1)."""

    k: Key
    words: Short


class CreateGroup(Frame, tag="create_group", frozen=True):
    """Make a group and become its first moderator (GR1, GR2)."""

    k: Key
    name: Name
    blurb: Words
    rules: Words
    my_name: Name
    tags: Annotated[list[Short], Meta(max_length=12)] = []
    questions: Annotated[list[Short], Meta(max_length=5)] = []


class MakeInvite(Frame, tag="make_invite", frozen=True):
    """A moderator or member makes a single-use link into the group (GR2). `ok.invite` is the secret part of it."""

    k: Key
    group: Id
    role: Literal["observer", "member"] = "member"


class LookAtInvite(Frame, tag="look_at_invite", frozen=True):
    """See what a single-use link leads to, before agreeing to it (GR2); the link stays unused. A wrong, a used and a
    run-out link hear one and the same refusal. Answered by `invited_to`, then `ok`."""

    k: Key
    invite: Secret


class UseInvite(Frame, tag="use_invite", frozen=True):
    """Join by a single-use link, under the name this group shall know (GR2, GR6, GR7)."""

    k: Key
    invite: Secret
    my_name: Name
    pledged: bool


class AskToJoin(Frame, tag="ask_to_join", frozen=True):
    """Ask a closed group to let one in: answers to its questions and a pledge to its guidelines (GR2)."""

    k: Key
    group: Id
    my_name: Name
    answers: Annotated[list[Words], Meta(max_length=5)]
    pledged: bool


class ListJoinRequests(Frame, tag="list_join_requests", frozen=True):
    k: Key
    group: Id


class DecideJoin(Frame, tag="decide_join", frozen=True):
    """A moderator admits or declines with a reason (GR2)."""

    k: Key
    request: Id
    admit: bool
    reason: Short = ""
    role: Literal["observer", "member"] = "member"


class DismissJoinAnswer(Frame, tag="dismiss_join_answer", frozen=True):
    """Whoever asked has read that they were not let in (GR2). The request is forgotten, its answers and its reason."""

    k: Key
    request: Id


class ListMembers(Frame, tag="list_members", frozen=True):
    """The people of one's own group (GR3, GR7)."""

    k: Key
    group: Id


class TakePart(Frame, tag="take_part", frozen=True):
    """An observer becomes a member by own choice (GR3)."""

    k: Key
    group: Id


class SetRole(Frame, tag="set_role", frozen=True):
    """A moderator changes the role of someone in the group (GR7)."""

    k: Key
    member: Id
    role: GroupRole


class RemoveMember(Frame, tag="remove_member", frozen=True):
    """A moderator removes a person (UC16); their sockets leave the room within 2 s."""

    k: Key
    member: Id


class LeaveGroup(Frame, tag="leave_group", frozen=True):
    k: Key
    group: Id


class FinishIntroduction(Frame, tag="finish_introduction", frozen=True):
    """The member read the peer introduction; only then can they be open to calls (PR1)."""

    k: Key
    group: Id


# ---------------------------------------------------------------- commands: rooms and chat


class OpenRoom(Frame, tag="open_room", frozen=True):
    """Read a room from a position on, live (CH2); without one, the last entries. Answered by `room_now`, then `ok`."""

    k: Key
    room: Id
    after: Position | None = None


class CloseRoom(Frame, tag="close_room", frozen=True):
    k: Key
    room: Id


class FetchEntries(Frame, tag="fetch_entries", frozen=True):
    """Older entries, or a gap: seq in `after < seq < before` (CH2). Answered by `entries`, then `ok`."""

    k: Key
    room: Id
    after: Seq
    before: Seq
    limit: Annotated[int, Meta(ge=1, le=200)] = 100


class Say(Frame, tag="say", frozen=True):
    """Write into a room. `ok` means committed (CH1); `ok.seq` is its place."""

    k: Key
    room: Id
    text: Text
    reply_to: Seq | None = None
    experience: bool = False


class DeleteEntry(Frame, tag="delete_entry", frozen=True):
    """The author takes an entry back: unreadable at once (CH3)."""

    k: Key
    room: Id
    seq: Seq


class HideEntry(Frame, tag="hide_entry", frozen=True):
    """A moderator hides an entry of the group's room (UC16)."""

    k: Key
    room: Id
    seq: Seq


class Typing(Frame, tag="typing", frozen=True):
    """A hint; not answered, not stored, first to be shed (CH4)."""

    room: Id


# ---------------------------------------------------------------- commands: availability


class SetAvailability(Frame, tag="set_availability", frozen=True):
    """Open to calls, quiet, or on a break until a time (PR1). Per group."""

    k: Key
    group: Id
    state: AvailabilityState
    until: Millis | None = None


class SetRungWhenAway(Frame, tag="set_rung_when_away", frozen=True):
    """Opt in to be called by notification when away (UC3, the 45 s ring)."""

    k: Key
    group: Id
    on: bool


class HidePresence(Frame, tag="hide_presence", frozen=True):
    """Not be shown as here, and still be rung (PR2)."""

    k: Key
    group: Id
    hidden: bool


# ---------------------------------------------------------------- commands: the urgent call


class RaiseCall(Frame, tag="raise_call", frozen=True):
    """ "I need someone now" (UC1). One press is one call, however often it is retried; a second press or device
    gets the running call. `only` narrows whom to ask (GR4); `volunteers_too` then says whether on-call may come."""

    k: Key
    group: Id
    words: Words = ""
    only: Annotated[list[Id], Meta(max_length=100)] | None = None
    volunteers_too: bool = True


class CardDelivered(Frame, tag="card_delivered", frozen=True):
    """The card is in the page, or the notification is shown (UC, recipient states)."""

    k: Key
    call: Id


class CardSeen(Frame, tag="card_seen", frozen=True):
    """The card was on a visible page."""

    k: Key
    call: Id


class AnswerCall(Frame, tag="answer_call", frozen=True):
    """`coming` is a 120 s pledge (UC4); `cant` is private (UC7); `withdraw` takes a pledge back."""

    k: Key
    call: Id
    answer: Literal["coming", "cant", "withdraw"]


class EnterCall(Frame, tag="enter_call", frozen=True):
    """The responder is in the call room on a visible page (UC5). Entering outranks a pledge (UC6)."""

    k: Key
    call: Id


class LeaveCall(Frame, tag="leave_call", frozen=True):
    """The responder leaves. `parted_well` parks a call whose caller is away (UC12)."""

    k: Key
    call: Id
    parted_well: bool = False


class ConfirmHere(Frame, tag="confirm_here", frozen=True):
    """The caller says that someone is here; offered while someone is in the room (UC5)."""

    k: Key
    call: Id


class CancelCall(Frame, tag="cancel_call", frozen=True):
    """The caller stops the call in one tap (UC9); may be undone within 60 s."""

    k: Key
    call: Id
    why: Literal["ok", "mistake"]


class UndoCancel(Frame, tag="undo_cancel", frozen=True):
    k: Key
    call: Id


class CloseCall(Frame, tag="close_call", frozen=True):
    """The caller ends the call and says how it is now; `more` goes straight to on-call instead (UC12)."""

    k: Key
    call: Id
    feeling: Feeling
    check_in: bool = False


class StillNeed(Frame, tag="still_need", frozen=True):
    """The caller came back to a parked call and was asked “still need someone?” (UC12)."""

    k: Key
    call: Id
    need: bool


class AnswerCheckIn(Frame, tag="answer_check_in", frozen=True):
    """The caller answered the next day's question, or put it away (UC12)."""

    k: Key
    call: Id


class NarrowCall(Frame, tag="narrow_call", frozen=True):
    """The caller narrows whom the call may still ask (UC16, GR4)."""

    k: Key
    call: Id
    only: Annotated[list[Id], Meta(max_length=100)]
    volunteers_too: bool = True


class RefuseHelper(Frame, tag="refuse_helper", frozen=True):
    """The caller does not want this person; they hear “enough people” (UC16)."""

    k: Key
    call: Id
    member: Id


class FetchOnCall(Frame, tag="fetch_on_call", frozen=True):
    """The caller or a responder brings in a volunteer now (UC16)."""

    k: Key
    call: Id


class DangerNow(Frame, tag="danger_now", frozen=True):
    """Danger now, one tap by either side (UC17): on-call and coordinator called, whatever the state."""

    k: Key
    call: Id


class StepAway(Frame, tag="step_away", frozen=True):
    """The caller used quick exit: the call stays alive, and the device is not contacted (CB4)."""

    k: Key
    call: Id


# ---------------------------------------------------------------- commands: on-call


class WatchDesk(Frame, tag="watch_desk", frozen=True):
    """A volunteer or coordinator opens the dashboard; `desk_now` follows whenever anything changes (OC1)."""

    k: Key


class SetShift(Frame, tag="set_shift", frozen=True):
    """Go on or off shift. On shift and at a live desk means rung; `backup` is the second line (UC3)."""

    k: Key
    on: bool
    backup: bool = False


class CloseAsVolunteer(Frame, tag="close_as_volunteer", frozen=True):
    """An accepted volunteer closes with a reason after the caller's silence (UC16)."""

    k: Key
    call: Id
    reason: Literal["handed_to_service", "caller_safe", "no_answer"]


class ReopenCall(Frame, tag="reopen_call", frozen=True):
    """A volunteer opens a parked or closed call again within the hour (UC16)."""

    k: Key
    call: Id


class ReadAudit(Frame, tag="read_audit", frozen=True):
    """A coordinator reads the audit log; the look itself is logged (OC2). Answered by `audit`, then `ok`."""

    k: Key
    after: Seq = 0


# ---------------------------------------------------------------- commands: care


class BlockMember(Frame, tag="block_member", frozen=True):
    """Block someone, on the server, in every path and both directions for calls (CB2)."""

    k: Key
    member: Id


class UnblockMember(Frame, tag="unblock_member", frozen=True):
    k: Key
    member: Id


class ListBlocks(Frame, tag="list_blocks", frozen=True):
    k: Key
    group: Id


class ReportMember(Frame, tag="report_member", frozen=True):
    """Report a person or one entry (CB3). The report carries the entry's text. The group's moderators read it; one
    about its only moderator, or about a volunteer, the coordinators do."""

    k: Key
    member: Id
    reason: ReportReason
    room: Id | None = None
    seq: Seq | None = None
    words: Words = ""


class ListReports(Frame, tag="list_reports", frozen=True):
    """Open reports of a group, for its moderators; without a group, those that wait for a coordinator (CB3)."""

    k: Key
    group: Id | None = None


class ResolveReport(Frame, tag="resolve_report", frozen=True):
    k: Key
    report: Id


Command = (
    Hello | Beat | Visible
    | FindGroups | CreateGroup | MakeInvite | LookAtInvite | UseInvite | AskToJoin | ListJoinRequests | DecideJoin
    | DismissJoinAnswer | ListMembers | TakePart | SetRole | RemoveMember | LeaveGroup | FinishIntroduction
    | OpenRoom | CloseRoom | FetchEntries | Say | DeleteEntry | HideEntry | Typing
    | SetAvailability | SetRungWhenAway | HidePresence
    | RaiseCall | CardDelivered | CardSeen | AnswerCall | EnterCall | LeaveCall | ConfirmHere | CancelCall | UndoCancel
    | CloseCall | StillNeed | AnswerCheckIn | NarrowCall | RefuseHelper | FetchOnCall | DangerNow | StepAway
    | WatchDesk | SetShift | CloseAsVolunteer | ReopenCall | ReadAudit
    | BlockMember | UnblockMember | ListBlocks | ReportMember | ListReports | ResolveReport
    | WitnessCommand
)  # fmt: skip


# ---------------------------------------------------------------- events


class Welcome(Frame, tag="welcome", frozen=True):
    """Answer to `hello`. Running calls follow at once as `my_call` and `card` (one snapshot is a reconnect)."""

    re: Key
    version: Count
    now: Millis
    volunteer: bool
    coordinator: bool
    on_shift: bool
    groups: list[MyGroup]
    undo_seconds: Count
    """How long a cancel may be undone (UC9)."""


class Ok(Frame, tag="ok", frozen=True):
    """Done, and committed. Only the fields that the command speaks of are set."""

    re: Key
    seq: Seq | None = None
    epoch: Count | None = None
    call: Id | None = None
    group: Id | None = None
    invite: Secret | None = None
    action: Id | None = None
    ticket: Secret | None = None
    saved: bool = True
    """False only for a call that rings while the store is down (UC15): "ringing, not saved yet"."""


class RefusedFrame(Frame, tag="refused", frozen=True):
    """Not done. `code` is one of a closed set; `sentence` and `do` are for the person (style.md, habit 9)."""

    re: Key | None
    code: str
    sentence: str
    do: str
    retry_after_ms: Millis | None = None


class GroupsNow(Frame, tag="groups_now", frozen=True):
    """The reader's own groups changed: the whole list again."""

    groups: list[MyGroup]


class FoundGroups(Frame, tag="found_groups", frozen=True):
    re: Key
    groups: list[GroupCard]


class InvitedTo(Frame, tag="invited_to", frozen=True):
    """The group that a link leads to: what a stranger may learn of it, and what it asks of newcomers (GR1, GR2)."""

    re: Key
    name: Name
    blurb: Words
    rules: Words
    questions: list[Short]


class Members(Frame, tag="members", frozen=True):
    re: Key
    group: Id
    people: list[Person]
    roles: list[GroupRole]


class JoinRequests(Frame, tag="join_requests", frozen=True):
    re: Key
    group: Id
    requests: list[JoinRequest]


class JoinAnswers(Frame, tag="join_answers", frozen=True):
    """The reader's own requests that did not let them in, whole; each until it is dismissed or they ask again (GR2).
    It follows a welcome when there are any, and comes with every `groups_now`. Sent to the asker alone."""

    answers: list[JoinAnswer]


class RoomNow(Frame, tag="room_now", frozen=True):
    """A room as it stands: head, epoch and the entries after the reader's position (or the last ones).

    `resumed` is false when the reader's position could not be continued and the page must replace what it has."""

    room: Id
    group: Id
    epoch: Count
    head: Seq
    resumed: bool
    entries: list[Entry]


class Entries(Frame, tag="entries", frozen=True):
    """Entries asked for with `fetch_entries`: the newest of them that fit one reply. What is missing before them is
    asked for again."""

    re: Key
    room: Id
    epoch: Count
    entries: list[Entry]


class EntryAdded(Frame, tag="entry_added", frozen=True):
    """One new entry. A reader whose last seq is not `entry.seq - 1` has a gap and fetches it (CH2)."""

    room: Id
    epoch: Count
    entry: Entry


class EntryChanged(Frame, tag="entry_changed", frozen=True):
    """An entry was deleted or hidden: replace it (CH3)."""

    room: Id
    epoch: Count
    entry: Entry


class Resync(Frame, tag="resync", frozen=True):
    """The reader missed something (slow line, or ahead of the server): open the room again from what it holds."""

    room: Id


class TypingNow(Frame, tag="typing_now", frozen=True):
    room: Id
    person: Person


class PresenceNow(Frame, tag="presence_now", frozen=True):
    """Who can be here, whole; newer `version` replaces older (PR5)."""

    group: Id
    presence: PresenceView


class MyCall(Frame, tag="my_call", frozen=True):
    """The caller's own call, whole (UC8). Facts that carry; never how many looked or declined.

    `asked` counts people whose device has the card. `failsafe` is none until the fail-safe screen is due, then says
    which is true: somebody pledged and is not here yet, or nobody has picked up. `saved` is UC15's truth.
    """

    call: Id
    version: Count
    now: Millis
    group: Id
    room: Id
    standing: Standing
    words: Words
    raised_at: Millis
    waiting_since: Millis
    attempt: Count
    saved: bool
    asked: Count
    targeted: Count
    helpers: list[Helper]
    """Those coming, in the room, here; never those who looked or declined."""
    next: list[NextStep]
    failsafe: Failsafe
    can_confirm_here: bool
    undo_until: Millis | None
    danger: bool
    offer_close: bool
    """Held for 60 min: offer to close or hand off (UC12)."""
    ask_still_need: bool
    """The caller came back to a parked call (UC12)."""
    repeat: bool
    """Fourth press within an hour: on-call sounds first (UC9)."""
    ended: Ended = "no"


class Card(Frame, tag="card", frozen=True):
    """A call as one responder sees it: the card, then the room (UC2, UC5, UC6). Whole; newer version replaces older.

    `sound_at` is when this device may begin to sound: at once for those asked first, later for the rest, never
    (none) for a quiet card. `stood_down` is none while the card asks; else why it no longer does.
    """

    call: Id
    version: Count
    now: Millis
    group: Id
    group_name: Name
    me: Id
    my_name: Name
    as_volunteer: bool
    caller: Person
    words: Words
    raised_at: Millis
    standing: Standing
    mine: Answer
    ringing: Count
    """Which ringing this card is. A device acks each ringing anew with `card_delivered` and `card_seen`."""
    asked_first: bool
    sound_at: Millis | None
    pledge_until: Millis | None
    asked: Count
    helpers: list[Helper]
    room: Id | None
    """Set once this person may read the call room: in the room, here, or accepted as a volunteer."""
    stood_down: StoodDown
    caller_lost_since: Millis | None
    caller_stepped_away: bool
    prompt: Prompt
    danger: bool
    debrief: bool
    """The call ended and this person was here: offer a moment to talk (UC17)."""


class CheckIn(Frame, tag="check_in", frozen=True):
    """The day after a call, with the caller's consent: "how are you?" (UC12). It may be ignored."""

    call: Id
    group: Id
    group_name: Name
    ended_at: Millis


class CardGone(Frame, tag="card_gone", frozen=True):
    """This call is no longer this person's to see."""

    call: Id


class DeskRow(Part, frozen=True):
    """One call on the dashboard: facts, no words (OC1, OC2)."""

    call: Id
    version: Count
    group_name: Name
    caller_name: Name
    raised_at: Millis
    no_human_since: Millis | None
    """None while held: sorted by the longest wait first."""
    standing: Standing
    attempt: Count
    ring: Annotated[int, Meta(ge=0, le=9)]
    next: NextStep | None
    targeted: Count
    delivered: Count
    seen: Count
    cant: Count
    helpers: list[Helper]
    pinned: list[Pin]
    caller_lost_since: Millis | None
    follow_up_at: Millis | None
    mine: Literal["none"] | Answer
    sounds: bool
    """Ring this desk until it is answered."""
    can_accept: bool
    saved: bool


class DeskNow(Frame, tag="desk_now", frozen=True):
    """The dashboard, whole (OC1)."""

    version: Count
    now: Millis
    on_shift: bool
    backup: bool
    shift_since: Millis | None
    rows: list[DeskRow]
    actions: list[DeskAction]
    """Live witnessed actions of every group (OC5)."""
    volunteers_reachable: Count
    worst_lateness_ms: Millis
    """How late the latest deadline of this process was handled."""
    reports: Count = 0
    """Reports that wait for this coordinator (CB3)."""
    deadlines_late: Count = 0
    """Deadlines that are over 5 s late now, as the auditor says (OC7)."""
    auditor_silent: bool = False
    """An auditor is expected, and was not heard for 15 s."""


class Audit(Frame, tag="audit", frozen=True):
    re: Key
    lines: list[AuditView]
    intact: bool
    """The chain over all lines was recomputed and holds."""


class Reports(Frame, tag="reports", frozen=True):
    re: Key
    group: Id | None
    reports: list[ReportView]


class Blocks(Frame, tag="blocks", frozen=True):
    re: Key
    group: Id
    blocks: list[BlockView]


class Revoked(Frame, tag="revoked", frozen=True):
    """This device was signed out elsewhere; the page forgets what it shows. The socket closes with 4001."""


Event = (
    Welcome | Ok | RefusedFrame | Beat | GroupsNow | FoundGroups | InvitedTo | Members | JoinRequests | JoinAnswers
    | RoomNow | Entries | EntryAdded | EntryChanged | Resync | TypingNow | PresenceNow | MyCall | CheckIn | Card
    | CardGone | DeskNow | Audit | Reports | Blocks | Revoked | WitnessEvent
)  # fmt: skip
