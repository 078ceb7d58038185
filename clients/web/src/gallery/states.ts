// Examples of what the pages can show, as the model would hold it: for looking, for axe, and for tests. Not in the build.
import { goneCard } from "../app/cards";
import { about, firstToken, gate, go, invited } from "../app/place";
import { press } from "../app/urgent";
import { shiftCount } from "../device/exit";
import { countries } from "../device/helplines";
import { plan } from "../device/plan";
import { country, usualGroup } from "../device/prefs";
import { sample } from "../model/clock";
import { emptyLog } from "../model/log";
import { apply, cards, checkIns, desk, forgetAll, groups, line, me, myCall, otherCalls, presence, replying, rooms, search, typing } from "../model/model";
import type { Card, DeskNow, DeskRow, Entry, GroupCard, Helper, JoinAnswer, MyCall, Person, PresenceView } from "../wire/frames";
import { actionPresses, actionStates, deskActions, noActions } from "./actions";
import { NOW, aGroup, id, person } from "./base";

export { NOW, aGroup, person } from "./base";

export const helper = (name: string, answer: Helper["answer"], more: Partial<Helper> = {}): Helper => ({
  person: person(name), answer, since: NOW - 90_000, until: answer === "coming" ? NOW + 112_000 : null, connected: true, ...more,
});
export const entry = (seq: number, author: string, text: string, more: Partial<Entry> = {}): Entry => ({
  seq, kind: "said", at: NOW - 600_000 + seq * 60_000, author: person(author), text, experience: false, reply_to: null, k: null, ...more,
});
const inRoom = (name: string, open: boolean, reach: "live" | "standby" = "live") => ({ person: person(name), reach, open_to_calls: open });
export const somePeople: PresenceView = {
  version: 1, now: NOW, can_come: 4, quiet: 5, standby: 3, volunteers: 2, away_opted_in: 3,
  people: [
    ...["Maria", "Jo", "Tomas", "Lee"].map((name) => inRoom(name, true)),
    ...["Bo", "Kit", "Wren", "Sol", "Noor"].map((name) => inRoom(name, false)),
    ...["Ivo", "Rue", "Pat"].map((name) => inRoom(name, false, "standby")),
  ],
};
export const nobody: PresenceView = { ...somePeople, can_come: 0, quiet: 0, people: [] };

export const aCall: MyCall = {
  t: "my_call", call: id("call"), version: 1, now: NOW, group: aGroup.group, room: id("callroom"), standing: "open",
  words: "I’m outside the shop.", raised_at: NOW - 24_000, waiting_since: NOW - 24_000, attempt: 1, saved: true, asked: 4, targeted: 4,
  helpers: [],
  next: [
    { ring: "away", at: NOW + 21_000, people: 6, waits_for_pledge: false },
    { ring: "volunteers", at: NOW + 66_000, people: 2, waits_for_pledge: false },
    { ring: "backup", at: NOW + 156_000, people: 2, waits_for_pledge: false },
  ],
  failsafe: "none", can_confirm_here: false, undo_until: null, danger: false, offer_close: false, ask_still_need: false, repeat: false,
  ended: "no",
};
export const aCard: Card = {
  t: "card", call: id("call"), version: 1, now: NOW, group: aGroup.group, group_name: "Sober evenings", me: id("Maria"), my_name: "Maria",
  as_volunteer: false, caller: person("Ana"), words: "I’m outside the shop.", raised_at: NOW - 12_000, standing: "open", mine: "asked", ringing: 1,
  asked_first: true, sound_at: null, pledge_until: null, asked: 4, helpers: [], room: null, stood_down: "no", caller_lost_since: null,
  caller_stepped_away: false, prompt: "none", danger: false, debrief: false,
};
export const aRow: DeskRow = {
  call: id("row"), version: 1, group_name: "After a loss", caller_name: "Wren", raised_at: NOW - 185_000, no_human_since: NOW - 185_000,
  standing: "open", attempt: 2, ring: 4, next: { ring: "again", at: NOW + 55_000, people: 11, waits_for_pledge: false }, targeted: 12,
  delivered: 11, seen: 4, cant: 2, helpers: [], pinned: ["lapsed"], caller_lost_since: null, follow_up_at: null, mine: "asked",
  sounds: false, can_accept: true, saved: true,
};
const log = (room: string, entries: Entry[]) => ({ ...emptyLog(room, aGroup.group), epoch: 1, head: entries.length, entries, stale: false });
const roomLog = log(aGroup.room, [
  entry(1, "Jo", "Evenings are the long bit. I put the kettle on at six, every day. That was my whole plan for a month."),
  entry(2, "Ana", "Walked home the other way round. No shop."),
  entry(3, "Tomas", "The other way round is a real thing. I did it for a year. Well done.", { experience: true, reply_to: 2 }),
]);
const callEntries = [
  entry(1, "Ana", "I’m outside the shop."),
  entry(2, "Maria", "I’m here. Take your time. You don’t have to explain."),
  entry(3, "Jo", "Me too. I’m staying as long as you like."),
  entry(4, "Ana", "I had the money out already."),
];
const held = { ...aCall, standing: "held" as const, helpers: [helper("Maria", "here"), helper("Jo", "here")], next: [] };

