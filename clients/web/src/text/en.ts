// Every word that the pages show, in one place. page.md “Voice”: plain verbs, present tense, names; who, how many, when.
// “Them”, never a guessed “her” or “him”. Never promise a feeling or a rescue.
import type { ReportReason } from "../wire/names";
import { be, dayOfText, duration, list, timeOfDay, volunteers } from "./words";

export * from "./calls.en";

export const common = {
  name: "Beside",
  back: "Back",
  close: "Close",
  cancel: "Not now",
  save: "Save",
  saved: "Saved",
  send: "Send",
  delete: "Delete",
  tryAgain: "Try again",
  unreached: "We could not reach our server.",
  unreachedDo: "Check the line and try again.",
  loading: "One moment.",
  you: "You",
  moderator: "moderator",
  volunteer: "volunteer",
  simulated: "simulated",
  done: "Done",
};

export const line = {
  live: "Live",
  connecting: "Connecting",
  dropped: "Not connected",
  unreached: "Server not reached",
  lineDropped: "The line dropped.",
  tryingIn: (seconds: number) => `Trying again in ${duration(seconds)}. Your words are kept on this page.`,
  trying: "Trying again now. Your words are kept on this page.",
  tryNow: "Try now",
  protocol: "This page is older than our server.",
  protocolDo: "Load it again to go on.",
  reload: "Load the page again",
};

export const exit = {
  button: "Exit",
  label: "Exit: leave this page at once",
  shift: (times: number) => `Shift, ${times} of 3`,
  shiftOnce: "Once more leaves this page. Wait 5 seconds to stay.",
  shiftTwice: "Twice more leaves this page. Wait 5 seconds to stay.",
  title: "Leaving fast",
  say: "“Exit” makes this page go, at once.",
  always: "It is always up here. On a keyboard, press Shift 3 times.",
  weather: "The page turns to today’s weather. “Back” shows nothing of Beside.",
  call: "If you are in a call, the call stays open. People see “stepped away”. We send nothing to this device.",
  locked: "To read again, you give your passphrase. To ask for someone, you do not. Asking also shows your own plan.",
  limits: "It cannot clear what your browser, your network or your phone’s owner has kept.",
  tryIt: "Try it now",
  understood: "I understand",
  neutralTitle: "Weather",
};

export const entry = {
  welcome: "When you need someone now, ask people who have been there.",
  peers: "Peers, not clinicians. Beside is no treatment and no emergency service.",
  signUp: "Make an account",
  signIn: "Sign in",
  haveAccount: "I have an account",
  noAccount: "I am new here",
  login: "A name to sign in with",
  loginHint: "Not your real name. We ask for no e-mail and no phone number. Nobody in a group ever sees it.",
  loginAgain: "Your sign-in name",
  passphrase: "Passphrase",
  passphraseHint: "At least 8 letters. A few words in a row work well.",
  newPassphrase: "A new passphrase",
  adult: "Are you 18 or over?",
  adultYes: "Yes",
  adultNo: "No",
  adultMissing: "Say whether you are 18 or over.",
  makeAccount: "Make my account",
  youthSay: "Beside is for adults.",
  youthLead: "These lines are for you. You can call or write to them now.",
  recoverLink: "I lost my passphrase",
  recoverSay: "Come back with a code.",
  recoverLead: "Each of your recovery codes works once.",
  code: "Recovery code",
  recover: "Set a new passphrase",
  codesSay: "Keep these codes.",
  codesLead: "They are the only way back in if you lose your passphrase. We show them once.",
  codesHint: "Each works once. Write them down, or keep them where you keep other secrets.",
  copyCodes: "Copy the codes",
  copied: "Copied",
  codesKept: "I have kept them",
  firstSay: "You are the first coordinator.",
  firstLead: "Make the account that runs this Beside. The link works once.",
  inviteSay: "You have been invited.",
  inviteLead: "Sign in, or make an account. Then choose the name this group knows you by.",
  signedOutElsewhere: "This device was signed out.",
  signedOutElsewhereLead: "Someone used “sign out” for it from another device. Sign in to go on.",
};

export const locked = {
  say: "Reading is locked.",
  lead: "You left this page fast. Give your passphrase to read again. Asking for someone works without it.",
  callSay: "Your call is still open.",
  callLead: (names_: readonly string[]) =>
    names_.length === 0
      ? "Nobody is with you yet. To read and write, give your passphrase."
      : `${list(names_)} ${be(names_.length)} here. To read and write, give your passphrase.`,
  backIn: "Go back in",
  imOk: "I’m OK. Close the call.",
  unlock: "Read again",
  signOut: "Sign out of this device",
};

export const names = {
  hint: "Not your real name. You can have another one in another group; the people there cannot link them.",
  label: "What name should we use here?",
};

export const invite = {
  title: "Join by a link",
  say: "Join this group",
  pledge: "I will keep to this group’s rules",
  pledgeHint: "You can read them in the group, at any time.",
  join: "Join",
  later: "Not now",
};

export const groupsText = {
  title: "Your groups",
  none: "You are in no group yet.",
  noneLead: "Find one, or use a link that someone gave you.",
  pending: "Waiting for a moderator",
  notLetIn: (group: string) => `${group} did not let you in this time.`,
  notLetInLead: "That is their choice for their group, and no judgement of you. There are other groups.",
  observer: "Reading along",
  open: "You are open to calls here",
  find: "Find a group",
  create: "Start a group",
  plan: "Your plan",
  helplines: "Numbers to call",
  settings: "Settings",
  stored: "What is stored",
  leaving: "Leaving fast",
  menu: "Groups and settings",
  moderate: "Look after this group",
  aboutGroup: "About this group",
  nav: "Your groups",
  onCall: "On-call page",
};

