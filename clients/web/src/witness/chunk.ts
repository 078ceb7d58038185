import { ascii, joined } from "./bytes";
import type { Bytes } from "./bytes";

// What stands in a chunk, before and after sealing (docs/media.md). Pure: bytes to values and back.

export const KINDS = ["", "key", "delta", "still", "photo", "sound"] as const;
export type Kind = "key" | "delta" | "still" | "photo" | "sound";
export const HEADER_BYTES = 11;
export const TAG_BYTES = 16;
export const CHUNK_AT_MOST_BYTES = 256 * 1024;
export const PHOTO_AT_MOST_BYTES = 768 * 1024;
/** A picture wider or higher than this is not decoded, whatever it says: 1280 is the most that is sent. */
export const SIDE_AT_MOST = 1280;

export interface Header {
  kind: Kind;
  epoch: number;
  counter: bigint;
}

export interface VideoConfig {
  codec: string;
  width: number;
  height: number;
}

export type Content =
  | { kind: "key"; timestamp: number; config: VideoConfig; data: Bytes }
  | { kind: "delta" | "still" | "photo" | "sound"; timestamp: number; data: Bytes };

export function headerBytes({ kind, epoch, counter }: Header): Bytes {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, KINDS.indexOf(kind));
  view.setUint16(1, epoch);
  view.setBigUint64(3, counter);
  return bytes;
}

/** The header of a chunk, or null for what is none. */
export function headerOf(chunk: Bytes): Header | null {
  const most = chunk[0] === 4 ? PHOTO_AT_MOST_BYTES : CHUNK_AT_MOST_BYTES;
  if (chunk.length < HEADER_BYTES + TAG_BYTES || chunk.length > most) return null;
  const view = new DataView(chunk.buffer, chunk.byteOffset, HEADER_BYTES);
  const kind = KINDS[view.getUint8(0)];
  return kind ? { kind, epoch: view.getUint16(1), counter: view.getBigUint64(3) } : null;
}

/** 4 zero bytes and the counter: it never comes twice under one key, as the counter only rises. */
export function nonceOf(counter: bigint): Bytes {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, counter);
  return bytes;
}

export function contentBytes(content: Content): Bytes {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setFloat64(0, content.timestamp);
  if (content.kind !== "key") return joined(head, content.data);
  const codec = ascii(content.config.codec);
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint16(0, content.config.width);
  new DataView(size.buffer).setUint16(2, content.config.height);
  return joined(head, Uint8Array.of(codec.length), codec, size, content.data);
}

const CODEC = /^(vp8|vp09\.[0-9.]{1,40}|avc1\.[0-9A-Fa-f]{6}|av01\.[0-9A-Za-z.]{1,40})$/;

/** What was sealed, or null when it is not what its kind says. A sender may be hostile to its viewers. */
export function contentOf(kind: Kind, bytes: Bytes): Content | null {
  if (bytes.length <= 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const timestamp = view.getFloat64(0);
  if (!Number.isFinite(timestamp) || timestamp < 0) return null;
  if (kind !== "key") return { kind, timestamp, data: bytes.subarray(8) };
  const after = 9 + view.getUint8(8);
  if (bytes.length <= after + 4) return null;
  const codec = String.fromCharCode(...bytes.subarray(9, after));
  const config = { codec, width: view.getUint16(after), height: view.getUint16(after + 2) };
  const sane = (side: number) => side >= 16 && side <= SIDE_AT_MOST;
  if (!CODEC.test(codec) || !sane(config.width) || !sane(config.height)) return null;
  return { kind, timestamp, config, data: bytes.subarray(after + 4) };
}