function base(): void {
  forgetAll();
  noActions();
  go({ at: "groups" });
  goneCard.value = null;
  press.value = { is: "none" };
  line.value = { is: "live", since: 0 };
  me.value = { login: "ana", volunteer: true, coordinator: true, locked: false, groups: 2 };
  gate.value = { is: "in" };
  invited.value = null;
  firstToken.value = null;
  usualGroup.set(aGroup.group);
  shiftCount.value = 0;
  groups.value = [aGroup, { ...aGroup, group: id("other"), room: id("other"), name: "After a loss" }];
  presence.value = new Map([[aGroup.group, somePeople]]);
  rooms.value = new Map([[roomLog.room, roomLog], [aCall.room, log(aCall.room, callEntries)]]);
  plan.value = {
    signs: "", places: "", steps: ["Cold water on my face. Both wrists.", "Sit on the back step till it passes. It takes 20 minutes."],
    people: [{ name: "Dee", number: "0000" }],
  };
  country.set("GB");
  countries.value = {
    GB: {
      name: "United Kingdom", emergency: "999",
      lines: [
        { kind: "crisis", name: "Samaritans", number: "116 123", source: "https://www.samaritans.org/how-we-can-help/", checked: "2026-11-02", verified: true },
        { kind: "text", name: "Shout, by text message", number: "85258", source: "https://www.crisistextline.uk/how-it-works/", checked: "", verified: false },
        { kind: "youth", name: "Childline", number: "0800 1111", source: "childline.org.uk", checked: "", verified: false },
      ],
    },
  };
  sample(NOW, true);
}

const room = () => go({ at: "room", group: aGroup.group });
const calling = (call: MyCall) => () => ((myCall.value = call), go({ at: "call" }));
const carded = (card: Partial<Card>) => () => (room(), (cards.value = new Map([[aCard.call, { ...aCard, ...card }]])));
const helping = (card: Partial<Card>) => () => {
  const one = { ...aCard, mine: "here" as const, standing: "held" as const, room: aCall.room, helpers: [helper("Maria", "here"), helper("Jo", "here")], ...card };
  cards.value = new Map([[one.call, one]]);
  go({ at: "helping", call: one.call });
};
const asked = () => {
  checkIns.value = [{ t: "check_in", call: id("before"), group: aGroup.group, group_name: aGroup.name, ended_at: NOW - 23 * 3_600_000 }];
};
const pressed = { k: "k", group: aGroup.group, words: "", only: null, volunteersToo: true };
const out = (show: "welcome" | "sign_in" | "sign_up" | "recover" | "youth" | "lines", revoked = false) => () => (gate.value = { is: "out", show, revoked });
const looksAt = (who: Person, seq: number | null, mine = false) => () => {
  room();
  about.value = { person: who, group: aGroup.group, room: seq === null ? null : aGroup.room, seq, mine };
};
const found: GroupCard = {
  group: id("found"), name: "Women, sober and tired", blurb: "Mothers, mostly. Evenings are hard.", tags: ["alcohol", "sober"],
  rules: "Ask before you advise.", questions: ["What brings you here? A line is enough."], size: "10 to 50",
};

const notLetIn: JoinAnswer[] = [
  { request: id("declined"), group: id("found"), group_name: "Women, sober and tired", answer: "declined", reason: "This group is for mothers." },
  { request: id("expired"), group: id("late"), group_name: "Night shift", answer: "expired", reason: "" },
];

