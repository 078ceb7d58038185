// Written by `python -m server.wire.generate` from server/wire/*.py and rooms/refusals.py.
// Do not edit: change those and run it again.

export const PROTOCOL_VERSION = 1;
export const MAX_FRAME_BYTES = 16384;

/** Someone as others in one group see them. `badge` is server state; no name can imitate it (GR7). */
export interface Person {
  member: string;
  name: string;
  badge: "moderator" | "none" | "volunteer";
  simulated: boolean;
}

/** Where a reader is in a room: the epoch it read in, and the last seq it holds (CH2). */
export interface Position {
  epoch: number;
  seq: number;
}

/** Someone who answered a call: since when in this state, and for a pledge until when (UC4, UC5). */
export interface Helper {
  person: Person;
  answer: "asked" | "cant" | "coming" | "here" | "in_room" | "lapsed" | "left" | "withdrawn";
  since: number;
  /** Only while coming: when the pledge lapses. */
  until: number | null;
  connected: boolean;
}

/** What comes next for a call and when (UC8). `people` is how many it would ask, as known now. */
export interface NextStep {
  ring: "again" | "away" | "backup" | "peers" | "volunteers";
  at: number;
  people: number;
  waits_for_pledge: boolean;
}

/** One place in a room's log. A reader who may not see it gets kind `gap` with no author and no text (CH2). */
export interface Entry {
  seq: number;
  kind: "deleted" | "gap" | "hidden" | "joined" | "left" | "said";
  at: number;
  author: Person | null;
  text: string;
  experience: boolean;
  reply_to: number | null;
  /** The author's own client key, sent to the author alone: the page joins it to the line it shows as sending. */
  k: string | null;
}

/** What anyone may learn of a group (GR1). */
export interface GroupCard {
  group: string;
  name: string;
  blurb: string;
  tags: string[];
  rules: string;
  questions: string[];
  size: "10 to 50" | "over 50" | "under 10";
}

/** One person in a small room (PR1, PR4, PR5). */
export interface PersonPresence {
  person: Person;
  reach: "away" | "live" | "standby";
  open_to_calls: boolean;
}

/** Who can be here now (PR5, PR6). Large rooms carry counts only: `people` is then empty. */
export interface PresenceView {
  version: number;
  now: number;
  /** Open to calls and reachable now, the reader left out. */
  can_come: number;
  quiet: number;
  standby: number;
  /** On-call volunteers on shift and reachable, who would be rung if nobody is here. */
  volunteers: number;
  away_opted_in: number;
  people: PersonPresence[];
}

/** One group of the reader's own, as the reader sees it. */
export interface MyGroup {
  group: string;
  room: string;
  name: string;
  me: string;
  my_name: string;
  role: "member" | "moderator" | "observer";
  state: "active" | "pending";
  availability: "break" | "open" | "quiet";
  break_until: number | null;
  introduced: boolean;
  rung_when_away: boolean;
  hidden: boolean;
  rules: string;
  head: number;
}

export interface JoinRequest {
  request: string;
  name: string;
  questions: string[];
  answers: string[];
  at: number;
}

/**
 * A request of the reader's own that did not let them in: declined, with the moderator's reason if they gave one,
 * or run out because nobody answered (GR2).
 */
export interface JoinAnswer {
  request: string;
  group: string;
  group_name: string;
  answer: "declined" | "expired";
  reason: string;
}

export interface ReportView {
  report: string;
  reason: "dumping" | "fixing" | "judging" | "pressuring" | "unwanted";
  words: string;
  about: Person;
  group_name: string;
  entry_text: string;
  at: number;
}

export interface BlockView {
  person: Person;
  at: number;
}

/** One line of the audit log: who did what to which call, never any words of it (OC2). */
export interface AuditView {
  seq: number;
  at: number;
  actor: string;
  action: string;
  subject: string;
}

/**
 * First frame of every connection: a single-use ticket that is at most 30 s old, and the protocol version.
 *
 * `page` says what the connection is: the member page, the on-call page (its beats count as a volunteer at
 * the desk) or another client. `visible` is false for a hidden tab or a locked phone (PR4).
 */
export interface Hello {
  t: "hello";
  k: string;
  ticket: string;
  version: number;
  page: "client" | "member" | "oncall";
  visible?: boolean;
}

/** Both ways. The server sends it; the page answers it at once with the same `n`, which renews the lease (PR3). */
export interface Beat {
  t: "beat";
  n: number;
}

/** The page was shown or hidden (PR4); a hidden page is standby. */
export interface Visible {
  t: "visible";
  k: string;
  visible: boolean;
}

/** Search by keyword over public blurbs (GR1). */
export interface FindGroups {
  t: "find_groups";
  k: string;
  words: string;
}

/** Make a group and become its first moderator (GR1, GR2). */
export interface CreateGroup {
  t: "create_group";
  k: string;
  name: string;
  blurb: string;
  rules: string;
  my_name: string;
  tags?: string[];
  questions?: string[];
}

/** A moderator or member makes a single-use link into the group (GR2). `ok.invite` is the secret part of it. */
export interface MakeInvite {
  t: "make_invite";
  k: string;
  group: string;
  role?: "member" | "observer";
}

