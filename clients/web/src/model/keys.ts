import { signal } from "@preact/signals";
import type { DevicesNow, Event, KeysNow } from "../wire/frames";

/** What the server said last of the keys of each witnessed action (WA3), kept until the chunk that uses it is loaded. */
export const heardKeys = signal<readonly (DevicesNow | KeysNow)[]>([]);

export function applyKeys(event: Event): void {
  if (event.t === "devices_now" || event.t === "keys_now")
    heardKeys.value = [event, ...heardKeys.peek().filter((one) => one.t !== event.t || one.action !== event.action)];
}
