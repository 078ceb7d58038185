import { signal } from "@preact/signals";
import type { GroupCard, Person } from "../wire/frames";

/** Where the page is. Never a history entry: “Back” of the browser must show nothing of Beside (CB4). */
export type Place =
  | { at: "groups" }
  | { at: "room"; group: string }
  | { at: "ask"; group: string | null; from: Place }
  | { at: "call" }
  | { at: "helping"; call: string }
  | ({ at: "witness" } & WitnessPlace)
  | { at: "introduction"; group: string }
  | { at: "find" }
  | { at: "join"; card: GroupCard }
  | { at: "create" }
  | { at: "moderate"; group: string }
  | { at: "plan" }
  | { at: "lines" }
  | { at: "settings" }
  | { at: "stored" }
  | { at: "leaving" };

/** Of a witnessed action: declaring one, one's own, someone else's, and the records of one's own (WA). */
export type WitnessPlace =
  | { show: "declare"; group: string }
  | { show: "mine" | "theirs" | "record"; action: string }
  | { show: "records" };

/** Before the groups: who is this, and may they read? */
export type Gate =
  | { is: "starting" }
  | { is: "out"; show: "welcome" | "sign_in" | "sign_up" | "recover" | "youth" | "lines"; revoked: boolean }
  | { is: "codes"; codes: readonly string[] }
  | { is: "locked" }
  | { is: "offline" }
  | { is: "in" };

export const gate = signal<Gate>({ is: "starting" });
export const place = signal<Place>({ at: "groups" });

/** An invite or the first coordinator's token, taken out of the address at once. */
export const invited = signal<string | null>(null);
export const firstToken = signal<string | null>(null);

/** The person whose menu is open: of a message, or of the people list. */
export interface About {
  person: Person;
  group: string;
  room: string | null;
  seq: number | null;
  mine: boolean;
}
export const about = signal<About | null>(null);

export function go(to: Place): void {
  place.value = to;
  about.value = null;
}
