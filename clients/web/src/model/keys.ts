import { signal } from "@preact/signals";
import type { DevicesNow, Event, KeysNow } from "../wire/frames";

/** What the server said of the keys of witnessed actions (WA3), the newest first, kept until the chunk that uses it is
 * loaded. In few bytes: it is part of the first load. */
export const heardKeys = signal<readonly (DevicesNow | KeysNow)[]>([]);

export function applyKeys(event: Event): void {
  if (event.t === "devices_now" || event.t === "keys_now") heardKeys.value = [event, ...heardKeys.peek()].slice(0, 99);
}
