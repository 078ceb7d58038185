// The words of the screens that are loaded when someone first goes there: finding, settings, looking after a group.
import { dayOf, plural, timeOfDay } from "./words";

export const find = {
  title: "Find a group",
  label: "What are you living with?",
  search: "Search",
  count: (n: number) => (n === 0 ? "No group fits these words yet." : `${plural(n, "group", "groups")}.`),
  noneDo: "Try other words, or start a group.",
  size: "Size",
  sizes: { "under 10": "under 10 people", "10 to 50": "10 to 50 people", "over 50": "over 50 people" } as Record<string, string>,
  rules: "Rules of this group",
  ask: "Ask to join",
  askAgain: "Ask again",
  mine: "You are in this group",
  note: "You start by reading or taking part, as the moderators see fit. Nobody rings you until you say so.",
};

export const join = {
  title: "Ask to join",
  lead: "A moderator reads your answers. You can write to nobody until then; you can still ask for someone.",
  pledge: "I will keep to these rules",
  send: "Send",
  sentSay: "Your answers are with the moderators.",
  sentLead: "The group shows up under your groups. Until they answer, pressing the yellow button rings on-call volunteers.",
};

export const invite = {
  title: "Join by a link",
  say: (group: string) => `Join ${group}`,
  noRules: "This group has written no rules.",
  questions: "What this group asks people who come",
  pledge: "I will keep to this group’s rules",
  pledgeHint: "You can read them in the group, at any time.",
  join: "Join",
  later: "Not now",
};

export const alsoAsk = {
  ask: (group: string) => `Also ask ${group}`,
  apart: (name: string) => `A call apart, as ${name}. Neither group learns of the other.`,
  sending: "Sending your call there.",
  trying: "We have not reached our server with it yet. We keep trying.",
  notSent: "It did not go out. You can press again.",
  also: (group: string) => `Your call in ${group} is open.`,
  look: "Go there",
};

export const create = {
  title: "Start a group",
  lead: "You become its first moderator. Only what you write here can be found by others.",
  name: "Name of the group",
  blurb: "What it is for",
  tags: "Words to find it by, with commas between",
  rules: "Rules everyone agrees to",
  questions: "Questions for people who ask to join, one a line, 5 at most",
  make: "Make the group",
};

export const moderate = {
  title: "Look after this group",
  requests: "Waiting to join",
  noRequests: "Nobody is waiting.",
  admit: "Let in",
  admitReading: "Let in to read along",
  decline: "Decline",
  declineWhy: "Why? You can leave this empty.",
  declineHint: "They read it, and nobody else does.",
  declineNow: "Decline now",
  invites: "Invite someone",
  inviteLead: "The link works once.",
  makeInvite: "Make a link",
  inviteAs: "They join as",
  asMember: "a member",
  asObserver: "someone who reads along",
  copy: "Copy the link",
  copied: "Copied",
  linkLabel: "The link",
  members: "People",
  reports: "Reports",
  noReports: "No open reports.",
  about: (name: string) => `About ${name}`,
  resolve: "Done with this",
  roles: { observer: "reading along", member: "member", moderator: "moderator" } as Record<string, string>,
  leave: "Leave this group",
  leaveAgain: "Leave now",
  leaveHint: "You can come back only if you ask again.",
  rules: "Rules",
};

