import type { ActionCard } from "../wire/frames";
import type { Medium } from "./api";

// What a witness's page may say that it got (WA4). Pure: a page that says too much makes a witness of nobody.

/** A frame or a step counts for so long. */
export const COUNTS_FOR_MS = 10_000;
export const EVERY_MS = 4_000;

export interface Reached {
  /** What was drawn last, and when; null for nothing. */
  picture: { medium: Exclude<Medium, "text">; at: number } | null;
  /** When the newest step came to this page; null for none since it was opened. */
  stepAt: number | null;
}

type Card = Pick<ActionCard, "stage" | "medium" | "joined" | "looking" | "frozen" | "cut">;

/**
 * What to say now, or null for nothing.
 *
 * A picture counts for 10 s after it was drawn. Text counts while the page is visible and shows the newest step: before
 * it is live, and where text is the medium. In photo as well: the one photo stays on the screen, and the next that comes
 * is a step. Beside moving pictures and stills a step counts for 10 s after it came, like a frame.
 */
export function gotNow(card: Card | null, reached: Reached, visible: boolean, now: number): Medium | null {
  if (!card || !visible || !card.joined || card.frozen) return null;
  if (card.stage === "gathering") return "text";
  if (card.stage !== "live" && card.stage !== "turned") return null;
  const { picture, stepAt } = reached;
  const fresh = (at: number | null) => at !== null && now - at < COUNTS_FOR_MS;
  if (picture && card.looking && !card.cut && fresh(picture.at)) return picture.medium;
  if (card.medium === "text" || card.medium === "photo" || fresh(stepAt)) return "text";
  return null;
}
