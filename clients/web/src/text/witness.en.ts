// The words of a witnessed action, on the member's side (WA1–WA8). “Watch me do this” is company, never a test.
import type { SendState } from "../witness/api";
import type { MyAction } from "../wire/frames";
import { deeds, doing, first } from "./deeds.en";
import type { Deed, Medium, RefusedDeed } from "./deeds.en";
import { be, dayOf, duration, list, people, timeOfDay } from "./words";

export { deeds, doing, first, mediums } from "./deeds.en";
export type { Deed, Medium, RefusedDeed } from "./deeds.en";

export const lines = {
  asks: (name: string, deed: Deed) => `${name} asks you to watch: ${doing[deed]}.`,
  withThem: (name: string, deed: Deed) => `With ${name}: ${doing[deed]}.`,
  overFor: (name: string) => `${name}: this is over.`,
  open: "Look",
  goOn: "Open",
  mine: (deed: Deed) => `You: ${doing[deed]}.`,
  planned: (deed: Deed, when: string) => `${first(doing[deed])}: ${when}.`,
  due: (deed: Deed) => `It is time: ${doing[deed]}.`,
  mineGo: "Open",
};

export const declare = {
  title: "Watch me do this",
  say: "What do you want to do?",
  lead: "People from your group can be with you while you do it. You choose who, and how much they see.",
  subs: { take_back: "A drop-off at a pharmacy, for one.", hand_over: "Off camera. You tell it in words.", delete: "A number, an app, a contact." } as Partial<Record<Deed, string>>,
  other: "Something else",
  refused: {
    ingest: "Take, drink or use something",
    taper: "Cut down a medicine or a drink",
    fast: "Go without food",
    weigh: "Weigh myself",
    self_harm: "Hurt myself",
    other_people: "Film other people",
  } satisfies Record<RefusedDeed, string>,
  choose: "Choose one first.",
  next: "Go on",
  back: "Back to your choice",
  records: "Your records",

  // what is not done in front of others: care, never a scolding (WA8)
  careSay: {
    ingest: "We can’t watch this. We can be with you.",
    taper: "Please don’t do this alone.",
    fast: "We can’t watch this. We can be with you.",
    weigh: "We can’t watch this. We can be with you.",
    self_harm: "You don’t have to be alone with this.",
    other_people: "Leave other people out of the picture.",
  } satisfies Record<RefusedDeed, string>,
  careLead: {
    ingest: "This says nothing about you. If it is hard right now, someone can be with you while it passes.",
    taper: "To stop or cut down all at once can be dangerous. A doctor or a line can plan it with you. We can be with you while you call.",
    fast: "When others watch, this can get harder to stop. Someone can be with you now, with no number and no test.",
    weigh: "When others watch, a number can hurt more. Someone can be with you now, with no number at all.",
    self_harm: "Someone can be with you now. You can also call. Both are good.",
    other_people: "They did not say yes to it. You can do something else with us, or tell it in words.",
  } satisfies Record<RefusedDeed, string>,
  careNothing: "Nothing of this choice is sent or kept.",
  careAsk: "Ask someone to be with me",
  careOther: "Choose something else",

  // before it: what is safe (WA8)
  pourSay: "Before you pour it out",
  pourWarning: "If you drink every day, stopping suddenly can be dangerous; ask a doctor or a line first.",
  pourSigns: "Shaking, sweating, seeing things, a fit: that is for a doctor at once. Call the emergency number.",
  safeSay: "A safe way to do it",
  safeWay: (country: string) => `In ${country}`,
  safeAnywhere: "Wherever you are",
  source: "Source",
  notChecked: "We have not checked this there ourselves yet.",
  checked: (day: string) => `Checked ${day}.`,
  callFirst: "Ask someone first",

  // how
  howSay: "How should they see it?",
  medium: "What they get",
  media: {
    video: ["Live video", "Only for those who choose to look."],
    stills: ["Still pictures", "One every 2 seconds. Good on a weak line."],
    photo: ["One photo", "You look at it before it goes."],
    text: ["Words only", "You tell it, step by step. No camera."],
  } satisfies Record<Medium, readonly [string, string]>,
  sound: "With sound",
  soundHint: "They may hear what is around you.",
  handOver: "This is told in words. What you hand over, and to whom, stays off camera.",
  pills: "Pills or other medicine are part of it",
  pillsHint: "Then volunteers on call are told when you begin.",
  pillsAlways: "As it is about pills, volunteers on call are told when you begin.",
  wanted: "How many people do you want with you?",
  who: "Who should we ask?",
  everyone: "The whole group",
  choosePeople: "Let me choose",
  nobodyChosen: "Choose at least one person, or ask the whole group.",
  noOthers: "There is nobody else in this group yet.",
  when: "When?",
  now: "Now",
  later: "Later",
  at: "Day and time",
  atHint: (zone: string) => `By the clock where you are (${zone}). We remind you. Nobody is asked before you say so.`,
  atMissing: "Give a day and a time that is still to come.",
  words: "Say more, if you want",
  wordsHint: "The people we ask read this.",
  wordsEmpty: "You can leave this empty.",
  film: "Nothing is recorded here. But a screen can be filmed. Keep your face, your street and other people out of the picture.",
  askNow: "Ask them now",
  plan: "Plan it",
};

