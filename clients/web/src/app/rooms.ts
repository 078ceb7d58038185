import { keep, ask, tell } from "./sender";
import { Refusal } from "../net/http";
import { newKey } from "../wire/keys";
import { common } from "../text/en";
import type { Hole, Pending } from "../model/log";
import { holes, lastSeq, withPending, withSaved, withUnsaved, withoutPending } from "../model/log";
import { changeRoom, live, rooms } from "../model/model";

const PAGE_ENTRIES = 100;

/** Rooms that a screen shows now; they are opened again after every reconnect. */
const shown = new Map<string, string>();
const fetching = new Set<string>();

/** A screen shows this room. GR6: one is online in a group only while its room is open. */
export function showRoom(room: string, group: string): void {
  shown.set(room, group);
  changeRoom(room, (log) => log, group);
  void openRoom(room);
}

export function hideRoom(room: string): void {
  shown.delete(room);
  if (live.peek()) ask({ t: "close_room", room }).catch(() => {});
  changeRoom(room, (log) => ({ ...log, stale: true }));
}

/** After a welcome: take every shown room up from what the page holds. */
export function reopenRooms(): void {
  fetching.clear();
  for (const room of shown.keys()) void openRoom(room);
}

/** What one may see has changed (a block): read every shown room anew, and keep nothing of before (CB2). */
export function readRoomsAnew(): void {
  for (const room of shown.keys()) {
    changeRoom(room, (log) => ({ ...log, entries: [] }));
    void openRoom(room);
  }
}

export async function openRoom(room: string): Promise<void> {
  const log = rooms.peek().get(room);
  const after = log && log.entries.length > 0 ? { epoch: log.epoch, seq: lastSeq(log.entries) } : null;
  await ask({ t: "open_room", room, after }).then(
    () => void fill(room),
    // No line: reopenRooms comes by after the next welcome. The store did not answer: it is asked again.
    ({ retryAfterMs }: Partial<Refusal>) => {
      if (retryAfterMs) setTimeout(() => shown.has(room) && openRoom(room), retryAfterMs);
    },
  );
}

const newestHole = (room: string): Hole | undefined => {
  const log = rooms.peek().get(room);
  return log && holes(log).at(-1);
};

/**
 * Fetch what is missing, newest first, until nothing is. A reply may be short: the newest entries that fit one frame,
 * so what is left of the hole is asked for again. One that brought nothing is not; the next event tries anew.
 */
export async function fill(room: string): Promise<void> {
  for (let hole = newestHole(room); hole; ) {
    if (!(await fetchHole(room, hole))) return;
    const left = newestHole(room);
    if (left?.after === hole.after && left.before === hole.before) return;
    hole = left;
  }
}

/** True once the server answered; false while the same is being asked already, or without a line. */
async function fetchHole(room: string, hole: Hole): Promise<boolean> {
  const after = Math.max(hole.after, hole.before - PAGE_ENTRIES - 1);
  const name = `${room} ${after} ${hole.before}`;
  if (fetching.has(name)) return false;
  fetching.add(name);
  try {
    await ask({ t: "fetch_entries", room, after, before: hole.before, limit: PAGE_ENTRIES });
    return true;
  } catch {
    return false; // asked again after the next event or reconnect
  } finally {
    fetching.delete(name);
  }
}

/** A page of what came before. Only seq 1 is the start of the log, however short the page was. */
export async function fetchHistory(room: string): Promise<void> {
  const before = rooms.peek().get(room)?.entries[0]?.seq ?? 1;
  if (before > 1 && (await fetchHole(room, { after: 0, before }))) await fill(room);
}

// ---- writing

export function say(room: string, text: string, replyTo: number | null): void {
  const line: Pending = { k: newKey(), text, replyTo, at: Date.now(), is: "sending", seq: null, why: "" };
  void send(room, line);
}

/** The same words with the same key: if the first try was committed after all, this finds it. */
export function sayAgain(room: string, line: Pending): void {
  void send(room, { ...line, is: "sending", why: "" });
}

async function send(room: string, line: Pending): Promise<void> {
  changeRoom(room, (log) => withPending(log, line));
  try {
    const { ok } = await keep({ t: "say", k: line.k, room, text: line.text, reply_to: line.replyTo, experience: false });
    changeRoom(room, (log) => withSaved(log, line.k, ok?.seq ?? null));
  } catch (error) {
    const why = error instanceof Refusal ? `${error.sentence} ${error.todo}` : common.unreached;
    changeRoom(room, (log) => withUnsaved(log, line.k, why));
  }
}

export function dropLine(room: string, k: string): void {
  changeRoom(room, (log) => withoutPending(log, k));
}

let typedAt = 0;
const TYPING_EVERY_MS = 3_000;

export function typingIn(room: string): void {
  if (!live.peek() || performance.now() - typedAt < TYPING_EVERY_MS) return;
  typedAt = performance.now();
  tell({ t: "typing", room });
}
