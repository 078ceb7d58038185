"""The frames of the witnessed action (WA1–WA8). Part of the protocol: see frames.py, which gathers all of it.

What the device seals never passes here: pictures go over the media socket as opaque chunks (docs/media.md).
Keys in these frames are public keys of devices and wrapped session keys, base64url; the server can open none of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from rooms.care import ReportReason
from server.wire.base import Count, Frame, Id, Key, Millis, Name, Part, Person, Short, Words

Deed = Literal["pour_out", "take_back", "throw_away", "delete", "walk_past", "contact", "hand_over"]
AnyDeed = Deed | Literal["ingest", "taper", "fast", "weigh", "self_harm", "other_people"]
Medium = Literal["video", "stills", "photo", "text"]
MediumWhy = Literal["", "line", "choice", "camera", "device"]
ActionStage = Literal["planned", "due", "gathering", "live", "attesting", "turned", "ended"]
ActionEnded = Literal["no", "completed", "unwitnessed", "stopped", "turned", "safety", "expired"]
WitnessState = Literal["joined", "present", "left"]
AttestWord = Literal["none", "saw", "could_not_see"]

PublicKey = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{87}\Z")]
"""A P-256 point, uncompressed: 65 bytes."""
WrappedKey = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{80}\Z")]
"""12 bytes of nonce, then 32 of AES-GCM ciphertext and 16 of tag."""
StepText = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]+\Z")]
LocalTime = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\Z")]
Zone = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+/-]{1,64}\Z")]
SHARES_AT_MOST = 64


# ---------------------------------------------------------------- parts


class Plan(Part, frozen=True):
    """For later, as local time and zone: a missing hour means the next valid minute, a doubled one the first."""

    local: LocalTime
    zone: Zone


class WitnessView(Part, frozen=True):
    """One witness as the member and the other witnesses see them. `present` is WA4's: a visible page that got
    something in the last 10 s. `looking` is for the member alone, whose picture it is."""

    person: Person
    state: WitnessState
    looking: bool = False
    with_you: bool = False
    word: AttestWord = "none"


class StepView(Part, frozen=True):
    at: Millis
    text: StepText


class DeviceKey(Part, frozen=True):
    """One page of a witness, and its public key. `device` is an id of that page in this action alone."""

    device: Id
    person: Person
    key: PublicKey


class KeyShare(Part, frozen=True):
    """The session key, wrapped for one device."""

    device: Id
    wrapped: WrappedKey


class RecordLine(Part, frozen=True):
    """One of the member's own records in the list. After deletion only that there was one (a tombstone)."""

    action: Id
    at: Millis
    deleted: bool
    deed: Deed | None = None
    words: Words = ""
    ended: ActionEnded = "no"
    entries: Count = 0
    witnesses: Count = 0


class DeskAction(Part, frozen=True):
    """One live witnessed action on the dashboard: facts, no words and no picture (OC5)."""

    action: Id
    version: Count
    group_name: Name
    name: Name
    deed: Deed
    medium: Medium
    stage: ActionStage
    since: Millis
    witnesses: Count
    present: Count
    pills: bool
    """On-call is told when it goes live (WA4)."""
    call: Id | None
    lost_since: Millis | None
    reports: Count
    can_end: bool


# ---------------------------------------------------------------- commands: the member


class DeclareAction(Frame, tag="declare_action", frozen=True):
    """ "Watch me do this" (WA1). The witnesses are asked at once, or with `plan` later. Deeds that must not be done in
    front of others are refused with `not_witnessed` (WA8). `ok.action` is its id."""

    k: Key
    group: Id
    deed: AnyDeed
    words: Words = ""
    medium: Medium = "video"
    wanted: Annotated[int, Meta(ge=1, le=5)] = 1
    pills: bool = False
    sound: bool = False
    only: Annotated[list[Id], Meta(max_length=100)] | None = None
    plan: Plan | None = None


class AskWitnesses(Frame, tag="ask_witnesses", frozen=True):
    """A planned one begins now (WA1)."""

    k: Key
    action: Id


class GoLive(Frame, tag="go_live", frozen=True):
    """Begin. Below the wished minimum only with `anyway` (WA4)."""

    k: Key
    action: Id
    anyway: bool = False


class SetMedium(Frame, tag="set_medium", frozen=True):
    """Another step of the ladder, and why (WA2)."""

    k: Key
    action: Id
    medium: Medium
    why: MediumWhy


class CutPicture(Frame, tag="cut_picture", frozen=True):
    """One tap cuts the picture for all; `cut: false` lets it go on (WA3)."""

    k: Key
    action: Id
    cut: bool


class SayStep(Frame, tag="say_step", frozen=True):
    """One step told in text (WA2). It goes into the record."""

    k: Key
    action: Id
    text: StepText


class DeclareDone(Frame, tag="declare_done", frozen=True):
    """The declared moment: those present now are asked what reached them (WA6)."""

    k: Key
    action: Id


class StopAction(Frame, tag="stop_action", frozen=True):
    """The member stops; no reason is asked (WA)."""

    k: Key
    action: Id


class RemoveWitness(Frame, tag="remove_witness", frozen=True):
    k: Key
    action: Id
    member: Id


class ShareKeys(Frame, tag="share_keys", frozen=True):
    """The session key of `epoch`, wrapped by the member's page for each device it knows of (WA3). More than 64 devices
    take more than one frame."""

    k: Key
    action: Id
    epoch: Annotated[int, Meta(ge=1, le=65_535)]
    key: PublicKey
    shares: Annotated[list[KeyShare], Meta(max_length=SHARES_AT_MOST)]


# ---------------------------------------------------------------- commands: a witness