const mediumName: Record<Medium, string> = { video: "live video", stills: "still pictures", photo: "one photo", text: "words" };

export const mine = {
  title: (deed: Deed) => first(doing[deed]),
  back: "Back to the room",
  backCuts: "Back to the room. The picture is cut first.",

  plannedSay: (when: string) => `Planned for ${when}.`,
  plannedLead: "We remind you 10 minutes before. Nobody is asked before you say so.",
  plannedZone: (zone: string) => `By the clock in ${zone}.`,
  dueSay: "It is time, if you still want to.",
  dueLead: "Nobody has been asked yet. Not doing it is fine too.",
  askNow: "Ask people now",
  dropPlan: "Drop the plan",
  dropAgain: "Drop it now",

  withYou: (n: number, wanted: number) => (n === 0 ? "Nobody is with you yet." : `${n} of ${Math.max(n, wanted)} ${be(n)} with you.`),
  gatherLead: (wanted: number) => `You wanted ${people(wanted)}. We asked the people you chose. Nothing of you is seen yet.`,
  enoughLead: "You can begin when you like.",
  waitOr: "You can wait, begin all the same, or ask for someone to talk to.",
  who: "Who is with you",
  here: "is with you",
  joined: "said yes, but nothing reaches their page just now. Not counted.",
  looking: "looks at the picture",
  nobodyYet: "Nobody has said yes so far.",
  removeTitle: "Someone should not be here",
  remove: (name: string) => `Take ${name} out`,
  removeAgain: (name: string) => `Take ${name} out now`,
  begin: "Begin",
  beginAnyway: "Begin all the same",
  beginNow: "Yes, begin now",
  callOff: "Call it off",
  callOffAgain: "Call it off now",
  until: (seconds: number) => `This ends by itself in ${duration(seconds)}.`,
  onCallTold: "As it is about pills, volunteers on call are told when you begin.",
  onCallKnows: "Volunteers on call know that this is live, as it is about pills.",

  preview: "Look at your picture first",
  previewNote: "Only you see this. Nothing is sent before you begin.",
  pictureOn: "Turn my camera on",
  camera: {
    asking: "Your browser asks if we may use the camera. Say yes there.",
    refused: "The camera was refused. You can allow it in your browser, or go on in words.",
    missing: "We find no camera here. You can go on in words.",
    busy: "Another program holds the camera. Close it, or go on in words.",
  },
  cameraAgain: "Try the camera again",
  inWords: "Go on in words",
  turnCamera: "Use the other camera",
  noSound: "No sound is sent.",
  withSound: "Sound is sent too.",
  caption: {
    starting: "The camera starts. Nothing is sent.",
    ready: "Only you see this. Nothing is sent before you begin.",
    alone: "Nobody looks just now, so nothing is sent.",
    sending: "Only those who chose to look see it.",
    cut: "Cut. Nobody sees anything.",
    lost: "The line for the picture is gone. Nothing is sent. We try again.",
    elsewhere: "Your picture runs on another page of yours.",
    none: "",
    ended: "The picture is off.",
  } satisfies Record<SendState, string>,
  pictureOff: "Your picture is off on this page.",
  cut: "Cut the picture",
  uncut: "Show it again",
  stepDown: (medium: Medium, why: MyAction["medium_why"]) =>
    why === "line"
      ? `Your line is weak. We went down to ${mediumName[medium]}.`
      : why === "camera"
        ? `The camera does not work, so it is ${mediumName[medium]} now.`
        : why === "device"
          ? `This browser cannot do more, so it is ${mediumName[medium]} now.`
          : "",
  change: "Show more or less",
  changeTo: { video: "Live video", stills: "Still pictures", photo: "One photo", text: "Words only" } satisfies Record<Medium, string>,
  changeLegend: "How they see it",

  photoTake: "Take the photo",
  photoFile: "Choose a photo",
  photoLook: "Look at it first. It is not sent yet.",
  photoSend: "Send this photo",
  photoAgain: "Take another",
  photoSent: "Sent, to those who chose to look.",
  photoWaits: "It goes out when the line is back.",
  photoNot: "That is no picture we can read. Take another.",

  watching: (n: number) => (n === 0 ? "Nobody truly watches just now." : `${n} ${be(n)} truly with you`),
  withYouTaps: (names: readonly string[]) => `${list(names)}: “I’m with you.”`,
  steps: "Your steps",
  stepsLead: "Tell it as it goes, if you want. Each goes into your record.",
  stepLabel: "One step, in your words",
  stepSend: "Tell it",
  ready: {
    pour_out: ["I have it in my hand.", "I am pouring.", "It is empty."],
    take_back: ["I am on my way.", "I am there.", "They are in the box."],
    throw_away: ["I have it in my hand.", "It is in the bin.", "The bin is outside."],
    delete: ["I have it open.", "I am deleting it.", "It is gone."],
    walk_past: ["I am on my way.", "I can see it.", "I am past it."],
    contact: ["I am about to.", "It is ringing, or sent.", "I have done it."],
    hand_over: ["I am with them.", "I have handed it over.", "I am on my way home."],
  } satisfies Record<Deed, readonly string[]>,
  done: "Done",
  doneAgain: "Yes, it’s done",
  stop: "Stop",
  stopAgain: "Stop now",
  film: "A screen can be filmed. Keep your face and your street out of it. Nothing is recorded here.",

  needLead: "Ask for someone, and this becomes a call. The people here can stay. Nobody new sees the picture unless you say so.",
  need: "I need someone now",
  needAgain: "Ask them now",
  needNot: "Not now",

  attestingSay: "You said it is done.",
  attestingLead: "The picture is off. Those who were there now say what reached them.",
  attestingLeft: (seconds: number) => `They have another ${duration(seconds)}.`,
  saw: (names: readonly string[]) => `${list(names)}: “It reached me.”`,
  couldNot: (names: readonly string[]) => `${list(names)}: “I couldn’t see.”`,
  notSaid: (names: readonly string[]) => `${list(names)} ${names.length === 1 ? "has" : "have"} not said yet.`,

  endedTitle: { completed: "Done", unwitnessed: "Done", stopped: "Stopped", turned: "A call now", safety: "Ended", expired: "Over", no: "Over" } satisfies Record<MyAction["ended"], string>,
  endedSay: {
    completed: "It is done.",
    unwitnessed: "You did it.",
    stopped: "You stopped. That’s fine.",
    turned: "The picture is off.",
    safety: "This was ended for safety.",
    expired: "The time ran out.",
    no: "This is over.",
  } satisfies Record<MyAction["ended"], string>,
  endedLead: {
    completed: "It is in your record: what was done, and how it reached them.",
    unwitnessed: "Nobody could say that they saw it. Your own word is in your record.",
    stopped: "The picture is off. Nobody is asked why. Nothing is lost by it.",
    turned: "Your call goes on without it.",
    safety: "Someone who looks after the group, or is on call, ended it. The picture is off. You can talk to someone now.",
    expired: "After half an hour it ends by itself. That’s fine. You can ask again.",
    no: "",
  } satisfies Record<MyAction["ended"], string>,
  toRoom: "Back to the room",
  again: "Try again",
  look: "Look at your record",

  turnedSay: "This is a call now.",
  turnedLead: "People are being asked for you. Those who were with you can still see the picture. Nobody new can.",
  toCall: "Go to your call",
  stopPicture: "Stop the picture",
  stopPictureAgain: "Stop it now",
  gone: "This is not here any more.",
  lost: "The line is gone. Nothing of your picture is sent. They see since when.",
};

