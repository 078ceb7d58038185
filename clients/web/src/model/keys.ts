import { signal } from "@preact/signals";
import type { DevicesNow, Event, KeysNow } from "../wire/frames";

// What the server said last of the keys of a witnessed action (WA3). It may come before the chunk that uses it is loaded.

/** By action: whose pages watch this person's own. */
export const devicesNow = signal<ReadonlyMap<string, DevicesNow>>(new Map());
/** By action: what the member's page wrapped for this page. */
export const keysNow = signal<ReadonlyMap<string, KeysNow>>(new Map());

export function applyKeys(event: Event): void {
  if (event.t === "devices_now") devicesNow.value = new Map(devicesNow.peek()).set(event.action, event);
  else if (event.t === "keys_now") keysNow.value = new Map(keysNow.peek()).set(event.action, event);
  else if (event.t === "welcome") devicesNow.value = keysNow.value = new Map(); // of another connection: said anew
}
