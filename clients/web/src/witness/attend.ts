import { effect } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { tell } from "../app/sender";
import { live } from "../model/model";
import type { ActionCard } from "../wire/frames";
import type { Medium } from "./api";
import { EVERY_MS, gotNow } from "./got";
import type { Reached } from "./got";

// Says `got` for a witness's page (WA4): every 4 s, and at once when there is something to say after nothing.

const LOOK_EVERY_MS = 1_000;
const reached = new Map<string, Reached>();
const waiting = new Set<() => void>();
const of = (action: string): Reached => reached.get(action) ?? { picture: null, stepAt: null };

/** A picture of this action was drawn on this page just now. */
export function drawn(action: string, medium: Exclude<Medium, "text">): void {
  reached.set(action, { ...of(action), picture: { medium, at: performance.now() } });
  for (const look of waiting) look();
}

/** What was drawn is not on the page any more. */
export function undrawn(action: string): void {
  reached.set(action, { ...of(action), picture: null });
}

export function attend(card: ReadonlySignal<ActionCard | null>, shown: () => boolean = () => true): { close(): void } {
  const action = card.peek()?.action ?? "";
  let saidAt = -Infinity;
  let said: Medium | null = null;
  let steps = card.peek()?.steps.length ?? 0;
  const look = () => {
    const now = performance.now();
    const visible = document.visibilityState === "visible" && live.peek();
    let medium = gotNow(card.peek(), of(action), visible, now);
    if (medium === "text" && !shown()) medium = null;
    const due = medium !== null && (medium !== said || now - saidAt >= EVERY_MS);
    if (medium === null) said = null;
    if (!due || medium === null) return;
    said = medium;
    saidAt = now;
    tell({ t: "got", action, medium });
  };
  const stops = [
    effect(() => {
      const now = card.value?.steps.length ?? 0;
      if (now > steps) reached.set(action, { ...of(action), stepAt: performance.now() });
      steps = now;
      look();
    }),
  ];
  const timer = setInterval(look, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", look);
  waiting.add(look);
  return {
    close() {
      for (const stop of stops) stop();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
      waiting.delete(look);
    },
  };
}