export const safety = {
  title: "Is it only us?",
  lead: "These eight words are made on your device and on theirs. Ask someone who is with you to say theirs: by phone, or face to face.",
  pages: (n: number) => (n === 1 ? "1 page can open the picture." : `${n} pages can open the picture.`),
  same: "The same words, and no more pages than you all have open: nobody sits in between.",
  differ: "Other words, or a page too many: cut the picture and tell whoever runs Beside.",
  changes: "The words change when someone comes or goes.",
  none: "The words are here once someone is with you.",
};

export const records = {
  title: "Your records",
  lead: "What you did with people beside you. Only you can take a record out or delete it.",
  none: "You have no record yet.",
  loading: "Getting your records.",
  deleted: (at: number) => `A record of ${dayOf(at)}. You deleted what was in it.`,
  line: (deed: Deed) => deeds[deed],
  ended: { completed: "witnessed", unwitnessed: "done, not witnessed", stopped: "stopped", turned: "became a call", safety: "ended for safety", expired: "ran out", no: "still open" } satisfies Record<MyAction["ended"], string>,
  witnesses: (n: number) => people(n),
  keyTitle: "The key of this server",
  keyLead: "It seals each record. Write it down somewhere else. Then you can check a record later, with no line and without us.",
  oneTitle: "One record",
  facts: "What is in it",
  take: "Take it out",
  download: "Download the file",
  print: "Print it",
  check: (file: string) => `Anyone with Beside can check the file: beside verify ${file} --key, and the key below.`,
  names: "People are “Witness 1”, “Witness 2” in it. There is no picture in it.",
  delete: "Delete this record",
  deleteSay: "Delete this record?",
  deleteLead: "It is gone for good, here and on the server. Only that there was one stays. A file you took out stays with you.",
  deleteYes: "Delete it for good",
  deleteNo: "Keep it",
  sealed: (at: number) => `Sealed ${dayOf(at)}, ${timeOfDay(at)}`,
  entry: (at: number) => timeOfDay(at),
};

