// Witnessed actions for the gallery: one's own and someone else's, in every stage; and media without a camera.
import { signal } from "@preact/signals";
import { go } from "../app/place";
import { actions } from "../model/witness";
import { countFrom } from "../screens/Witness/dayCount";
import { notNow } from "../screens/Witness/Lines";
import { forgetReached } from "../screens/Witness/reached";
import { beginPicture, mediaThrough } from "../screens/Witness/world";
import type { MediaWorld } from "../screens/Witness/world";
import type { ActionCard, DeskAction, MyAction, RecordFile, RecordLine, WitnessView } from "../wire/frames";
import type { CameraState, SafetyWord, SendState, WatchState } from "../witness/api";
import { NOW, aGroup, id, person } from "./base";

const witness = (name: string, state: WitnessView["state"], more: Partial<WitnessView> = {}): WitnessView => ({
  person: person(name), state, looking: false, with_you: false, word: "none", ...more,
});
const jo = witness("Jo", "present", { looking: true, with_you: true });
const lee = witness("Lee", "present", { looking: true, with_you: true });
const tomas = witness("Tomas", "joined");
const told = [
  { at: NOW - 95_000, text: "I have it in my hand." },
  { at: NOW - 20_000, text: "I am pouring." },
];

export const aMyAction: MyAction = {
  t: "my_action", action: id("mine"), version: 1, now: NOW, group: aGroup.group, deed: "pour_out", words: "The one behind the flour.", medium: "video",
  medium_why: "", sound: false, wanted: 3, stage: "gathering", since: NOW - 60_000, until: NOW + 1_740_000, plan: null, witnesses: [jo, lee, tomas],
  present: 2, enough: false, steps: [], cut: false, pills: false, call: null, ended: "no",
};
export const anActionCard: ActionCard = {
  t: "action_card", action: id("theirs"), version: 1, now: NOW, group: aGroup.group, group_name: aGroup.name, me: id("Maria"), member: person("Ana"),
  deed: "pour_out", words: "The one behind the flour.", medium: "video", medium_why: "", sound: false, wanted: 3, stage: "gathering", since: NOW - 60_000,
  until: NOW + 1_740_000, present: 1, joined: false, looking: false, frozen: false, with_you: false, asked_to_attest: false, word: "none",
  witnesses: [], steps: [], cut: false, lost_since: null, turned: false, ended: "no",
};
const maria = witness("Maria", "present", { looking: true });
const live: Partial<MyAction> = { stage: "live", since: NOW - 100_000, until: NOW + 1_700_000, steps: told };
const joined: Partial<ActionCard> = { joined: true, present: 2, witnesses: [jo, maria] };
const watching: Partial<ActionCard> = { ...joined, stage: "live", looking: true, steps: told, since: NOW - 100_000 };
const attesting: Partial<ActionCard> = { ...watching, stage: "attesting", until: NOW + 108_000, asked_to_attest: true };

export const aDeskAction: DeskAction = {
  action: id("desk"), version: 1, group_name: "Sober evenings", name: "Ana", deed: "take_back", medium: "video", stage: "live", since: NOW - 250_000,
  witnesses: 3, present: 2, pills: true, call: null, lost_since: null, reports: 0, can_end: true,
};
export const deskActions: DeskAction[] = [
  aDeskAction,
  { ...aDeskAction, action: id("desk2"), name: "Rue", group_name: "Low days", deed: "throw_away", medium: "stills", pills: false, present: 0, witnesses: 1, reports: 2, lost_since: NOW - 8_000 },
  { ...aDeskAction, action: id("desk3"), name: "Sol", deed: "walk_past", medium: "text", pills: false, stage: "turned", call: id("call"), can_end: false },
];

// ---- records, as the server answers

export const records: RecordLine[] = [
  { action: id("mine"), at: NOW - 86_400_000, deleted: false, deed: "pour_out", words: "", ended: "completed", entries: 9, witnesses: 2 },
  { action: id("older"), at: NOW - 9 * 86_400_000, deleted: false, deed: "walk_past", words: "", ended: "stopped", entries: 4, witnesses: 1 },
  { action: id("gone"), at: NOW - 30 * 86_400_000, deleted: true, deed: null, words: "", ended: "no", entries: 0, witnesses: 0 },
];
export const fingerprint = "3f5a 0c11 9be2 77d0 41aa 6e0c d2b8 1f94";
const entries = [
  ["declared", { deed: "pour_out", words: "The one behind the flour.", medium: "video", wanted: 2 }],
  ["witness_joined", { witness: 1 }],
  ["witness_present", { witness: 1 }],
  ["live", { medium: "video", present: 1 }],
  ["step", { text: "I am pouring." }],
  ["medium", { medium: "stills", why: "line", down: true }],
  ["declared_done", { present: 1 }],
  ["attested", { witness: 1, saw: true, perceived: "video", since: NOW - 200_000, until: NOW - 20_000 }],
  ["completed", { witnesses: 1 }],
] as const;
export const recordFile: RecordFile = {
  t: "record_file", re: "", action: id("mine"), name: "beside-record.json",
  text: JSON.stringify({
    format: "beside-record-1", record: id("mine"), seal: { sealed_at: NOW, entries: entries.length },
    entries: entries.map(([what, more], at) => ({ n: at + 1, at: NOW - 240_000 + at * 20_000, what, more, hash: "" })),
  }),
};

