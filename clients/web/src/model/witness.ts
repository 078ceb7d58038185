import { signal } from "@preact/signals";
import type { ActionCard, ActionGone, MyAction } from "../wire/frames";
import { sample } from "./clock";

/** A witnessed action as this person sees it: their own, or one that someone of their group asks to be watched (WA1). */
export type Action = MyAction | ActionCard;

/** By id, whole. What is over stays until it is put away: its last words are still to be read. */
export const actions = signal<ReadonlyMap<string, Action>>(new Map());

const kept = (keep: (one: Action) => boolean) => (actions.value = new Map([...actions.peek()].filter(([, one]) => keep(one))));

/** Newer replaces older, as with calls. */
export function applyAction(event: Action | ActionGone): void {
  if (event.t === "action_gone") {
    putActionAway(event.action);
    return;
  }
  sample(event.now);
  if (event.version > (actions.peek().get(event.action)?.version ?? -1)) {
    actions.value = new Map([...actions.peek(), [event.action, event]]);
  }
}

/** No longer shown: it was read, or is not this person's to see any more. */
export const putActionAway = (id: string) => kept((one) => one.action !== id);

/** A reconnect is one snapshot: what a welcome brings is taken as it is, and what it does not name again is over. */
export function beginActions(): void {
  actions.value = new Map([...actions.peek()].map(([id, one]) => [id, { ...one, version: -1 }]));
}
export const endActions = () => kept((one) => one.version !== -1 || one.stage === "ended");
