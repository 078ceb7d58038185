import { computed, signal } from "@preact/signals";
import type { Line } from "../net/session";
import type { Card, CheckIn, DeskNow, Entry, Event, GroupCard, JoinAnswer, Me, MyCall, MyGroup, Person, PresenceView } from "../wire/frames";
import { sample } from "./clock";
import type { RoomLog } from "./log";
import { emptyLog, withAdded, withChanged, withEntries, withRoom } from "./log";
import { actions, applyAction, beginActions, endActions } from "./witness";

// All that the page knows. Screens are functions of these signals; only `apply` and app/ write them.

export const line = signal<Line>({ is: "off" });
export const live = computed(() => line.value.is === "live");

/** Who is signed in on this device; null before the server said. */
export const me = signal<Me | null>(null);
export const groups = signal<readonly MyGroup[]>([]);
/** Requests of this person's own that did not let them in, until they have read so or ask again (GR2). */
export const joinAnswers = signal<readonly JoinAnswer[]>([]);
export const undoSeconds = signal(60);

/** By group. What it says is shown only while the line is live: an old count is never shown (page.md). */
export const presence = signal<ReadonlyMap<string, PresenceView>>(new Map());

export const rooms = signal<ReadonlyMap<string, RoomLog>>(new Map());
export const typing = signal<ReadonlyMap<string, { person: Person; at: number }>>(new Map());

/** By room. What someone was writing stays while a card, a sheet or another screen is in between. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());
/** The message that the next line answers. */
export const replying = signal<{ room: string; entry: Entry } | null>(null);
/** What was searched and found last: someone reads a group's questions and comes back. */
export const search = signal<{ words: string; found: readonly GroupCard[] | null }>({ words: "", found: null });

/** The caller's own call that the page shows. */
export const myCall = signal<MyCall | null>(null);
/** Calls of theirs that run in other groups meanwhile (UC18). */
export const otherCalls = signal<readonly MyCall[]>([]);
export const cards = signal<ReadonlyMap<string, Card>>(new Map());
/** Questions of the day after a call, each until it is answered (UC12). */
export const checkIns = signal<readonly CheckIn[]>([]);
export const desk = signal<DeskNow | null>(null);
/** Volunteers only: on shift, as the welcome or the desk said last. */
export const onShift = signal(false);

export function groupOf(id: string | null): MyGroup | undefined {
  return groups.value.find((group) => group.group === id);
}

/** Newer replaces older; the same or an older version changes nothing. Another call replaces in any case. */
export function newer<V extends { call: string; version: number }>(held: V | null | undefined, fresh: V): boolean {
  return !held || held.call !== fresh.call || fresh.version > held.version;
}

function changed<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  const next = new Map(map);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

export function changeRoom(room: string, change: (log: RoomLog) => RoomLog, group = ""): void {
  const held = rooms.peek().get(room) ?? emptyLog(room, group);
  rooms.value = changed(rooms.peek(), room, change(held));
}

export function forgetRoom(room: string): void {
  rooms.value = changed(rooms.peek(), room, undefined);
}

/** One event into the model. Returns a room that must be opened anew, if the event says so. */
export function apply(event: Event): { reopen: string } | null {
  switch (event.t) {
    case "welcome":
      sample(event.now, true);
      groups.value = event.groups;
      undoSeconds.value = event.undo_seconds;
      onShift.value = event.on_shift;
      if (me.peek()) me.value = { ...me.peek()!, volunteer: event.volunteer, coordinator: event.coordinator };
      return null;
    case "groups_now":
      groups.value = event.groups;
      return null;
    case "join_answers":
      joinAnswers.value = event.answers;
      return null;
    case "room_now":
      changeRoom(event.room, (log) => withRoom(log, event), event.group);
      return null;
    case "entries":
      if (rooms.peek().has(event.room)) changeRoom(event.room, (log) => withEntries(log, event.epoch, event.entries));
      return null;
    case "entry_added": {
      const held = rooms.peek().get(event.room);
      if (!held) return null;
      const { log, reopen } = withAdded(held, event);
      if (reopen) return { reopen: event.room };
      rooms.value = changed(rooms.peek(), event.room, log);
      if (event.entry.author) hushTyping(event.room, event.entry.author.member);
      return null;
    }
    case "entry_changed":
      if (rooms.peek().has(event.room)) changeRoom(event.room, (log) => withChanged(log, event));
      return null;
    case "resync":
      return rooms.peek().has(event.room) ? { reopen: event.room } : null;
    case "typing_now":
      typing.value = changed(typing.peek(), event.room, { person: event.person, at: performance.now() });
      return null;
    case "presence_now": {
      sample(event.presence.now);
      const held = presence.peek().get(event.group);
      if (!held || event.presence.version >= held.version) {
        presence.value = changed(presence.peek(), event.group, event.presence);
      }
      return null;
    }
    case "my_call":
      sample(event.now);
      myCallCame(event);
      return null;
    case "check_in":
      checkIns.value = [...checkIns.peek().filter((one) => one.call !== event.call), event];
      return null;
    case "card":
      sample(event.now);
      if (newer(cards.peek().get(event.call), event)) cards.value = changed(cards.peek(), event.call, event);
      return null;
    case "card_gone":
      forgetCard(event.call);
      return null;
    case "my_action":
    case "action_card":
    case "action_gone":
      applyAction(event);
      return null;
    case "desk_now":
      sample(event.now);
      if (!desk.peek() || event.version >= desk.peek()!.version) desk.value = event;
      onShift.value = event.on_shift;
      return null;
    default:
      return null; // answers to questions reach those who asked
  }
}