/**
 * See what a single-use link leads to, before agreeing to it (GR2); the link stays unused. A wrong, a used and a
 * run-out link hear one and the same refusal. Answered by `invited_to`, then `ok`.
 */
export interface LookAtInvite {
  t: "look_at_invite";
  k: string;
  invite: string;
}

/** Join by a single-use link, under the name this group shall know (GR2, GR6, GR7). */
export interface UseInvite {
  t: "use_invite";
  k: string;
  invite: string;
  my_name: string;
  pledged: boolean;
}

/** Ask a closed group to let one in: answers to its questions and a pledge to its guidelines (GR2). */
export interface AskToJoin {
  t: "ask_to_join";
  k: string;
  group: string;
  my_name: string;
  answers: string[];
  pledged: boolean;
}

export interface ListJoinRequests {
  t: "list_join_requests";
  k: string;
  group: string;
}

/** A moderator admits or declines with a reason (GR2). */
export interface DecideJoin {
  t: "decide_join";
  k: string;
  request: string;
  admit: boolean;
  reason?: string;
  role?: "member" | "observer";
}

/** Whoever asked has read that they were not let in (GR2). The request is forgotten, its answers and its reason. */
export interface DismissJoinAnswer {
  t: "dismiss_join_answer";
  k: string;
  request: string;
}

/** The people of one's own group (GR3, GR7). */
export interface ListMembers {
  t: "list_members";
  k: string;
  group: string;
}

/** An observer becomes a member by own choice (GR3). */
export interface TakePart {
  t: "take_part";
  k: string;
  group: string;
}

/** A moderator changes the role of someone in the group (GR7). */
export interface SetRole {
  t: "set_role";
  k: string;
  member: string;
  role: "member" | "moderator" | "observer";
}

/** A moderator removes a person (UC16); their sockets leave the room within 2 s. */
export interface RemoveMember {
  t: "remove_member";
  k: string;
  member: string;
}

export interface LeaveGroup {
  t: "leave_group";
  k: string;
  group: string;
}

/** The member read the peer introduction; only then can they be open to calls (PR1). */
export interface FinishIntroduction {
  t: "finish_introduction";
  k: string;
  group: string;
}

/** Read a room from a position on, live (CH2); without one, the last entries. Answered by `room_now`, then `ok`. */
export interface OpenRoom {
  t: "open_room";
  k: string;
  room: string;
  after?: Position | null;
}

export interface CloseRoom {
  t: "close_room";
  k: string;
  room: string;
}

/** Older entries, or a gap: seq in `after < seq < before` (CH2). Answered by `entries`, then `ok`. */
export interface FetchEntries {
  t: "fetch_entries";
  k: string;
  room: string;
  after: number;
  before: number;
  limit?: number;
}

/** Write into a room. `ok` means committed (CH1); `ok.seq` is its place. */
export interface Say {
  t: "say";
  k: string;
  room: string;
  text: string;
  reply_to?: number | null;
  experience?: boolean;
}

/** The author takes an entry back: unreadable at once (CH3). */
export interface DeleteEntry {
  t: "delete_entry";
  k: string;
  room: string;
  seq: number;
}

/** A moderator hides an entry of the group's room (UC16). */
export interface HideEntry {
  t: "hide_entry";
  k: string;
  room: string;
  seq: number;
}

/** A hint; not answered, not stored, first to be shed (CH4). */
export interface Typing {
  t: "typing";
  room: string;
}

/** Open to calls, quiet, or on a break until a time (PR1). Per group. */
export interface SetAvailability {
  t: "set_availability";
  k: string;
  group: string;
  state: "break" | "open" | "quiet";
  until?: number | null;
}

/** Opt in to be called by notification when away (UC3, the 45 s ring). */
export interface SetRungWhenAway {
  t: "set_rung_when_away";
  k: string;
  group: string;
  on: boolean;
}

/** Not be shown as here, and still be rung (PR2). */
export interface HidePresence {
  t: "hide_presence";
  k: string;
  group: string;
  hidden: boolean;
}

/**
 * "I need someone now" (UC1). One press is one call, however often it is retried; a second press or device
 * gets the running call. `only` narrows whom to ask (GR4); `volunteers_too` then says whether on-call may come.
 */
export interface RaiseCall {
  t: "raise_call";
  k: string;
  group: string;
  words?: string;
  only?: string[] | null;
  volunteers_too?: boolean;
}

/** The card is in the page, or the notification is shown (UC, recipient states). */
export interface CardDelivered {
  t: "card_delivered";
  k: string;
  call: string;
}

/** The card was on a visible page. */
export interface CardSeen {
  t: "card_seen";
  k: string;
  call: string;
}

/** `coming` is a 120 s pledge (UC4); `cant` is private (UC7); `withdraw` takes a pledge back. */
export interface AnswerCall {
  t: "answer_call";
  k: string;
  call: string;
  answer: "cant" | "coming" | "withdraw";
}

/** The responder is in the call room on a visible page (UC5). Entering outranks a pledge (UC6). */
export interface EnterCall {
  t: "enter_call";
  k: string;
  call: string;
}

/** The responder leaves. `parted_well` parks a call whose caller is away (UC12). */
export interface LeaveCall {
  t: "leave_call";
  k: string;
  call: string;
  parted_well?: boolean;
}

