import { effect, signal } from "@preact/signals";
import { Refusal, post } from "../net/http";
import { common } from "../text/en";
import type { Asking, Press, PressEvent } from "../model/press";
import { step } from "../model/press";
import { isOver, live, myCall, otherCalls } from "../model/model";
import { now } from "../model/clock";
import type { UrgentPost, UrgentReply } from "../wire/frames";
import { newKey } from "../wire/keys";
import { ask } from "./sender";

/** The press that is on its way, or none. */
export const press = signal<Press>({ is: "none" });

let ticking: ReturnType<typeof setInterval> | undefined;
const TICK_MS = 250;

/** "I need someone now": over the socket, and by POST when that does not answer (UC1). */
export function pressCall(asking: Omit<Asking, "k">): void {
  happen({ on: "press", ask: { ...asking, k: newKey() }, at: performance.now() });
  // Without a line there is nothing to wait 2 s for.
  if (!live.peek() && press.peek().is === "sending") void byPost(press.peek() as Extract<Press, { is: "sending" }>);
}

export const stillWanted = () => happen({ on: "yes", at: performance.now() });
export const dropPress = () => happen({ on: "drop" });
export const lineCame = () => happen({ on: "line", at: performance.now() });

/** When it was pressed, by the clock on the wall. */
export function pressedAt(one: Extract<Press, { is: "stale" }>): number {
  return performance.timeOrigin + one.pressedAt;
}

function happen(event: PressEvent): void {
  const { press: next, deeds } = step(press.peek(), event);
  press.value = next;
  if (next.is === "sending" && !ticking) {
    ticking = setInterval(() => happen({ on: "tick", at: performance.now() }), TICK_MS);
  } else if (next.is !== "sending" && ticking) {
    clearInterval(ticking);
    ticking = undefined;
  }
  if (next.is !== "sending") return;
  for (const deed of deeds) void (deed === "socket" ? bySocket(next) : byPost(next));
}

async function bySocket({ ask: a }: Extract<Press, { is: "sending" }>): Promise<void> {
  if (!live.peek()) return; // `lineCame` sends it
  try {
    const { ok } = await ask({
      t: "raise_call", k: a.k, group: a.group, words: a.words, only: a.only, volunteers_too: a.volunteersToo,
    });
    if (ok?.call) happen({ on: "ok", k: a.k, call: ok.call, saved: ok.saved });
  } catch (error) {
    refused(a.k, error);
  }
}

async function byPost({ ask: a }: Extract<Press, { is: "sending" }>): Promise<void> {
  const body: UrgentPost = { k: a.k, group: a.group, words: a.words, only: a.only, volunteers_too: a.volunteersToo };
  try {
    const reply = await post<UrgentReply>("/api/urgent", body, 5_000);
    happen({ on: "ok", k: a.k, call: reply.call, saved: reply.saved });
  } catch (error) {
    refused(a.k, error);
  }
}

/** Only the server's own word ends a press; that nothing came back means: keep trying. */
function refused(k: string, error: unknown): void {
  if (!(error instanceof Refusal) || error.code === "not_saved") return;
  happen({ on: "refused", k, sentence: error.sentence || common.unreached, todo: error.todo });
}

// The call's own view is the best answer there is. A press that is answered by a running call is answered (UC1).
effect(() => {
  const running = [myCall.value, ...otherCalls.value];
  const one = press.peek();
  if (one.is !== "sending" && one.is !== "stale") return;
  const call = running.find((held) => held && !isOver(held) && held.group === one.ask.group);
  if (call) happen({ on: "ok", k: one.ask.k, call: call.call, saved: call.saved });
});

/** The caller's own call while it needs a screen: running, or just over and not dismissed. */
export const dismissed = signal<string | null>(null);

export function callRuns(): boolean {
  const call = myCall.value;
  if (otherCalls.value.length > 0) return true;
  if (!call || dismissed.value === call.call) return press.value.is !== "none" && press.value.is !== "rung";
  return call.standing !== "cancelled" && call.standing !== "closed";
}

export function undoSecondsLeft(): number {
  const until = myCall.value?.undo_until;
  return until ? Math.max(0, Math.ceil((until - now.value) / 1000)) : 0;
}