const aDesk = (more: Partial<DeskNow> = {}) => () => {
  go({ at: "groups" });
  const row = (name: string, more: Partial<DeskRow>): DeskRow => ({ ...aRow, call: id(name), caller_name: name, attempt: 1, pinned: [], ...more });
  desk.value = {
    t: "desk_now", version: 1, now: NOW, on_shift: true, backup: false, shift_since: NOW - 6_120_000, volunteers_reachable: 2, worst_lateness_ms: 300, actions: [], reports: 0, deadlines_late: 0, auditor_silent: false,
    rows: [
      aRow,
      row("Ana", { group_name: "Sober evenings", standing: "held", no_human_since: null, pinned: ["lost"], caller_lost_since: NOW - 20_000, helpers: [helper("Maria", "here"), helper("Jo", "here")], next: null, mine: "here" }),
      row("Ivo", { group_name: "Caring for someone", no_human_since: NOW - 94_000, ring: 3, delivered: 8, targeted: 8, seen: 2, cant: 0, next: { ring: "backup", at: NOW + 86_000, people: 2, waits_for_pledge: false } }),
      row("Sol", { group_name: "Sober evenings", standing: "coming", no_human_since: NOW - 22_000, ring: 1, delivered: 4, targeted: 4, seen: 3, cant: 0, helpers: [helper("Lee", "coming")], next: { ring: "away", at: NOW + 98_000, people: 6, waits_for_pledge: true } }),
      row("Kit", { group_name: "Low days", standing: "held", no_human_since: null, helpers: [helper("Noor", "here")], next: null, can_accept: false }),
    ],
    ...more,
  };
};