/** The caller says that someone is here; offered while someone is in the room (UC5). */
export interface ConfirmHere {
  t: "confirm_here";
  k: string;
  call: string;
}

/** The caller stops the call in one tap (UC9); may be undone within 60 s. */
export interface CancelCall {
  t: "cancel_call";
  k: string;
  call: string;
  why: "mistake" | "ok";
}

export interface UndoCancel {
  t: "undo_cancel";
  k: string;
  call: string;
}

/** The caller ends the call and says how it is now; `more` goes straight to on-call instead (UC12). */
export interface CloseCall {
  t: "close_call";
  k: string;
  call: string;
  feeling: "better" | "more" | "same" | "worse";
  check_in?: boolean;
}

/** The caller came back to a parked call and was asked “still need someone?” (UC12). */
export interface StillNeed {
  t: "still_need";
  k: string;
  call: string;
  need: boolean;
}

/** The caller answered the next day's question, or put it away (UC12). */
export interface AnswerCheckIn {
  t: "answer_check_in";
  k: string;
  call: string;
}

/** The caller narrows whom the call may still ask (UC16, GR4). */
export interface NarrowCall {
  t: "narrow_call";
  k: string;
  call: string;
  only: string[];
  volunteers_too?: boolean;
}

/** The caller does not want this person; they hear “enough people” (UC16). */
export interface RefuseHelper {
  t: "refuse_helper";
  k: string;
  call: string;
  member: string;
}

/** The caller or a responder brings in a volunteer now (UC16). */
export interface FetchOnCall {
  t: "fetch_on_call";
  k: string;
  call: string;
}

/** Danger now, one tap by either side (UC17): on-call and coordinator called, whatever the state. */
export interface DangerNow {
  t: "danger_now";
  k: string;
  call: string;
}

/** The caller used quick exit: the call stays alive, and the device is not contacted (CB4). */
export interface StepAway {
  t: "step_away";
  k: string;
  call: string;
}

/** A volunteer or coordinator opens the dashboard; `desk_now` follows whenever anything changes (OC1). */
export interface WatchDesk {
  t: "watch_desk";
  k: string;
}

/** Go on or off shift. On shift and at a live desk means rung; `backup` is the second line (UC3). */
export interface SetShift {
  t: "set_shift";
  k: string;
  on: boolean;
  backup?: boolean;
}

/** An accepted volunteer closes with a reason after the caller's silence (UC16). */
export interface CloseAsVolunteer {
  t: "close_as_volunteer";
  k: string;
  call: string;
  reason: "caller_safe" | "handed_to_service" | "no_answer";
}

/** A volunteer opens a parked or closed call again within the hour (UC16). */
export interface ReopenCall {
  t: "reopen_call";
  k: string;
  call: string;
}

/** A coordinator reads the audit log; the look itself is logged (OC2). Answered by `audit`, then `ok`. */
export interface ReadAudit {
  t: "read_audit";
  k: string;
  after?: number;
}

/** Block someone, on the server, in every path and both directions for calls (CB2). */
export interface BlockMember {
  t: "block_member";
  k: string;
  member: string;
}

export interface UnblockMember {
  t: "unblock_member";
  k: string;
  member: string;
}

export interface ListBlocks {
  t: "list_blocks";
  k: string;
  group: string;
}

/**
 * Report a person or one entry (CB3). The report carries the entry's text. The group's moderators read it; one
 * about its only moderator, or about a volunteer, the coordinators do.
 */
export interface ReportMember {
  t: "report_member";
  k: string;
  member: string;
  reason: "dumping" | "fixing" | "judging" | "pressuring" | "unwanted";
  room?: string | null;
  seq?: number | null;
  words?: string;
}

/** Open reports of a group, for its moderators; without a group, those that wait for a coordinator (CB3). */
export interface ListReports {
  t: "list_reports";
  k: string;
  group?: string | null;
}

export interface ResolveReport {
  t: "resolve_report";
  k: string;
  report: string;
}

/** Answer to `hello`. Running calls follow at once as `my_call` and `card` (one snapshot is a reconnect). */
export interface Welcome {
  t: "welcome";
  re: string;
  version: number;
  now: number;
  volunteer: boolean;
  coordinator: boolean;
  on_shift: boolean;
  groups: MyGroup[];
  /** How long a cancel may be undone (UC9). */
  undo_seconds: number;
}

/** Done, and committed. Only the fields that the command speaks of are set. */
export interface Ok {
  t: "ok";
  re: string;
  seq: number | null;
  epoch: number | null;
  call: string | null;
  group: string | null;
  invite: string | null;
  action: string | null;
  ticket: string | null;
  /** False only for a call that rings while the store is down (UC15): "ringing, not saved yet". */
  saved: boolean;
}

/** Not done. `code` is one of a closed set; `sentence` and `do` are for the person (style.md, habit 9). */
export interface Refused {
  t: "refused";
  re: string | null;
  code: string;
  sentence: string;
  do: string;
  retry_after_ms: number | null;
}

/** The reader's own groups changed: the whole list again. */
export interface GroupsNow {
  t: "groups_now";
  groups: MyGroup[];
}

export interface FoundGroups {
  t: "found_groups";
  re: string;
  groups: GroupCard[];
}

