import { CLOSE_CODES } from "../wire/frames";

/** Why the page must not come back by itself after this close code, or null: it returns. */
export function endedBy(code: number): "revoked" | "protocol" | null {
  const known = CLOSE_CODES[code];
  if (!known || known.returns) return null;
  return known.name === "revoked" ? "revoked" : "protocol";
}

/** A server that restarts says in the reason how many ms to wait, so that not all pages come back at once. */
export function waitHint(code: number, reason: string): number | null {
  return code === 1012 && /^\d{1,5}$/.test(reason) ? Number(reason) : null;
}