// ---- media without a camera

interface Media {
  sends?: SendState;
  camera?: CameraState;
  watches?: WatchState;
  shows?: "video" | "stills" | "photo" | null;
  sound?: "none" | "off" | "on";
  keys?: "ready" | "wrong";
}
const WORD: SafetyWord = ["kettle", "window", "garden", "seven", "river", "stone", "paper", "north"];

/** A kitchen, in a few strokes: enough to see where a picture would be. */
function paint(canvas: HTMLCanvasElement): void {
  [canvas.width, canvas.height] = [640, 480];
  const pen = canvas.getContext?.("2d");
  if (!pen) return;
  const box = (colour: string, x: number, y: number, w: number, h: number) => ((pen.fillStyle = colour), pen.fillRect(x, y, w, h));
  box("#76878a", 0, 0, 640, 480);
  box("#a9b3b0", 0, 290, 640, 190);
  box("#4b585a", 130, 340, 380, 140);
  box("#5f4a22", 330, 60, 60, 190);
  box("#d9cfb4", 330, 140, 60, 60);
}

const world = (one: Media): MediaWorld => ({
  send: (action, { preview }) => {
    const canvas = document.createElement("canvas");
    paint(canvas);
    if (one.camera === undefined && canvas.captureStream) preview.srcObject = canvas.captureStream();
    const medium = action.peek()?.medium ?? "video";
    return {
      state: signal(one.sends ?? "ready"), camera: signal(one.camera ?? "on"), sound: signal(false), medium: signal(medium), why: signal(""),
      cut: async () => {}, uncut: async () => {}, choose: async () => {}, askAgain() {}, sendPhoto: () => true, close() {},
      photo: async () => ({ width: 640, height: 480, jpeg: new Uint8Array(), draw: async (to) => paint(to) }),
    };
  },
  watch: (_, canvas) => {
    paint(canvas);
    return {
      state: signal(one.watches ?? "live"), shows: signal(one.shows === undefined ? "video" : one.shows), arrivedAt: signal(performance.now()),
      sound: signal(one.sound ?? "none"), soundOn: async () => true, soundOff() {}, close() {},
    };
  },
  attend: () => ({ close() {} }),
  memberKeys: () => ({ word: signal(WORD), devices: signal(2), close() {} }),
  witnessKeys: () => ({
    state: signal(one.keys ?? "ready"), word: signal(WORD), devices: signal(2), refusal: signal(null), joined: new Promise(() => {}), leave: async () => {}, close() {},
  }),
});

export function noActions(): void {
  mediaThrough(world({}));
  forgetReached();
  notNow.value = new Set();
  countFrom.set("");
}

const mine = (more: Partial<MyAction> = {}, media: Media = {}, picture = media.sends !== undefined) => () => {
  const one = { ...aMyAction, ...more };
  mediaThrough(world(media));
  actions.value = new Map([[one.action, one]]);
  if (picture) beginPicture(one.action);
  go({ at: "witness", show: "mine", action: one.action });
};
const theirs = (more: Partial<ActionCard> = {}, media: Media = {}) => () => {
  const one = { ...anActionCard, ...more };
  mediaThrough(world(media));
  actions.value = new Map([[one.action, one]]);
  go({ at: "witness", show: "theirs", action: one.action });
};
const declare = () => go({ at: "witness", show: "declare", group: aGroup.group });
const lines = (show: () => void) => () => {
  const all = [aMyAction, anActionCard, { ...anActionCard, ...joined, action: id("with"), member: person("Wren"), deed: "walk_past" as const }];
  actions.value = new Map(all.map((one) => [one.action, one]));
  show();
};
const ended = (how: MyAction["ended"], words: WitnessView["word"][] = []) =>
  mine({ stage: "ended", ended: how, until: null, witnesses: words.map((word, at) => witness(["Jo", "Lee", "Tomas"][at] ?? "Kit", "present", { word })) });
const over = (how: ActionCard["ended"]) => theirs({ ...joined, stage: "ended", ended: how, until: null });