/** The group that a link leads to: what a stranger may learn of it, and what it asks of newcomers (GR1, GR2). */
export interface InvitedTo {
  t: "invited_to";
  re: string;
  name: string;
  blurb: string;
  rules: string;
  questions: string[];
}

export interface Members {
  t: "members";
  re: string;
  group: string;
  people: Person[];
  roles: ("member" | "moderator" | "observer")[];
}

export interface JoinRequests {
  t: "join_requests";
  re: string;
  group: string;
  requests: JoinRequest[];
}

/**
 * The reader's own requests that did not let them in, whole; each until it is dismissed or they ask again (GR2).
 * It follows a welcome when there are any, and comes with every `groups_now`. Sent to the asker alone.
 */
export interface JoinAnswers {
  t: "join_answers";
  answers: JoinAnswer[];
}

/**
 * A room as it stands: head, epoch and the entries after the reader's position (or the last ones).
 *
 * `resumed` is false when the reader's position could not be continued and the page must replace what it has.
 */
export interface RoomNow {
  t: "room_now";
  room: string;
  group: string;
  epoch: number;
  head: number;
  resumed: boolean;
  entries: Entry[];
}

/**
 * Entries asked for with `fetch_entries`: the newest of them that fit one reply. What is missing before them is
 * asked for again.
 */
export interface Entries {
  t: "entries";
  re: string;
  room: string;
  epoch: number;
  entries: Entry[];
}

/** One new entry. A reader whose last seq is not `entry.seq - 1` has a gap and fetches it (CH2). */
export interface EntryAdded {
  t: "entry_added";
  room: string;
  epoch: number;
  entry: Entry;
}

/** An entry was deleted or hidden: replace it (CH3). */
export interface EntryChanged {
  t: "entry_changed";
  room: string;
  epoch: number;
  entry: Entry;
}

/** The reader missed something (slow line, or ahead of the server): open the room again from what it holds. */
export interface Resync {
  t: "resync";
  room: string;
}

export interface TypingNow {
  t: "typing_now";
  room: string;
  person: Person;
}

/** Who can be here, whole; newer `version` replaces older (PR5). */
export interface PresenceNow {
  t: "presence_now";
  group: string;
  presence: PresenceView;
}

/**
 * The caller's own call, whole (UC8). Facts that carry; never how many looked or declined.
 *
 * `asked` counts people whose device has the card. `failsafe` is none until the fail-safe screen is due, then says
 * which is true: somebody pledged and is not here yet, or nobody has picked up. `saved` is UC15's truth.
 */
export interface MyCall {
  t: "my_call";
  call: string;
  version: number;
  now: number;
  group: string;
  room: string;
  standing: "cancelled" | "closed" | "coming" | "held" | "open" | "parked";
  words: string;
  raised_at: number;
  waiting_since: number;
  attempt: number;
  saved: boolean;
  asked: number;
  targeted: number;
  /** Those coming, in the room, here; never those who looked or declined. */
  helpers: Helper[];
  next: NextStep[];
  failsafe: "nobody" | "none" | "pledged_not_here";
  can_confirm_here: boolean;
  undo_until: number | null;
  danger: boolean;
  /** Held for 60 min: offer to close or hand off (UC12). */
  offer_close: boolean;
  /** The caller came back to a parked call (UC12). */
  ask_still_need: boolean;
  /** Fourth press within an hour: on-call sounds first (UC9). */
  repeat: boolean;
  ended: "better" | "mistake" | "no" | "ok" | "same" | "volunteer" | "worse";
}

/**
 * A call as one responder sees it: the card, then the room (UC2, UC5, UC6). Whole; newer version replaces older.
 *
 * `sound_at` is when this device may begin to sound: at once for those asked first, later for the rest, never
 * (none) for a quiet card. `stood_down` is none while the card asks; else why it no longer does.
 */
export interface Card {
  t: "card";
  call: string;
  version: number;
  now: number;
  group: string;
  group_name: string;
  me: string;
  my_name: string;
  as_volunteer: boolean;
  caller: Person;
  words: string;
  raised_at: number;
  standing: "cancelled" | "closed" | "coming" | "held" | "open" | "parked";
  mine: "asked" | "cant" | "coming" | "here" | "in_room" | "lapsed" | "left" | "withdrawn";
  /** Which ringing this card is. A device acks each ringing anew with `card_delivered` and `card_seen`. */
  ringing: number;
  asked_first: boolean;
  sound_at: number | null;
  pledge_until: number | null;
  asked: number;
  helpers: Helper[];
  /** Set once this person may read the call room: in the room, here, or accepted as a volunteer. */
  room: string | null;
  stood_down: "ended" | "enough_people" | "mistake" | "no" | "they_are_ok";
  caller_lost_since: number | null;
  caller_stepped_away: boolean;
  prompt: "none" | "offer_close" | "they_are_silent" | "you_are_silent";
  danger: boolean;
  /** The call ended and this person was here: offer a moment to talk (UC17). */
  debrief: boolean;
}

/** The day after a call, with the caller's consent: "how are you?" (UC12). It may be ignored. */
export interface CheckIn {
  t: "check_in";
  call: string;
  group: string;
  group_name: string;
  ended_at: number;
}

/** This call is no longer this person's to see. */
export interface CardGone {
  t: "card_gone";
  call: string;
}

