// What a screen says of a witnessed action, read off its view. Pure.
import type { ActionCard, MyAction, WitnessView } from "../../wire/frames";
import type { Medium } from "../../text/deeds.en";

export const namesOf = (list: readonly WitnessView[]) => list.map((one) => one.person.name);

/** Who is truly there, who said yes and gets nothing just now, and who went (WA4). */
export function company(witnesses: readonly WitnessView[]) {
  const having = (state: WitnessView["state"]) => witnesses.filter((one) => one.state === state);
  return { present: having("present"), joined: having("joined"), left: having("left") };
}

/** Taps of “I'm with you”, coalesced into one line (WA5). */
export const taps = (witnesses: readonly WitnessView[]) => namesOf(witnesses.filter((one) => one.with_you && one.state !== "left"));

/** What those who were asked said of the declared moment (WA6). */
export function said(witnesses: readonly WitnessView[]) {
  return {
    saw: namesOf(witnesses.filter((one) => one.word === "saw")),
    couldNot: namesOf(witnesses.filter((one) => one.word === "could_not_see")),
    notYet: namesOf(witnesses.filter((one) => one.word === "none" && one.state === "present")),
  };
}

const LADDER: readonly Medium[] = ["video", "stills", "photo", "text"];
export const steppedDown = (one: MyAction | ActionCard) => one.medium_why === "line" || one.medium_why === "camera" || one.medium_why === "device";
export const hasPicture = (medium: Medium) => medium !== "text";

/** The better of two steps of the ladder. */
export const best = (one: Medium | null, other: Medium): Medium =>
  one !== null && LADDER.indexOf(one) <= LADDER.indexOf(other) ? one : other;

/** May the picture go out at this stage (docs/media.md)? */
export const streams = (stage: MyAction["stage"]) => stage === "live" || stage === "attesting" || stage === "turned";

/** Asked for, and not over. */
export const runs = (stage: MyAction["stage"]) => stage === "gathering" || streams(stage);

/** YYYY-MM-DDTHH:MM of the device's own clock, as the field for a day and a time wants it. */
export function localMinute(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** How many midnights lie between two days, each YYYY-MM-DD; null if either is none, or the first is later. */
export function daysBetween(from: string, to: string): number | null {
  const [a, b] = [Date.parse(`${from}T00:00:00Z`), Date.parse(`${to}T00:00:00Z`)];
  return Number.isNaN(a) || Number.isNaN(b) || a > b ? null : Math.round((b - a) / 86_400_000);
}

/** The last milestone reached and the next one, of those given in days. */
export function milestones(count: number, all: readonly number[]): { reached: number | null; next: number | null } {
  const sorted = [...all].sort((a, b) => a - b);
  return { reached: sorted.findLast((n) => n <= count) ?? null, next: sorted.find((n) => n > count) ?? null };
}

/** A plan's local time, as people write it: 24 November 2026, 18:30. */
export function planWords(local: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(local)) return local;
  const at = Date.parse(`${local}:00Z`);
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: "UTC" }).format(at);
}
