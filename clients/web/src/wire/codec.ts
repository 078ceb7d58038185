import { decode, encode } from "@msgpack/msgpack";
import type { Command, Event } from "./frames";

/** A frame as bytes. Fields that are undefined are left out, as the server forbids what it does not know. */
export function toBytes(command: Command): Uint8Array {
  return encode(command, { ignoreUndefined: true });
}

/** Bytes as an event, or null for what is no frame at all: a page never dies of one. */
export function fromBytes(bytes: ArrayBuffer): Event | null {
  try {
    const value: unknown = decode(new Uint8Array(bytes));
    return typeof value === "object" && value !== null && "t" in value ? (value as Event) : null;
  } catch {
    return null;
  }
}