/** One call on the dashboard: facts, no words (OC1, OC2). */
export interface DeskRow {
  call: string;
  version: number;
  group_name: string;
  caller_name: string;
  raised_at: number;
  /** None while held: sorted by the longest wait first. */
  no_human_since: number | null;
  standing: "cancelled" | "closed" | "coming" | "held" | "open" | "parked";
  attempt: number;
  ring: number;
  next: NextStep | null;
  targeted: number;
  delivered: number;
  seen: number;
  cant: number;
  helpers: Helper[];
  pinned: ("danger" | "failsafe" | "follow_up" | "lapsed" | "lost" | "parked" | "repeat" | "silent")[];
  caller_lost_since: number | null;
  follow_up_at: number | null;
  mine: "none" | "asked" | "cant" | "coming" | "here" | "in_room" | "lapsed" | "left" | "withdrawn";
  /** Ring this desk until it is answered. */
  sounds: boolean;
  can_accept: boolean;
  saved: boolean;
}

/** The dashboard, whole (OC1). */
export interface DeskNow {
  t: "desk_now";
  version: number;
  now: number;
  on_shift: boolean;
  backup: boolean;
  shift_since: number | null;
  rows: DeskRow[];
  /** Live witnessed actions of every group (OC5). */
  actions: DeskAction[];
  volunteers_reachable: number;
  /** How late the latest deadline of this process was handled. */
  worst_lateness_ms: number;
  /** Reports that wait for this coordinator (CB3). */
  reports: number;
  /** Deadlines that are over 5 s late now, as the auditor says (OC7). */
  deadlines_late: number;
  /** An auditor is expected, and was not heard for 15 s. */
  auditor_silent: boolean;
}

export interface Audit {
  t: "audit";
  re: string;
  lines: AuditView[];
  /** The chain over all lines was recomputed and holds. */
  intact: boolean;
}

export interface Reports {
  t: "reports";
  re: string;
  group: string | null;
  reports: ReportView[];
}

export interface Blocks {
  t: "blocks";
  re: string;
  group: string;
  blocks: BlockView[];
}

/** This device was signed out elsewhere; the page forgets what it shows. The socket closes with 4001. */
export interface Revoked {
  t: "revoked";
}

/** For later, as local time and zone: a missing hour means the next valid minute, a doubled one the first. */
export interface Plan {
  local: string;
  zone: string;
}

/**
 * One witness as the member and the other witnesses see them. `present` is WA4's: a visible page that got
 * something in the last 10 s. `looking` is for the member alone, whose picture it is.
 */
export interface WitnessView {
  person: Person;
  state: "joined" | "left" | "present";
  looking: boolean;
  with_you: boolean;
  word: "could_not_see" | "none" | "saw";
}

export interface StepView {
  at: number;
  text: string;
}

/** One page of a witness, and its public key. `device` is an id of that page in this action alone. */
export interface DeviceKey {
  device: string;
  person: Person;
  key: string;
}

/** The session key, wrapped for one device. */
export interface KeyShare {
  device: string;
  wrapped: string;
}

/** One of the member's own records in the list. After deletion only that there was one (a tombstone). */
export interface RecordLine {
  action: string;
  at: number;
  deleted: boolean;
  deed: "contact" | "delete" | "hand_over" | "pour_out" | "take_back" | "throw_away" | "walk_past" | null;
  words: string;
  ended: "completed" | "expired" | "no" | "safety" | "stopped" | "turned" | "unwitnessed";
  entries: number;
  witnesses: number;
}

/** One live witnessed action on the dashboard: facts, no words and no picture (OC5). */
export interface DeskAction {
  action: string;
  version: number;
  group_name: string;
  name: string;
  deed: "contact" | "delete" | "hand_over" | "pour_out" | "take_back" | "throw_away" | "walk_past";
  medium: "photo" | "stills" | "text" | "video";
  stage: "attesting" | "due" | "ended" | "gathering" | "live" | "planned" | "turned";
  since: number;
  witnesses: number;
  present: number;
  /** On-call is told when it goes live (WA4). */
  pills: boolean;
  call: string | null;
  lost_since: number | null;
  reports: number;
  can_end: boolean;
}

/**
 * "Watch me do this" (WA1). The witnesses are asked at once, or with `plan` later. Deeds that must not be done in
 * front of others are refused with `not_witnessed` (WA8). `ok.action` is its id.
 */
export interface DeclareAction {
  t: "declare_action";
  k: string;
  group: string;
  deed: "contact" | "delete" | "hand_over" | "pour_out" | "take_back" | "throw_away" | "walk_past" | "fast" | "ingest" | "other_people" | "self_harm" | "taper" | "weigh";
  words?: string;
  medium?: "photo" | "stills" | "text" | "video";
  wanted?: number;
  pills?: boolean;
  sound?: boolean;
  only?: string[] | null;
  plan?: Plan | null;
}

/** A planned one begins now (WA1). */
export interface AskWitnesses {
  t: "ask_witnesses";
  k: string;
  action: string;
}

/** Begin. Below the wished minimum only with `anyway` (WA4). */
export interface GoLive {
  t: "go_live";
  k: string;
  action: string;
  anyway?: boolean;
}

/** Another step of the ladder, and why (WA2). */
export interface SetMedium {
  t: "set_medium";
  k: string;
  action: string;
  medium: "photo" | "stills" | "text" | "video";
  why: "" | "camera" | "choice" | "device" | "line";
}

