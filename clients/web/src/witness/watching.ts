import type { ActionCard } from "../wire/frames";
import type { Medium, WatchState } from "./api";
import { streams } from "./world";

// What a witness's page may say of the picture on it (product promise 2). Pure.

/** No picture for so long, and it is behind: 24 a second in video, one in 2 s in stills. A photo stays a photo. */
export const BEHIND_AFTER_MS = { video: 3_000, stills: 8_000, photo: Infinity };
/** A picture that took so much longer to get here than the quickest one is late. */
export const LATE_MS = 2_000;
/** Things came for so long that could not be opened, and nothing that could. */
export const WRONG_AFTER_MS = 1_500;

export interface Seen {
  line: "off" | "opening" | "up" | "away" | "over";
  /** When what is on the canvas came, and what it is; null while it is empty. */
  shown: { medium: Exclude<Medium, "text">; at: number } | null;
  /** How much later than the quickest it came, in ms. */
  late: number;
  /** Since when nothing that came could be opened; null when the last could. */
  wrongSince: number | null;
  /** This browser cannot show what came. */
  unable: boolean;
  closed: boolean;
}

type Card = Pick<ActionCard, "stage" | "looking" | "joined" | "frozen" | "cut" | "medium">;

/** Whether a socket should be open: not one byte comes otherwise. */
export const wantsPicture = (card: Card | null): boolean =>
  card !== null && card.looking && card.joined && !card.frozen && card.medium !== "text" && streams(card.stage);

export function watchState(card: Card | null, seen: Seen, now: number): WatchState {
  if (seen.closed || !card || card.stage === "ended" || card.frozen || seen.line === "over") return "ended";
  if (!wantsPicture(card)) return "off";
  if (card.cut) return "cut";
  if (seen.line === "away") return "lost";
  if (seen.wrongSince !== null && now - seen.wrongSince >= WRONG_AFTER_MS) return "sealed-wrong";
  if (seen.unable) return "unable";
  if (!seen.shown) return "waiting";
  const quiet = now - seen.shown.at >= BEHIND_AFTER_MS[seen.shown.medium];
  return quiet || seen.late >= LATE_MS ? "behind" : "live";
}

/** How late a picture is against the quickest so far: the two clocks need not agree. */
export class Lateness {
  #least = Infinity;

  of(timestampMicros: number, now: number): number {
    const took = now - timestampMicros / 1_000;
    this.#least = Math.min(this.#least, took);
    return took - this.#least;
  }

  /** Another page of the member's has another clock. */
  anew(): void {
    this.#least = Infinity;
  }
}
