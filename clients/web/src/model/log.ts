import type { Entry, EntryAdded, EntryChanged, RoomNow } from "../wire/frames";

/** A line of one's own that the server has not put into the log yet. */
export interface Pending {
  k: string;
  text: string;
  replyTo: number | null;
  at: number;
  /** `saved` only after an `ok`; it then waits for its entry. `unsaved` carries the server's sentence. */
  is: "sending" | "saved" | "unsaved";
  seq: number | null;
  why: string;
}

/**
 * One room's log as this page holds it. `entries` is sorted by seq and holds each seq once; what is missing between
 * them, or up to `head`, is a gap that the page fetches and shows as missing until it came (CH2).
 */
export interface RoomLog {
  room: string;
  group: string;
  epoch: number;
  head: number;
  entries: readonly Entry[];
  pending: readonly Pending[];
  /** Not heard from the server yet since the line came (back). */
  stale: boolean;
}

export interface Hole {
  /** Missing are the seqs with `after < seq < before`. */
  after: number;
  before: number;
}

export function emptyLog(room: string, group: string): RoomLog {
  return { room, group, epoch: 0, head: 0, entries: [], pending: [], stale: true };
}

function merged(old: readonly Entry[], fresh: readonly Entry[]): Entry[] {
  const bySeq = new Map(old.map((entry) => [entry.seq, entry]));
  for (const entry of fresh) bySeq.set(entry.seq, entry);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** A pending line whose entry arrived is no longer pending: joined by its key, or by the seq its `ok` named. */
function settled(pending: readonly Pending[], entries: readonly Entry[]): readonly Pending[] {
  if (pending.length === 0) return pending;
  const keys = new Set(entries.map((entry) => entry.k));
  const seqs = new Set(entries.map((entry) => entry.seq));
  return pending.filter((line) => !keys.has(line.k) && !(line.seq !== null && seqs.has(line.seq)));
}

export function withRoom(log: RoomLog, event: RoomNow): RoomLog {
  const same = event.resumed && event.epoch === log.epoch;
  const entries = same ? merged(log.entries, event.entries) : merged([], event.entries);
  const pending = settled(log.pending, entries);
  return { ...log, group: event.group, epoch: event.epoch, head: event.head, entries, pending, stale: false };
}

/** Entries that were asked for. Those of an older epoch are of a log that no longer is. */
export function withEntries(log: RoomLog, epoch: number, fresh: readonly Entry[]): RoomLog {
  if (epoch !== log.epoch) return log;
  const entries = merged(log.entries, fresh);
  return { ...log, entries, pending: settled(log.pending, fresh), head: Math.max(log.head, lastSeq(entries)) };
}

/** One live entry. `reopen` says that the page must open the room anew: another epoch began. */
export function withAdded(log: RoomLog, event: EntryAdded): { log: RoomLog; reopen: boolean } {
  if (event.epoch !== log.epoch) return { log, reopen: true };
  return { log: withEntries(log, event.epoch, [event.entry]), reopen: false };
}

/** A changed entry replaces the one held; one that the page does not hold stays a gap or out of view. */
export function withChanged(log: RoomLog, event: EntryChanged): RoomLog {
  if (event.epoch !== log.epoch || !log.entries.some((entry) => entry.seq === event.entry.seq)) return log;
  return { ...log, entries: merged(log.entries, [event.entry]) };
}

export function lastSeq(entries: readonly Entry[]): number {
  return entries.at(-1)?.seq ?? 0;
}

/** What is missing inside the log and up to its head. What came before its first entry is history, not a hole. */
export function holes(log: RoomLog): Hole[] {
  const found: Hole[] = [];
  let before: number | null = null;
  for (const { seq } of log.entries) {
    if (before !== null && seq > before + 1) found.push({ after: before, before: seq });
    before = seq;
  }
  const last = before ?? 0;
  if (log.entries.length > 0 && log.head > last) found.push({ after: last, before: log.head + 1 });
  return found;
}

/** Older entries exist that the page has not asked for. */
export function hasHistory(log: RoomLog): boolean {
  return (log.entries[0]?.seq ?? 1) > 1;
}

// ---- one's own lines: sending → saved, or not saved (CH1)

export function withPending(log: RoomLog, line: Pending): RoomLog {
  return { ...log, pending: [...log.pending.filter((other) => other.k !== line.k), line] };
}

/** The server answered `ok`: committed at `seq`. Its entry may be here already, or follow. */
export function withSaved(log: RoomLog, k: string, seq: number | null): RoomLog {
  const pending = log.pending.map((line) => (line.k === k ? { ...line, is: "saved" as const, seq } : line));
  return { ...log, pending: settled(pending, log.entries) };
}

export function withUnsaved(log: RoomLog, k: string, why: string): RoomLog {
  return { ...log, pending: log.pending.map((line) => (line.k === k ? { ...line, is: "unsaved" as const, why } : line)) };
}

export function withoutPending(log: RoomLog, k: string): RoomLog {
  return { ...log, pending: log.pending.filter((line) => line.k !== k) };
}
