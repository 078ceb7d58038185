import { signal } from "@preact/signals";
import type { Entry } from "../../wire/frames";

/** The message that the next line answers. */
export const replying = signal<{ room: string; entry: Entry } | null>(null);