export const isOver = (call: MyCall) => call.standing === "cancelled" || call.standing === "closed";

/** The shown call stays shown, also once it is over: it may be taken back (UC9). What runs in another group waits beside. */
function myCallCame(fresh: MyCall): void {
  const shown = myCall.peek();
  const others = otherCalls.peek();
  const held = others.find((one) => one.call === fresh.call);
  if (held || (shown && shown.group !== fresh.group && !isOver(shown))) {
    if (newer(held, fresh)) otherCalls.value = [...others.filter((one) => one !== held), ...(isOver(fresh) ? [] : [fresh])];
  } else if (newer(shown, fresh)) {
    myCall.value = fresh;
    // A locked device shows one call, and nothing of its end.
    if (isOver(fresh) && me.peek()?.locked) showCall(others[0]?.call);
  }
}

/** Show another call of theirs instead; the one that was shown waits beside if it still runs. */
export function showCall(id: string | undefined): void {
  const shown = myCall.peek();
  const next = otherCalls.peek().find((one) => one.call === id);
  if (!next) return;
  otherCalls.value = [...otherCalls.peek().filter((one) => one !== next), ...(shown && !isOver(shown) ? [shown] : [])];
  myCall.value = next;
}

/** A reconnect is one snapshot: a call that the server did not name again is over. */
export function endSnapshot(): void {
  otherCalls.value = otherCalls.peek().filter((one) => one.version !== -1);
  if (myCall.peek()?.version === -1) {
    myCall.value = null;
    showCall(otherCalls.peek()[0]?.call);
  }
  cards.value = new Map([...cards.peek()].filter(([, card]) => card.version !== -1));
  endActions();
}

/** Not this person's to see any more: neither the card nor a word of the call's room stays. */
function forgetCard(call: string): void {
  const room = cards.peek().get(call)?.room;
  cards.value = changed(cards.peek(), call, undefined);
  if (!room) return;
  forgetRoom(room);
  drafts.value = changed(drafts.peek(), room, undefined);
  typing.value = changed(typing.peek(), room, undefined);
}

export function hushTyping(room: string, member: string): void {
  if (typing.peek().get(room)?.person.member === member) typing.value = changed(typing.peek(), room, undefined);
}

/** The line went: what was a count of people is no longer known, and every log waits to be heard from again. */
export function lineLost(): void {
  presence.value = new Map();
  typing.value = new Map();
  rooms.value = new Map([...rooms.peek()].map(([room, log]) => [room, { ...log, stale: true }]));
}

/** Versions are the server's own and may begin anew after it restarts: what a welcome brings is taken as it is. */
export function beginSnapshot(): void {
  presence.value = new Map();
  desk.value = null;
  checkIns.value = [];
  joinAnswers.value = [];
  const call = myCall.peek();
  if (call) myCall.value = { ...call, version: -1 };
  otherCalls.value = otherCalls.peek().map((one) => ({ ...one, version: -1 }));
  cards.value = new Map([...cards.peek()].map(([id, card]) => [id, { ...card, version: -1 }]));
  beginActions();
}

/** Quick exit, sign-out, revoked: nothing readable stays. */
export function forgetAll(): void {
  me.value = null;
  groups.value = [];
  joinAnswers.value = [];
  presence.value = new Map();
  rooms.value = new Map();
  typing.value = new Map();
  drafts.value = new Map();
  replying.value = null;
  search.value = { words: "", found: null };
  myCall.value = null;
  otherCalls.value = [];
  cards.value = new Map();
  actions.value = new Map();
  checkIns.value = [];
  desk.value = null;
}
