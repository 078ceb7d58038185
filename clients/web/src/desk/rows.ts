import { secondsSince } from "../model/clock";
import type { DeskRow } from "../wire/frames";

const PINS: readonly DeskRow["pinned"][number][] = ["lapsed", "lost", "parked", "danger", "failsafe", "follow_up", "silent"];

export function pinnedNow(row: DeskRow): boolean {
  return row.pinned.some((pin) => PINS.includes(pin));
}

/** Only a row that nobody holds is tinted. */
export function wantsSomeone(row: DeskRow): boolean {
  return row.no_human_since !== null && !row.helpers.some((helper) => helper.answer === "coming");
}

export interface BigTime {
  seconds: number;
  of: "no_human" | "lost" | "held" | "parked" | "over";
}

/** The one big number of a row. */
export function bigTime(row: DeskRow, at: number): BigTime {
  if (row.standing === "closed" || row.standing === "cancelled") return { seconds: 0, of: "over" };
  if (row.standing === "parked") return { seconds: row.no_human_since === null ? 0 : secondsSince(row.no_human_since, at), of: "parked" };
  if (row.no_human_since !== null) return { seconds: secondsSince(row.no_human_since, at), of: "no_human" };
  if (row.caller_lost_since !== null) return { seconds: secondsSince(row.caller_lost_since, at), of: "lost" };
  const since = row.helpers.filter((helper) => helper.answer === "here").map((helper) => helper.since);
  return { seconds: since.length > 0 ? secondsSince(Math.min(...since), at) : 0, of: "held" };
}

/** Where the rings stand on the rail, in shares of 240 s: 45, 90 and 180 s (UC3). */
export const RAIL_SECONDS = 240;
export const RINGS_AT = [45, 90, 180] as const;

/**
 * Rows come in their order (OC1; rooms/desk.py decides it). They move only when nobody points at them: then the order
 * stays as it was, and new rows come at the end (page.md).
 */
export function keepOrder(before: readonly string[], rows: readonly DeskRow[]): DeskRow[] {
  const place = new Map(before.map((call, at) => [call, at]));
  return [...rows].sort((a, b) => (place.get(a.call) ?? before.length) - (place.get(b.call) ?? before.length));
}