/** One tap cuts the picture for all; `cut: false` lets it go on (WA3). */
export interface CutPicture {
  t: "cut_picture";
  k: string;
  action: string;
  cut: boolean;
}

/** One step told in text (WA2). It goes into the record. */
export interface SayStep {
  t: "say_step";
  k: string;
  action: string;
  text: string;
}

/** The declared moment: those present now are asked what reached them (WA6). */
export interface DeclareDone {
  t: "declare_done";
  k: string;
  action: string;
}

/** The member stops; no reason is asked (WA). */
export interface StopAction {
  t: "stop_action";
  k: string;
  action: string;
}

export interface RemoveWitness {
  t: "remove_witness";
  k: string;
  action: string;
  member: string;
}

/**
 * The session key of `epoch`, wrapped by the member's page for each device it knows of (WA3). More than 64 devices
 * take more than one frame.
 */
export interface ShareKeys {
  t: "share_keys";
  k: string;
  action: string;
  epoch: number;
  key: string;
  shares: KeyShare[];
}

/** Be a witness. `key` is this page's own public key for this action; a reloaded page sends a new one. */
export interface JoinAction {
  t: "join_action";
  k: string;
  action: string;
  key: string;
}

export interface LeaveAction {
  t: "leave_action";
  k: string;
  action: string;
}

/** Choose to look, or look away (WA3). Without it not one byte of the picture is sent. */
export interface Look {
  t: "look";
  k: string;
  action: string;
  looking: boolean;
}

/** The witness's visible page got a frame or a step, and shows it (WA4). Sent every few seconds; not answered. */
export interface Got {
  t: "got";
  action: string;
  medium: "photo" | "stills" | "text" | "video";
}

/** "I'm with you" (WA5). */
export interface WithYou {
  t: "with_you";
  k: string;
  action: string;
}

/** What the witness says reached them: "I couldn't see" is a valid word (WA6). */
export interface Attest {
  t: "attest";
  k: string;
  action: string;
  saw: boolean;
}

/** Report it: the stream stops for the reporter, the moderators and the desk are told (WA3, OC5). */
export interface ReportAction {
  t: "report_action";
  k: string;
  action: string;
  reason: "dumping" | "fixing" | "judging" | "pressuring" | "unwanted";
  words?: string;
}

/**
 * A ticket for the media socket of this action: to send for the member, to watch for a witness who chose to look
 * (WA3). `ok.ticket`; single-use, 30 s.
 */
export interface OpenMedia {
  t: "open_media";
  k: string;
  action: string;
}

/** Either side turns it into an urgent call for the member (WA7). `ok.call` is set for the member alone. */
export interface TurnIntoCall {
  t: "turn_into_call";
  k: string;
  action: string;
}

/** A moderator of the group or on-call ends it. */
export interface EndForSafety {
  t: "end_for_safety";
  k: string;
  action: string;
}

/** The member's own records (WA6). Answered by `records`, then `ok`. */
export interface ListRecords {
  t: "list_records";
  k: string;
}

/** The sealed record as a file that `beside verify` checks (WA6). Answered by `record_file`, then `ok`. */
export interface ExportRecord {
  t: "export_record";
  k: string;
  action: string;
}

/** Delete the record for good; only that there was one remains (WA6). */
export interface DeleteRecord {
  t: "delete_record";
  k: string;
  action: string;
}

/** The member's own witnessed action, whole; newer version replaces older. */
export interface MyAction {
  t: "my_action";
  action: string;
  version: number;
  now: number;
  group: string;
  deed: "contact" | "delete" | "hand_over" | "pour_out" | "take_back" | "throw_away" | "walk_past";
  words: string;
  medium: "photo" | "stills" | "text" | "video";
  medium_why: "" | "camera" | "choice" | "device" | "line";
  sound: boolean;
  wanted: number;
  stage: "attesting" | "due" | "ended" | "gathering" | "live" | "planned" | "turned";
  since: number;
  /** When the stage ends by itself. */
  until: number | null;
  plan: Plan | null;
  /** Who joined, in the order of joining; never who looked at the card and did not. */
  witnesses: WitnessView[];
  present: number;
  enough: boolean;
  steps: StepView[];
  cut: boolean;
  pills: boolean;
  call: string | null;
  ended: "completed" | "expired" | "no" | "safety" | "stopped" | "turned" | "unwitnessed";
}

/**
 * A witnessed action as someone of its audience sees it; whole, newer version replaces older. Without `joined` it
 * says who asks, for what, and how many are there, and no more.
 */
export interface ActionCard {
  t: "action_card";
  action: string;
  version: number;
  now: number;
  group: string;
  group_name: string;
  me: string;
  member: Person;
  deed: "contact" | "delete" | "hand_over" | "pour_out" | "take_back" | "throw_away" | "walk_past";
  words: string;
  medium: "photo" | "stills" | "text" | "video";
  medium_why: "" | "camera" | "choice" | "device" | "line";
  sound: boolean;
  wanted: number;
  stage: "attesting" | "due" | "ended" | "gathering" | "live" | "planned" | "turned";
  since: number;
  until: number | null;
  present: number;
  joined: boolean;
  looking: boolean;
  /** The reader reported it. */
  frozen: boolean;
  with_you: boolean;
  asked_to_attest: boolean;
  word: "could_not_see" | "none" | "saw";
  witnesses: WitnessView[];
  steps: StepView[];
  cut: boolean;
  /** The member's connection is lost since. */
  lost_since: number | null;
  turned: boolean;
  ended: "completed" | "expired" | "no" | "safety" | "stopped" | "turned" | "unwitnessed";
}

