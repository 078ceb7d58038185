import { signal } from "@preact/signals";
import type { Medium } from "../../text/deeds.en";
import type { ActionCard } from "../../wire/frames";
import { best } from "./derive";

const byAction = signal<ReadonlyMap<string, Medium>>(new Map());

export const forgetReached = () => (byAction.value = new Map());

/** Something of that kind was on this page. */
export function reached(action: string, medium: Medium): void {
  const now = best(byAction.peek().get(action) ?? null, medium);
  if (byAction.peek().get(action) !== now) byAction.value = new Map([...byAction.peek(), [action, now]]);
}

/**
 * The best that reached this page, for the witness's own words, or null when nothing did: then “I couldn't see” is all
 * there is to say (WA6). What goes into the record the server decides.
 */
export function perceived(card: ActionCard): Medium | null {
  const here = byAction.value.get(card.action);
  if (here) return here;
  if (card.looking) return card.medium;
  return card.medium === "text" || card.steps.length > 0 ? "text" : null;
}
