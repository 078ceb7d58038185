import { ask } from "../app/sender";
import { Unreached } from "../net/http";
import type { World } from "./socket";

// The real world of a media socket.

export function worldOf(action: string): World {
  return {
    ticket: async () => {
      const ticket = (await ask({ t: "open_media", action })).ok?.ticket;
      if (!ticket) throw new Unreached("no ticket");
      return ticket;
    },
    open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/media`),
    now: () => performance.now(),
    random: Math.random,
    later: (ms, run) => window.setTimeout(run, ms),
    never: (timer) => clearTimeout(timer),
  };
}

/** The stages in which a picture may go out (WA3, WA7); the server keeps the same. */
export const streams = (stage: string | undefined): boolean => stage === "live" || stage === "attesting" || stage === "turned";