/** Every state by name; each starts from the same evening. Those named `desk…` are of the on-call page. */
export const states: Record<string, () => void> = {
  ...actionStates(room),
  starting: () => ((gate.value = { is: "starting" }), (line.value = { is: "off" })),
  welcome: out("welcome"),
  welcome_revoked: out("welcome", true),
  welcome_first: () => (out("welcome")(), (firstToken.value = "token")),
  sign_up: out("sign_up"),
  sign_up_no_word: out("sign_up"),
  sign_in: out("sign_in"),
  recover: out("recover"),
  youth: out("youth"),
  codes: () => (gate.value = { is: "codes", codes: ["quiet-river-lamp-09", "stone-field-tea-41", "north-wool-path-77"] }),
  invite: () => (invited.value = "quiet-river-lamp-09"),
  locked: () => (asked(), (gate.value = { is: "locked" })),
  locked_call: () => ((gate.value = { is: "locked" }), (myCall.value = held)),
  offline: () => ((gate.value = { is: "offline" }), (line.value = { is: "off" })),
  loading: () => go({ at: "introduction", group: aGroup.group }),
  loading_failed: () => go({ at: "introduction", group: aGroup.group }),
  groups: () => go({ at: "groups" }),
  groups_none: () => ((groups.value = []), go({ at: "groups" })),
  groups_not_let_in: () => {
    groups.value = [aGroup];
    apply({ t: "join_answers", answers: notLetIn });
  },
  groups_shift: () => (shiftCount.value = 2),
  groups_check_in: () => (go({ at: "groups" }), asked()),
  room,
  room_check_in: () => (room(), asked()),
  room_empty: () => (room(), (presence.value = new Map([[aGroup.group, nobody]])), (rooms.value = new Map([[aGroup.room, log(aGroup.room, [])]]))),
  room_crowd: () => (room(), (presence.value = new Map([[aGroup.group, { ...somePeople, can_come: 38, quiet: 112, standby: 61, people: [] }]]))),
  room_people: room,
  room_break: room,
  room_typing: () => {
    room();
    typing.value = new Map([[aGroup.room, { person: person("Jo"), at: performance.now() + 3_600_000 }]]);
    replying.value = { room: aGroup.room, entry: roomLog.entries[0]! };
  },
  room_gaps: () => {
    room();
    const gone = [entry(2, "Ana", "", { kind: "deleted" }), entry(3, "Jo", "", { kind: "hidden" }), entry(6, "Rue", "", { kind: "joined" })];
    const long = entry(7, "Tomas", `https://example.org/${"evenings-without-a-drink/".repeat(6)}`);
    rooms.value = new Map([[aGroup.room, { ...roomLog, entries: [roomLog.entries[0]!, ...gone, long], head: 7 }]]);
  },
  pending: () => (room(), (groups.value = [{ ...aGroup, state: "pending" }])),
  about: looksAt(person("Jo"), 1),
  about_own: looksAt(person("Ana"), 2, true),
  about_moderator: () => (looksAt(person("Jo"), 1)(), (groups.value = [{ ...aGroup, role: "moderator" }])),
  report: looksAt(person("Jo"), 1),
  report_sent: looksAt(person("Jo"), 1),
  room_observer: () => (room(), (groups.value = [{ ...aGroup, role: "observer" }])),
  room_lost: () => {
    room();
    const line_ = { k: "a", text: "Still here. Just bad signal.", replyTo: null, at: NOW, is: "sending" as const, seq: null, why: "" };
    const late = { ...line_, k: "b", text: "It is a big old kettle.", is: "unsaved" as const, why: "We could not save that just now. Keep the page open; we try again." };
    rooms.value = new Map([[aGroup.room, { ...roomLog, stale: true, pending: [line_, late] }]]);
    presence.value = new Map();
    line.value = { is: "waiting", since: 0, tries: 3, nextAt: performance.now() + 4_000, unreached: false };
  },
  introduction: () => go({ at: "introduction", group: aGroup.group }),
  ask: () => go({ at: "ask", group: aGroup.group, from: { at: "groups" } }),
  ask_nobody: () => ((presence.value = new Map([[aGroup.group, nobody]])), go({ at: "ask", group: aGroup.group, from: { at: "groups" } })),
  ask_choose: () => go({ at: "ask", group: aGroup.group, from: { at: "groups" } }),
  ask_no_group: () => ((groups.value = []), usualGroup.set(""), go({ at: "ask", group: null, from: { at: "groups" } })),
  sending: () => ((press.value = { is: "sending", ask: pressed, pressedAt: 0, postedAt: null, unreached: false, tries: 0 }), go({ at: "call" })),
  unreached: () => {
    line.value = { is: "waiting", since: 0, tries: 4, nextAt: performance.now() + 6_000, unreached: true };
    press.value = { is: "sending", ask: pressed, pressedAt: 0, postedAt: 0, unreached: true, tries: 4 };
    go({ at: "call" });
  },
  stale: () => ((press.value = { is: "stale", ask: pressed, pressedAt: 0 }), go({ at: "call" })),
  press_refused: () => {
    press.value = { is: "refused", ask: pressed, sentence: "You are in that group no more.", todo: "Call a line below, or ask in another group." };
    go({ at: "call" });
  },
  blind: () => ((press.value = { is: "rung", ask: pressed, call: aCall.call, saved: true }), (line.value = { is: "off" }), go({ at: "call" })),
  ringing: calling(aCall),
  ringing_narrow: calling(aCall),
  unsaved: calling({ ...aCall, saved: false }),
  coming: calling({ ...aCall, standing: "coming", helpers: [helper("Maria", "coming")] }),
  ringing_also: () => {
    calling(aCall)();
    otherCalls.value = [{ ...aCall, call: id("othercall"), group: id("other"), room: id("otherroom"), words: "", standing: "coming", helpers: [helper("Wren", "coming")] }];
  },
  failsafe: calling({ ...aCall, failsafe: "nobody", asked: 12, targeted: 12, next: [{ ring: "again", at: NOW + 116_000, people: 12, waits_for_pledge: false }] }),
  failsafe_pledged: calling({ ...aCall, failsafe: "pledged_not_here", helpers: [helper("Maria", "coming")] }),
  answered: calling({ ...aCall, standing: "coming", can_confirm_here: true, helpers: [helper("Maria", "in_room"), helper("Jo", "coming")] }),
  call: calling(held),
  call_people: calling(held),
  call_plan: calling(held),
  call_end: calling(held),
  call_volunteer_called: calling(held),
  danger: calling(held),
  danger_helper: helping({}),
  call_danger: calling({ ...held, danger: true, offer_close: true }),
  stopped: calling({ ...aCall, standing: "cancelled", ended: "ok", undo_until: NOW + 47_000 }),
  stopped_mistake: calling({ ...aCall, standing: "cancelled", ended: "mistake", undo_until: NOW + 47_000 }),
  ended: calling({ ...aCall, standing: "closed", ended: "worse" }),
  parked: calling({ ...aCall, standing: "parked", ask_still_need: true }),
  card: carded({}),
  card_held: carded({ standing: "held", helpers: [helper("Jo", "here")], asked: 5 }),
  card_pledged: carded({ mine: "coming", standing: "coming", pledge_until: NOW + 108_000 }),
  card_lapsed: carded({ mine: "lapsed" }),
  card_enough: carded({ stood_down: "enough_people", helpers: [helper("Jo", "here"), helper("Tomas", "here")] }),
  card_ok: carded({ stood_down: "they_are_ok", standing: "cancelled" }),
  card_mistake: carded({ stood_down: "mistake", standing: "cancelled" }),
  helping: helping({}),
  helping_lost: helping({ caller_lost_since: NOW - 20_000 }),
  helping_away: helping({ caller_stepped_away: true }),
  helping_silent: helping({ prompt: "they_are_silent", danger: true }),
  helping_leave: helping({}),
  helping_leave_away: helping({ caller_stepped_away: true }),
  helping_closed: helping({ standing: "closed", room: null, debrief: true }),
  helping_over: helping({ standing: "closed", debrief: true }),
  helping_gone: () => (helping({})(), apply({ t: "card_gone", call: aCard.call })),
  find: () => go({ at: "find" }),
  find_results: () => {
    search.value = { words: "drink", found: [
      found,
      { group: aGroup.group, name: aGroup.name, blurb: "Evenings without a drink.", tags: ["alcohol"], rules: aGroup.rules, questions: [], size: "under 10" },
    ] };
    go({ at: "find" });
  },
  find_none: () => ((search.value = { words: "xyz", found: [] }), go({ at: "find" })),
  create: () => go({ at: "create" }),
  join: () => go({ at: "join", card: found }),
  join_sent: () => go({ at: "join", card: found }),
  moderate: () => ((groups.value = [{ ...aGroup, role: "moderator" }]), go({ at: "moderate", group: aGroup.group })),
  about_group: () => go({ at: "moderate", group: aGroup.group }),
  plan: () => go({ at: "plan" }),
  lines: () => go({ at: "lines" }),
  settings: () => go({ at: "settings" }),
  settings_blocks: () => go({ at: "settings" }),
  stored: () => go({ at: "stored" }),
  leaving: () => go({ at: "leaving" }),
  desk: aDesk(),
  desk_empty: aDesk({ rows: [] }),
  desk_off: aDesk({ on_shift: false, shift_since: null, rows: [] }),
  desk_backup: aDesk({ on_shift: false, backup: true, worst_lateness_ms: 9_000, volunteers_reachable: 0 }),
  desk_late: aDesk({ deadlines_late: 2, auditor_silent: true }),
  desk_lost: () => (aDesk()(), (line.value = { is: "waiting", since: 0, tries: 3, nextAt: performance.now() + 4_000, unreached: false })),
  desk_pins: aDesk({
    rows: [
      { ...aRow, call: id("one"), saved: false, pinned: ["danger", "failsafe", "repeat", "silent"] },
      { ...aRow, call: id("two"), standing: "parked", pinned: ["parked", "follow_up"], follow_up_at: NOW + 900_000, next: null, can_accept: false },
      { ...aRow, call: id("three"), standing: "closed", pinned: [], next: null, can_accept: false },
    ],
  }),
  desk_actions: aDesk({ actions: deskActions }),
  desk_actions_end: aDesk({ actions: deskActions }),
  desk_audit: aDesk(),
  desk_reports: aDesk({ reports: 1 }),
  desk_card: () => (aDesk()(), (cards.value = new Map([[aCard.call, { ...aCard, as_volunteer: true }]]))),
  desk_call: () => (aDesk()(), helping({ as_volunteer: true })()),
  desk_close: () => (aDesk()(), helping({ as_volunteer: true })()),
  desk_about: () => (aDesk()(), helping({ as_volunteer: true })()),
  desk_over: () => (aDesk()(), helping({ as_volunteer: true, standing: "closed", room: null })()),
  desk_not_volunteer: () => (me.value = { login: "ana", volunteer: false, coordinator: false, locked: false, groups: 2 }),
  desk_sign_in: out("sign_in", true),
  desk_locked: () => (gate.value = { is: "locked" }),
  desk_offline: () => ((gate.value = { is: "offline" }), (line.value = { is: "off" })),
};

/** What is pressed, one after another, once the state stands: the beginning of a button's, a fold's or a choice's words. */
export const presses: Record<string, readonly string[]> = {
  sign_up_no_word: ["Make my account"],
  join_sent: ["I will keep to these rules", "Send"],
  room_people: ["4 can be here now"],
  room_break: ["Break"],
  report: ["Report this"],
  report_sent: ["Report this", "Fixing", "Send the report"],
  ask_choose: ["Let me choose"],
  ringing_narrow: ["Choose whom we still ask"],
  call_people: ["People"],
  call_plan: ["Plan"],
  call_end: ["End the call"],
  call_volunteer_called: ["I need more"],
  danger: ["Danger now"],
  danger_helper: ["Danger now"],
  helping_leave: ["Leave"],
  helping_leave_away: ["Leave"],
  moderate: ["Make a link"],
  settings_blocks: ["Blocked people"],
  desk_audit: ["Read the audit log"],
  desk_close: ["Close the call"],
  desk_about: ["More about Ana"],
  desk_actions_end: ["End Ana’s for safety"],
  ...actionPresses,
};

export function show(name: string): void {
  base();
  states[name]?.();
}
