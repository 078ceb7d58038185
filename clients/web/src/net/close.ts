import { CLOSE_DRAINING, CLOSE_REVOKED, CLOSED_FOR_GOOD } from "../wire/frames";

/** Why the page must not come back by itself after this close code, or null: it returns. */
export function endedBy(code: number): "revoked" | "protocol" | null {
  if (!CLOSED_FOR_GOOD.includes(code)) return null;
  return code === CLOSE_REVOKED ? "revoked" : "protocol";
}

/** A server that restarts says in the reason how many ms to wait, so that not all pages come back at once. */
export function waitHint(code: number, reason: string): number | null {
  return code === CLOSE_DRAINING && /^\d{1,5}$/.test(reason) ? Number(reason) : null;
}