class JoinAction(Frame, tag="join_action", frozen=True):
    """Be a witness. `key` is this page's own public key for this action; a reloaded page sends a new one."""

    k: Key
    action: Id
    key: PublicKey


class LeaveAction(Frame, tag="leave_action", frozen=True):
    k: Key
    action: Id


class Look(Frame, tag="look", frozen=True):
    """Choose to look, or look away (WA3). Without it not one byte of the picture is sent."""

    k: Key
    action: Id
    looking: bool


class Got(Frame, tag="got", frozen=True):
    """The witness's visible page got a frame or a step, and shows it (WA4). Sent every few seconds; not answered."""

    action: Id
    medium: Medium


class WithYou(Frame, tag="with_you", frozen=True):
    """ "I'm with you" (WA5)."""

    k: Key
    action: Id


class Attest(Frame, tag="attest", frozen=True):
    """What the witness says reached them: "I couldn't see" is a valid word (WA6)."""

    k: Key
    action: Id
    saw: bool


class ReportAction(Frame, tag="report_action", frozen=True):
    """Report it: the stream stops for the reporter, the moderators and the desk are told (WA3, OC5)."""

    k: Key
    action: Id
    reason: ReportReason
    words: Words = ""


# ---------------------------------------------------------------- commands: either side


class OpenMedia(Frame, tag="open_media", frozen=True):
    """A ticket for the media socket of this action: to send for the member, to watch for a witness who chose to look
    (WA3). `ok.ticket`; single-use, 30 s."""

    k: Key
    action: Id


class TurnIntoCall(Frame, tag="turn_into_call", frozen=True):
    """Either side turns it into an urgent call for the member (WA7). `ok.call` is set for the member alone."""

    k: Key
    action: Id


class EndForSafety(Frame, tag="end_for_safety", frozen=True):
    """A moderator of the group or on-call ends it."""

    k: Key
    action: Id


# ---------------------------------------------------------------- commands: records


class ListRecords(Frame, tag="list_records", frozen=True):
    """The member's own records (WA6). Answered by `records`, then `ok`."""

    k: Key


class ExportRecord(Frame, tag="export_record", frozen=True):
    """The sealed record as a file that `beside verify` checks (WA6). Answered by `record_file`, then `ok`."""

    k: Key
    action: Id


class DeleteRecord(Frame, tag="delete_record", frozen=True):
    """Delete the record for good; only that there was one remains (WA6)."""

    k: Key
    action: Id


# ---------------------------------------------------------------- events


class MyAction(Frame, tag="my_action", frozen=True):
    """The member's own witnessed action, whole; newer version replaces older."""

    action: Id
    version: Count
    now: Millis
    group: Id
    deed: Deed
    words: Words
    medium: Medium
    medium_why: MediumWhy
    sound: bool
    wanted: Count
    stage: ActionStage
    since: Millis
    until: Millis | None
    """When the stage ends by itself."""
    plan: Plan | None
    witnesses: list[WitnessView]
    """Who joined, in the order of joining; never who looked at the card and did not."""
    present: Count
    enough: bool
    steps: list[StepView]
    cut: bool
    pills: bool
    call: Id | None
    ended: ActionEnded


class ActionCard(Frame, tag="action_card", frozen=True):
    """A witnessed action as someone of its audience sees it; whole, newer version replaces older. Without `joined` it
    says who asks, for what, and how many are there, and no more."""

    action: Id
    version: Count
    now: Millis
    group: Id
    group_name: Name
    me: Id
    member: Person
    deed: Deed
    words: Words
    medium: Medium
    medium_why: MediumWhy
    sound: bool
    wanted: Count
    stage: ActionStage
    since: Millis
    until: Millis | None
    present: Count
    joined: bool
    looking: bool
    frozen: bool
    """The reader reported it."""
    with_you: bool
    asked_to_attest: bool
    word: AttestWord
    witnesses: list[WitnessView]
    steps: list[StepView]
    cut: bool
    lost_since: Millis | None
    """The member's connection is lost since."""
    turned: bool
    ended: ActionEnded


class ActionGone(Frame, tag="action_gone", frozen=True):
    """This action is no longer this person's to see."""

    action: Id


class DevicesNow(Frame, tag="devices_now", frozen=True):
    """To the member's page: every device of a witness, whole. It shares the session key with those it has not yet, and
    makes a new one when someone is gone (WA3). `epoch` is the newest that was shared, 0 for none: a page that was
    loaded anew, and has a key pair of its own, goes on with the next."""

    action: Id
    devices: list[DeviceKey]
    epoch: Count = 0


class KeysNow(Frame, tag="keys_now", frozen=True):
    """To one page of a witness: the member's public key, the session key wrapped for this page, and the list of devices
    as the member's page had it, for the safety word (WA3)."""

    action: Id
    epoch: Count
    key: PublicKey
    mine: Id
    wrapped: WrappedKey
    devices: list[DeviceKey]


class Records(Frame, tag="records", frozen=True):
    re: Key
    records: list[RecordLine]
    key: Short
    """The fingerprint of the server's record key."""


class RecordFile(Frame, tag="record_file", frozen=True):
    """An exported record: JSON text."""

    re: Key
    action: Id
    name: Short
    text: Annotated[str, Meta(max_length=120_000)]


WitnessCommand = (
    DeclareAction | AskWitnesses | GoLive | SetMedium | CutPicture | SayStep | DeclareDone | StopAction | RemoveWitness
    | ShareKeys | JoinAction | LeaveAction | Look | Got | WithYou | Attest | ReportAction | OpenMedia | TurnIntoCall
    | EndForSafety | ListRecords | ExportRecord | DeleteRecord
)  # fmt: skip

WitnessEvent = MyAction | ActionCard | ActionGone | DevicesNow | KeysNow | Records | RecordFile
