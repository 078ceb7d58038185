/**
 * One press of "I need someone now", from the thumb to the server's word (UC1). Pure: the clock is an argument, and what
 * has to be done comes back as deeds. Every deed carries the same key, so that however many of them arrive, it is one
 * call.
 */

export const POST_AFTER_MS = 2_000;
export const FAILSAFE_AFTER_MS = 5_000;
export const STALE_AFTER_MS = 10 * 60_000;
export const POST_AGAIN_MS = 4_000;

export interface Asking {
  k: string;
  group: string;
  words: string;
  only: string[] | null;
  volunteersToo: boolean;
}

export type Press =
  | { is: "none" }
  | { is: "sending"; ask: Asking; pressedAt: number; postedAt: number | null; unreached: boolean; tries: number }
  /** Kept without a line for over 10 min: the person is asked before it fires. */
  | { is: "stale"; ask: Asking; pressedAt: number }
  | { is: "rung"; ask: Asking; call: string; saved: boolean }
  | { is: "refused"; ask: Asking; sentence: string; todo: string };

export type Deed = "socket" | "post";
export type PressEvent =
  | { on: "press"; ask: Asking; at: number }
  | { on: "tick"; at: number }
  | { on: "line"; at: number }
  | { on: "ok"; k: string; call: string; saved: boolean }
  | { on: "refused"; k: string; sentence: string; todo: string }
  | { on: "yes"; at: number }
  | { on: "drop" };

export function step(press: Press, event: PressEvent): { press: Press; deeds: Deed[] } {
  const stay = { press, deeds: [] };
  switch (event.on) {
    case "press":
      // A second press while one is on its way is the same press.
      if (press.is === "sending") return stay;
      return { press: sending(event.ask, event.at), deeds: ["socket"] };
    case "tick":
      return press.is === "sending" ? tick(press, event.at) : stay;
    case "line":
      if (press.is !== "sending") return stay;
      if (event.at - press.pressedAt > STALE_AFTER_MS) return { press: stale(press), deeds: [] };
      return { press, deeds: ["socket"] };
    case "ok":
      if (!("ask" in press) || press.ask.k !== event.k || press.is === "rung") return stay;
      return { press: { is: "rung", ask: press.ask, call: event.call, saved: event.saved }, deeds: [] };
    case "refused":
      if (press.is !== "sending" || press.ask.k !== event.k) return stay;
      return { press: { is: "refused", ask: press.ask, sentence: event.sentence, todo: event.todo }, deeds: [] };
    case "yes":
      // The key is kept: if an early try did get through, this is still the one call.
      if (press.is !== "stale") return stay;
      return { press: sending(press.ask, event.at), deeds: ["socket"] };
    case "drop":
      return { press: { is: "none" }, deeds: [] };
  }
}

function sending(ask: Asking, at: number): Press {
  return { is: "sending", ask, pressedAt: at, postedAt: null, unreached: false, tries: 0 };
}

function stale(press: { ask: Asking; pressedAt: number }): Press {
  return { is: "stale", ask: press.ask, pressedAt: press.pressedAt };
}

function tick(press: Extract<Press, { is: "sending" }>, at: number): { press: Press; deeds: Deed[] } {
  const age = at - press.pressedAt;
  if (age > STALE_AFTER_MS) return { press: stale(press), deeds: [] };
  const postDue = press.postedAt === null ? age >= POST_AFTER_MS : at - press.postedAt >= POST_AGAIN_MS;
  const unreached = press.unreached || age >= FAILSAFE_AFTER_MS;
  const next = unreached === press.unreached ? press : { ...press, unreached };
  return { press: postDue ? { ...next, postedAt: at, tries: next.tries + 1 } : next, deeds: postDue ? ["post"] : [] };
}