/** This action is no longer this person's to see. */
export interface ActionGone {
  t: "action_gone";
  action: string;
}

/**
 * To the member's page: every device of a witness, whole. It shares the session key with those it has not yet, and
 * makes a new one when someone is gone (WA3). `epoch` is the newest that was shared, 0 for none: a page that was
 * loaded anew, and has a key pair of its own, goes on with the next.
 */
export interface DevicesNow {
  t: "devices_now";
  action: string;
  devices: DeviceKey[];
  epoch: number;
}

/**
 * To one page of a witness: the member's public key, the session key wrapped for this page, and the list of devices
 * as the member's page had it, for the safety word (WA3).
 */
export interface KeysNow {
  t: "keys_now";
  action: string;
  epoch: number;
  key: string;
  mine: string;
  wrapped: string;
  devices: DeviceKey[];
}

export interface Records {
  t: "records";
  re: string;
  records: RecordLine[];
  /** The fingerprint of the server's record key. */
  key: string;
}

/** An exported record: JSON text. */
export interface RecordFile {
  t: "record_file";
  re: string;
  action: string;
  name: string;
  text: string;
}

export type Command =
  | Hello
  | Beat
  | Visible
  | FindGroups
  | CreateGroup
  | MakeInvite
  | LookAtInvite
  | UseInvite
  | AskToJoin
  | ListJoinRequests
  | DecideJoin
  | DismissJoinAnswer
  | ListMembers
  | TakePart
  | SetRole
  | RemoveMember
  | LeaveGroup
  | FinishIntroduction
  | OpenRoom
  | CloseRoom
  | FetchEntries
  | Say
  | DeleteEntry
  | HideEntry
  | Typing
  | SetAvailability
  | SetRungWhenAway
  | HidePresence
  | RaiseCall
  | CardDelivered
  | CardSeen
  | AnswerCall
  | EnterCall
  | LeaveCall
  | ConfirmHere
  | CancelCall
  | UndoCancel
  | CloseCall
  | StillNeed
  | AnswerCheckIn
  | NarrowCall
  | RefuseHelper
  | FetchOnCall
  | DangerNow
  | StepAway
  | WatchDesk
  | SetShift
  | CloseAsVolunteer
  | ReopenCall
  | ReadAudit
  | BlockMember
  | UnblockMember
  | ListBlocks
  | ReportMember
  | ListReports
  | ResolveReport
  | DeclareAction
  | AskWitnesses
  | GoLive
  | SetMedium
  | CutPicture
  | SayStep
  | DeclareDone
  | StopAction
  | RemoveWitness
  | ShareKeys
  | JoinAction
  | LeaveAction
  | Look
  | Got
  | WithYou
  | Attest
  | ReportAction
  | OpenMedia
  | TurnIntoCall
  | EndForSafety
  | ListRecords
  | ExportRecord
  | DeleteRecord;

export type Event =
  | Welcome
  | Ok
  | Refused
  | Beat
  | GroupsNow
  | FoundGroups
  | InvitedTo
  | Members
  | JoinRequests
  | JoinAnswers
  | RoomNow
  | Entries
  | EntryAdded
  | EntryChanged
  | Resync
  | TypingNow
  | PresenceNow
  | MyCall
  | CheckIn
  | Card
  | CardGone
  | DeskNow
  | Audit
  | Reports
  | Blocks
  | Revoked
  | MyAction
  | ActionCard
  | ActionGone
  | DevicesNow
  | KeysNow
  | Records
  | RecordFile;

// ---------------------------------------------------------------- bodies of HTTP requests (JSON)

export interface SignUp {
  login: string;
  passphrase: string;
  /** Self-declared. False is answered with `under_age`, and the page shows youth lines (CB6). */
  adult: boolean;
}

export interface SignIn {
  login: string;
  passphrase: string;
}

export interface Recover {
  login: string;
  code: string;
  new_passphrase: string;
}

export interface FirstCoordinator {
  token: string;
  login: string;
  passphrase: string;
  adult: boolean;
}

export interface Me {
  login: string;
  volunteer: boolean;
  coordinator: boolean;
  /** After quick exit: reading needs the passphrase, pressing the call does not (CB4). */
  locked: boolean;
  groups: number;
}

export interface SignedIn {
  me: Me;
  recovery_codes?: string[];
}

export interface Ticket {
  ticket: string;
  expires_at: number;
}

export interface UrgentPost {
  k: string;
  group: string;
  words?: string;
  only?: string[] | null;
  volunteers_too?: boolean;
}

export interface UrgentReply {
  call: string;
  saved: boolean;
}

export interface LeavePost {
  call?: string | null;
}

export interface Unlock {
  passphrase: string;
}

export interface PushKey {
  public_key: string;
}

export interface PushKeys {
  p256dh: string;
  auth: string;
}

export interface PushSubscriptionBody {
  endpoint: string;
  keys: PushKeys;
}