/** Every state of a witnessed action; `room` shows the group's room. */
export const actionStates = (room: () => void): Record<string, () => void> => ({
  room_actions: lines(room),
  groups_actions: lines(() => go({ at: "groups" })),
  declare,
  declare_nothing: declare,
  declare_care: declare,
  declare_care_taper: declare,
  declare_safe_pour: declare,
  declare_safe_pills: declare,
  declare_how: declare,
  declare_how_choose: declare,
  declare_how_text: declare,
  action_planned: mine({ stage: "planned", plan: { local: "2026-11-24T18:30", zone: "Europe/London" }, witnesses: [], present: 0, until: null }),
  action_due: mine({ stage: "due", plan: { local: "2026-11-22T21:10", zone: "Europe/London" }, witnesses: [], present: 0 }),
  action_gather: mine(),
  action_gather_nobody: mine({ witnesses: [], present: 0 }),
  action_gather_preview: mine({ present: 3, enough: true, witnesses: [jo, lee, witness("Tomas", "present")], pills: true, deed: "take_back" }, { sends: "ready" }),
  action_gather_no_camera: mine({}, { sends: "starting", camera: "refused" }),
  action_gather_safety: mine(),
  action_live: mine(live, { sends: "sending" }),
  action_live_need: mine(live, { sends: "sending" }),
  action_live_stop: mine(live, { sends: "sending" }),
  action_live_cut: mine({ ...live, cut: true }, { sends: "cut" }),
  action_live_down: mine({ ...live, medium: "stills", medium_why: "line" }, { sends: "sending" }),
  action_live_text: mine({ ...live, deed: "hand_over", medium: "text", present: 0, witnesses: [tomas], steps: [] }),
  action_live_photo: mine({ ...live, medium: "photo" }, { sends: "sending" }),
  action_live_photo_look: mine({ ...live, medium: "photo" }, { sends: "sending" }),
  action_live_reloaded: mine(live),
  action_attesting: mine({ ...live, stage: "attesting", until: NOW + 108_000, witnesses: [{ ...jo, word: "saw" }, lee, { ...witness("Kit", "present"), word: "could_not_see" }] }),
  action_completed: ended("completed", ["saw", "saw", "could_not_see"]),
  action_unwitnessed: ended("unwitnessed"),
  action_stopped: ended("stopped"),
  action_turned: mine({ ...live, stage: "turned", call: id("call") }, { sends: "sending" }),
  action_turned_over: ended("turned"),
  action_safety: ended("safety"),
  action_expired: ended("expired"),
  action_gone: () => go({ at: "witness", show: "mine", action: id("none") }),
  records: () => go({ at: "witness", show: "records" }),
  records_days: () => (countFrom.set("2026-01-01"), go({ at: "witness", show: "records" })),
  record: () => go({ at: "witness", show: "record", action: id("mine") }),
  record_delete: () => go({ at: "witness", show: "record", action: id("mine") }),
  witness_card: theirs(),
  witness_card_text: theirs({ medium: "text", deed: "contact", words: "", stage: "live" }),
  witness_waiting: theirs({ ...joined }),
  witness_hidden: theirs({ ...watching, looking: false }),
  witness_live: theirs({ ...watching, with_you: true }, { sound: "off" }),
  witness_waits: theirs(watching, { watches: "waiting", shows: null }),
  witness_behind: theirs({ ...watching, medium: "stills", medium_why: "line" }, { watches: "behind", shows: "stills" }),
  witness_cut: theirs({ ...watching, cut: true }, { watches: "cut", shows: null }),
  witness_sealed_wrong: theirs(watching, { watches: "sealed-wrong", shows: null }),
  witness_keys_wrong: theirs(watching, { keys: "wrong" }),
  witness_unable: theirs(watching, { watches: "unable", shows: null }),
  witness_photo: theirs({ ...watching, medium: "photo" }, { shows: "photo" }),
  witness_text: theirs({ ...watching, medium: "text", looking: false }),
  witness_lost: theirs({ ...watching, lost_since: NOW - 8_000 }, { watches: "lost", shows: null }),
  witness_worried: theirs(watching),
  witness_report: theirs(watching),
  witness_frozen: theirs({ ...watching, frozen: true, looking: false }),
  witness_turned: theirs({ ...watching, stage: "turned", turned: true }),
  witness_attest: theirs(attesting, { watches: "ended", shows: null }),
  witness_attest_text: theirs({ ...attesting, medium: "text", looking: false }),
  witness_attest_read: theirs({ ...attesting, looking: false }),
  witness_attest_nothing: theirs({ ...attesting, looking: false, steps: [] }),
  witness_attested: theirs({ ...attesting, asked_to_attest: false, word: "saw" }, { watches: "ended", shows: null }),
  witness_completed: over("completed"),
  witness_stopped: over("stopped"),
  witness_safety: over("safety"),
  witness_over_not_there: theirs({ stage: "ended", ended: "completed", until: null }),
  witness_gone: () => go({ at: "witness", show: "theirs", action: id("none") }),
});

export const actionPresses: Record<string, readonly string[]> = {
  declare_nothing: ["Go on"],
  declare_care: ["Hurt myself", "Go on"],
  declare_care_taper: ["Cut down", "Go on"],
  declare_safe_pour: ["Pour out", "Go on"],
  declare_safe_pills: ["Take pills", "Go on"],
  declare_how: ["Walk past", "Go on"],
  declare_how_choose: ["Throw something", "Go on", "Go on", "Let me choose", "Later"],
  declare_how_text: ["Hand something", "Go on", "Go on"],
  action_gather_safety: ["Is it only us"],
  action_live_need: ["I need someone now"],
  action_live_stop: ["Stop"],
  action_live_photo_look: ["Take the photo"],
  record_delete: ["Delete this record"],
  witness_worried: ["I’m worried"],
  witness_report: ["Report"],
};