export const room = {
  messages: "Messages in the room",
  newMessages: "New messages",
  compose: "Write to the room",
  placeholder: "Write here",
  send: "Send",
  today: "Today",
  sending: "Sending",
  waiting: "Waiting for the line",
  saved: "Saved",
  unsaved: (why: string) => `Not saved. ${why}`,
  sendAgain: "Send again",
  drop: "Delete",
  experience: "my experience",
  deleted: "This message was taken back.",
  hidden: "A moderator hid this message.",
  gone: "You cannot see this message.",
  joined: (name: string) => `${name} joined.`,
  left: (name: string) => `${name} left.`,
  typing: (name: string) => `${name} is typing`,
  missing: (after: string) => `Messages after ${after} are missing. They come when the line is back.`,
  filling: "Messages are missing here. Getting them now.",
  earlier: "Earlier messages",
  opening: "Opening the room.",
  quietTitle: "It’s quiet here.",
  quiet: "You can write: it is kept, and people read it when they come. If you need someone, press the yellow button.",
  more: (name: string) => `More about ${name} and this message`,
  replyTo: (name: string) => `In reply to ${name}`,
  reply: "Reply",
  replyOff: "Do not reply to it",
  takeBack: "Take this message back",
  hide: "Hide this message",
  observer: "You are reading along. Nobody rings you, and you see no calls.",
  takePart: "Take part",
  pendingSay: "A moderator has not answered yet.",
  pendingLead: "You see the group once they have. If you need someone now, the yellow button rings on-call volunteers.",
};

export const presenceText = {
  section: "Who is here, and you",
  some: (n: number) => `${n} can be here now`,
  none: "Nobody can be here now",
  unknown: "Who is here is not known",
  unknownNote: "It is shown when the line is back. The yellow button still works: it tries another way.",
  rest: (quiet: number, standby: number, volunteers_: number) =>
    [quiet && `${quiet} quiet`, standby && `${standby} on standby`, volunteers_ && `${volunteers(volunteers_)} on call`]
      .filter(Boolean)
      .join(", "),
  alone: "Nobody else has the room open",
  here: "In this room",
  open: "open to calls, on a live screen",
  quiet: "online, quiet: not rung",
  standby: "page not in view: rung by a notification, if allowed",
  byPhone: "By phone",
  who: "See who is here",
  you: "You",
  simulatedNote: "“Simulated” marks people who are not real. They are here to try things out.",
};

export const availability = {
  legend: "Can people ring you?",
  open: "Open to calls",
  quiet: "Quiet",
  break: "Break",
  says: {
    open: "Open: people who need someone can ring you here.",
    quiet: "Quiet: nobody rings you. You can still talk, and still ask for someone.",
    break: "On a break: nobody rings you until it ends.",
  },
  until: (at: number) => `until ${timeOfDay(at)}`,
  breakTitle: "How long?",
  breaks: [
    [30, "30 minutes"],
    [120, "2 hours"],
    [720, "12 hours"],
  ] as const,
};

export const plan = {
  title: "Your plan",
  own: "Your own words",
  lead: "What helps you when it is bad. It stays on this device; we never get it. It is shown first when you call.",
  none: "You have not written one yet.",
  write: "Write your plan",
  signs: "Signs that it is getting bad",
  steps: "What helps, one a line",
  places: "Places I can go",
  people: "People I can ring",
  personName: "Name",
  personNumber: "Number",
  addPerson: "Add a person",
  removePerson: (name: string) => `Remove ${name || "this person"}`,
  ring: (name: string) => `Ring ${name}.`,
  callPerson: (name: string) => `Call ${name}`,
  callShort: "Call",
  from: "From your plan",
  keptHere: "Kept on this device.",
  notKept: "This browser does not let us keep it.",
};

export const lines = {
  title: "Numbers to call",
  country: "Country",
  chooseCountry: "Choose your country",
  emergency: "Emergency",
  kinds: { crisis: "Crisis", emergency: "Emergency", text: "By text", youth: "For young people", substance: "Alcohol and drugs" } as Record<string, string>,
  checked: (day: string) => `Checked ${dayOfText(day)}.`,
  notChecked: "Not checked yet.",
  source: "Source",
  none: "We have no number for your country here.",
  free: "Or talk by phone.",
  loading: "Looking for numbers.",
  callLabel: (name: string, number: string) => `Call ${name}, ${number}`,
  dangerNow: "If a life is in danger now",
};

export const person = {
  say: (name: string) => `About ${name}`,
  block: "Block",
  blockHint: "You see nothing of each other, and neither is asked to the other’s calls. They are not told.",
  unblock: "Unblock",
  report: "Report to the moderators",
  reportSay: "What is it about?",
  reasons: {
    fixing: "Fixing: diagnosing, or advice on medicine",
    dumping: "Dumping everything on others",
    pressuring: "Pressuring",
    judging: "Judging",
    unwanted: "Unwanted content",
  } as Record<ReportReason, string>,
  reportWords: "More, if you want",
  reportSend: "Send the report",
  reported: "Sent to the moderators.",
  blocked: "Blocked.",
  makeModerator: "Make moderator",
  makeMember: "Make member",
  makeObserver: "Make observer",
  remove: "Remove from the group",
  removeAgain: "Remove now",
};