export const introduction = {
  title: "Short introduction",
  say: "How to be there",
  lead: "It takes two minutes. You are a peer, not a clinician. Having been there is enough.",
  be: "Be there",
  bePoints: [
    "Say your name and that you are here. Then listen.",
    "Ask: what is it like right now? What would help in the next ten minutes?",
    "Silence is fine. Stay. Write a word now and then.",
    "Speak from your own life. “I”, not “you should”.",
  ],
  not: "Do not",
  notPoints: [
    "Do not diagnose, and do not advise on medicine or doses.",
    "Do not promise to keep a secret, or that all will be well.",
    "Do not take it elsewhere: no meeting up, no phone numbers.",
    "Do not carry it alone. Bring in a volunteer at any time.",
  ],
  danger: "If their life is in danger",
  dangerPoints: [
    "Ask directly: are you thinking of ending your life? Asking does not make it worse.",
    "Press “Danger now”. It shows the emergency number and calls the volunteer and the coordinator.",
    "You may call the emergency number yourself. Beside cannot: it does not know where they are.",
  ],
  canStop: "You can say “Can’t now” to any call. Nobody is told that it was you.",
  done: "I have read this. Open me to calls",
  later: "Later",
};

export const settings = {
  records: "Your records of what people watched",
  title: "Settings",
  theme: "Light or dark",
  themes: { system: "As the device", light: "Light", dark: "Dark" } as Record<string, string>,
  shift: "Shift three times leaves the page",
  shiftHint: "On a keyboard: three times within 5 seconds, with nothing between.",
  sound: "Sound when someone is coming to me",
  push: "Rung when this page is closed",
  pushLead:
    "Your browser’s maker carries the ring. It learns that this device was woken, and when. It learns nothing of who, which group, or why.",
  pushOn: "Allow notifications",
  pushOff: "Stop notifications",
  pushIsOn: "Notifications reach this device.",
  pushDenied: "The browser refuses notifications for this page. Its own settings can change that.",
  pushMissing: "This browser cannot get notifications here.",
  inGroup: (name: string) => `In ${name}`,
  rungWhenAway: "Ring me when I am away",
  rungWhenAwayHint: "If nobody who is here comes, a notification asks you too. Switch notifications on above.",
  hidden: "Do not show that I am here",
  hiddenHint: "You can still be rung.",
  devices: "Devices",
  thisDevice: "This device",
  device: "Another device",
  seen: (at: number) => `last seen ${dayOf(at)}, ${timeOfDay(at)}`,
  revoke: "Sign it out",
  blocks: "Blocked people",
  noBlocks: "You have blocked nobody here.",
  signOut: "Sign out",
  defaultGroup: "When I press from outside a room, ask in",
};

export const stored = {
  title: "What is stored",
  say: "What we hold, and who can read it.",
  items: [
    ["The words of the rooms", "Kept until you take them back or a moderator hides them. The people of the group read them. The operator of this server can read them too."],
    ["The words of a call", "Read by you, those who come, and the volunteer who accepts. Deleted 7 days after the call ended. The operator can read them until then."],
    ["What you asked people to watch", "Its words and steps are kept in your record until you delete it; then only that there was one. The names of those who watched go after 7 days. The operator can read the words. No picture is kept, and the server cannot see one."],
    ["Who was asked, who could not", "Deleted a day after the call ended. You and the others never see it. Volunteers see how many, not who."],
    ["Who was with you, and how a call ended", "Kept, without words, as long as this server has its data."],
    ["Who did what to which call", "The audit log, without any words. Kept for a year."],
    ["Your sign-in name", "Never shown to anyone in a group. Your passphrase is kept only as a scrambled check of it."],
    ["What you wrote to join a group", "Read by its moderators while they decide. If they say no, you alone read why. Deleted once you have read that, or about 6 weeks after you asked."],
    ["Reports", "Read by the group’s moderators, with the words they are about, and by nobody whom they are about. One about its only moderator, or about a volunteer, is read by whoever runs this. Deleted 30 days after they are settled."],
    ["Your plan", "Only on this device. We never get it."],
    ["Where you are", "We do not know and do not ask. So we cannot send help to you."],
  ] as const,
  backups: "A message you delete is unreadable at once, and gone from the live files within 24 hours. Backups run out at the age the operator sets.",
  erase: "There is no button yet that gives you everything of yours, or erases it.",
  record: "No sound or picture is recorded. Nothing is sold or sent to third parties. A notification, if you allow it, passes through your browser’s maker, without content.",
};