export interface PushShown {
  /** Came inside the sealed push; proves which page of which call it is, without a cookie. */
  token: string;
}

export interface Device {
  device: string;
  made_at: number;
  seen_at: number;
  this: boolean;
}

export interface Devices {
  devices: Device[];
}

export interface RevokeDevice {
  device: string;
}

export interface Problem {
  code: string;
  sentence: string;
  do: string;
}

export interface Helpline {
  kind: "crisis" | "emergency" | "substance" | "text" | "youth";
  name: string;
  number: string;
  source: string;
  /** Day the number was last checked at its source (YYYY-MM-DD). */
  checked: string;
  verified: boolean;
}

/** The server restarts. Come back after the hint in the reason (ms). */
export const CLOSE_DRAINING = 1012;
/** This device was signed out. Sign in again. */
export const CLOSE_REVOKED = 4001;
/** Frames that are not of the protocol, again and again. Reload the page. */
export const CLOSE_BAD_FRAME = 4002;
/** This page is of another version. Reload it. */
export const CLOSE_BAD_VERSION = 4003;
/** The ticket was used, foreign or too old. Fetch a new one. */
export const CLOSE_BAD_TICKET = 4004;
/** The first frame did not come in time, or was not hello. */
export const CLOSE_NO_HELLO = 4005;
/** No beat was answered for too long (PR3). Come back when awake. */
export const CLOSE_SILENT = 4006;
/** Far more frames than a person can cause. Come back later. */
export const CLOSE_TOO_FAST = 4007;
/** So many pages of this person are open that the one idle for longest was closed. Reload it to use it. */
export const CLOSE_TOO_MANY = 4008;
/** No place is free for this socket now. Come back after a while. */
export const CLOSE_CROWDED = 4009;
/** Media: another page of this person sends for the action now. */
export const CLOSE_TAKEN_OVER = 4010;
/** Media: what gave the right to send or watch has ended. The main socket says what. */
export const CLOSE_NO_RIGHT = 4011;
/** After these a page does not come back by itself. */
export const CLOSED_FOR_GOOD: readonly number[] = [4001, 4002, 4003, 4008, 4010, 4011];

/** What the server says when it says no: [what happened, what to do next]. */
export const REFUSALS = {
  bad_frame: ["That message did not make sense to us.", "Reload the page and try again."],
  too_fast: ["That was a lot at once.", "Wait a moment and try again."],
  not_signed_in: ["You are not signed in here.", "Sign in again."],
  not_allowed: ["You cannot do that here.", "Ask a moderator of the group if you think you should."],
  not_found: ["We cannot find that, or you cannot see it.", "Go back and look again."],
  locked: ["Reading is locked on this device.", "Give your passphrase to read. You can still ask for someone."],
  already_done: ["That was already done.", "There is nothing more to do."],
  key_reused: ["That key was used for something else.", "Use a new key for a new action."],
  name_not_allowed: ["That name cannot be used.", "Use letters and numbers that cannot be taken for a role or for someone else."],
  name_taken: ["Someone already has that name, or one that looks like it.", "Choose another name."],
  wrong_words: ["That name and passphrase do not fit.", "Try again, or use a recovery code."],
  invite_spent: ["That link was used or has run out.", "Ask for a new one."],
  pledge_needed: ["The group asks you to agree to its guidelines first.", "Read them, tick the box and send again."],
  introduction_needed: ["Before people can ring you, there is a short introduction.", "Read it; it takes two minutes."],
  observers_read: ["You are reading along for now.", "Choose “Take part” when you want to write."],
  under_age: ["Beside is for adults.", "There are lines for young people; we show them here."],
  pledge_spent: ["You already said that you are coming, this time.", "Go in when you can; that counts."],
  taken: ["They have enough people just now, thank you.", "Stay around; they may need someone later."],
  they_are_ok: ["They stopped the call themselves. Thank you for coming.", "There is nothing more to do."],
  call_over: ["This call has ended.", "There is nothing more to do."],
  too_late: ["It is too late to take that back.", "You can ask again."],
  enough_people: ["They have enough people just now, thank you.", "There is nothing more to do."],
  nobody_to_tell: ["Nobody but them looks after this group, so nobody could read that.", "You can block them, or leave the group."],
  not_on_shift: ["You are not on shift.", "Go on shift first."],
  not_witnessed: ["This is not something to do in front of others, and we will not watch it.", "You do not have to be alone with it. You can ask for someone now."],
  not_enough_witnesses: ["Fewer people are with you than you wanted.", "Wait for them, begin all the same, or ask for someone now."],
  action_over: ["This has ended.", "There is nothing more to do."],
  witnesses_full: ["They have enough witnesses, thank you.", "There is nothing more to do."],
  one_at_a_time: ["You have one running already.", "Finish or stop that one first."],
  not_present: ["Only those who were there at that moment can say what they saw.", "There is nothing more to do."],
  record_broken: ["This record is not whole any more, so we do not put our name to it.", "Tell whoever runs this server; they may have a copy."],
  not_a_time: ["We cannot find that time on a clock, or it has passed.", "Choose another one."],
  not_saved: ["We could not save that just now.", "Keep the page open; we try again."],
} as const;

export type RefusalCode = keyof typeof REFUSALS;