/** An entry of a record, as a person reads it. `more` holds what the entry says besides. */
export const recordWords: Record<string, (more: Readonly<Record<string, string | number | boolean | null>>) => string> = {
  declared: (m) => `You said what you wanted to do: ${String(m["deed"]) in doing ? doing[String(m["deed"]) as Deed] : String(m["deed"])}.${m["words"] ? ` “${String(m["words"])}”` : ""}`,
  planned: (m) => `Planned for ${String(m["local"] ?? "").replace("T", ", ")} (${String(m["zone"] ?? "")}).`,
  asked: () => "People were asked.",
  live: (m) => `You began, by ${how(m["medium"])}, with ${people(Number(m["present"] ?? 0))} with you.`,
  medium: (m) => `It went to ${how(m["medium"])}.`,
  cut: () => "You cut the picture.",
  uncut: () => "You showed the picture again.",
  step: (m) => `You said: “${String(m["text"] ?? "")}”`,
  declared_done: (m) => `You said it is done, with ${people(Number(m["present"] ?? 0))} with you.`,
  witness_joined: (m) => `${witness(m)} came.`,
  witness_present: (m) => `${witness(m)} was with you.`,
  witness_away: (m) => `Nothing reached ${witness(m)} any more.`,
  witness_left: (m) => `${witness(m)} left.`,
  with_you: (m) => `${witness(m)}: “I’m with you.”`,
  attested: (m) => `${witness(m)}: ${m["saw"] ? saidHow(m["perceived"]) : "“I couldn’t see.”"} ${span(m)}`.trim(),
  turned_into_call: (m) => (m["witness"] ? `${witness(m)} asked for more people. It became a call.` : "You asked for someone. It became a call."),
  connection_lost: () => "Your connection was lost.",
  connection_back: () => "Your connection was back.",
  completed: () => "It was done, and witnessed.",
  unwitnessed: () => "It was done. Nobody could say that they saw it.",
  stopped: () => "You stopped.",
  turned: () => "The picture ended; the call went on.",
  safety: () => "It was ended for safety.",
  expired: () => "The time ran out.",
};

const witness = (m: Readonly<Record<string, unknown>>) => `Witness ${String(m["witness"] ?? "")}`;
const how = (medium: unknown) => mediumName[medium as Medium] ?? String(medium);
const saidHow = (medium: unknown) =>
  ({ video: "“I saw it live.”", stills: "“I saw it in still pictures.”", photo: "“I saw a photo.”", text: "“I read it.”" })[String(medium)] ?? "“It reached me.”";
const span = (m: Readonly<Record<string, unknown>>) =>
  typeof m["since"] === "number" && typeof m["until"] === "number" ? `There from ${timeOfDay(m["since"])} to ${timeOfDay(m["until"])}.` : "";

export const days = {
  title: "A day count, if you want one",
  lead: "It is off unless you turn it on. It stays on this device: we never get it, and nobody sees it. Stopping an action changes nothing in it.",
  on: "Count days on this device",
  since: "Count from",
  count: (n: number) => (n === 0 ? "Today is the first day." : n === 1 ? "1 day." : `${n} days.`),
  countReached: (name: string) => `${name}: you got here.`,
  next: (name: string, n: number) => `${name} in ${n === 1 ? "1 day" : `${n} days`}.`,
  milestones: { 1: "One day", 3: "Three days", 7: "A week", 14: "Two weeks", 30: "Thirty days", 60: "Sixty days", 90: "Ninety days", 180: "Half a year", 365: "A year", 730: "Two years" } as Record<number, string>,
};
