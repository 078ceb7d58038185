import type { Bytes } from "./bytes";
import { SIDE_AT_MOST } from "./chunk";

// A JPEG as segments. What leaves a device holds what a decoder needs and nothing else: no place, no time, no name of a
// phone, no small copy of a picture that was cut. Whoever shows one refuses the rest, so a changed sender cannot do worse.

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DHT = 0xc4;
const DRI = 0xdd;
const APP0 = 0xe0;
const FRAMES = [0xc0, 0xc1, 0xc2]; // baseline, extended, progressive; the others no browser draws

/** APP0 with "JFIF" and no thumbnail: 16 bytes, of which the two last are its width and height. */
function isBareJfif(jpeg: Bytes, at: number, length: number): boolean {
  const name = [0x4a, 0x46, 0x49, 0x46, 0];
  return length === 16 && name.every((letter, index) => jpeg[at + 4 + index] === letter) && jpeg[at + 16] === 0 && jpeg[at + 17] === 0;
}

interface Segment {
  marker: number;
  /** Where its 0xff stands, and what comes behind it. */
  at: number;
  end: number;
}

/** All segments from SOI to EOI, entropy-coded data belonging to its SOS; null when it is no such thing. */
function segments(jpeg: Bytes): Segment[] | null {
  if (jpeg[0] !== 0xff || jpeg[1] !== SOI) return null;
  const all: Segment[] = [{ marker: SOI, at: 0, end: 2 }];
  let at = 2;
  while (at + 1 < jpeg.length) {
    if (jpeg[at] !== 0xff) return null;
    const marker = jpeg[at + 1]!;
    if (marker === EOI) {
      all.push({ marker, at, end: at + 2 });
      return all;
    }
    if (at + 3 >= jpeg.length) return null;
    const length = (jpeg[at + 2]! << 8) | jpeg[at + 3]!;
    let end = at + 2 + length;
    if (length < 2 || end > jpeg.length) return null;
    if (marker === SOS) end = endOfScan(jpeg, end);
    all.push({ marker, at, end });
    at = end;
  }
  return null;
}

/** Behind SOS come coded bytes: 0xff 0x00 is a coded 0xff, 0xff 0xd0…0xd7 a restart; any other marker ends them. */
function endOfScan(jpeg: Bytes, from: number): number {
  let at = from;
  while (at < jpeg.length) {
    const next = jpeg[at + 1] ?? 0;
    if (jpeg[at] === 0xff && next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at;
    at++;
  }
  return at;
}

const needed = (marker: number) => [SOI, EOI, SOS, DQT, DHT, DRI, ...FRAMES].includes(marker);

/** The same picture with what a decoder needs alone, or null when it is no JPEG that can be told apart. */
export function bare(jpeg: Bytes): Bytes | null {
  const all = segments(jpeg);
  if (!all) return null;
  const kept = all.filter(({ marker, at, end }) => needed(marker) || (marker === APP0 && isBareJfif(jpeg, at, end - at - 2)));
  const out = new Uint8Array(kept.reduce((sum, { at, end }) => sum + end - at, 0));
  let to = 0;
  for (const { at, end } of kept) {
    out.set(jpeg.subarray(at, end), to);
    to += end - at;
  }
  return out;
}

/**
 * The size of a picture that may be decoded, or null for one that may not: it carries more than a picture (any APPn but
 * a bare JFIF, a comment, anything behind its end), has not exactly one frame, or absurd sides.
 */
export function sizeOf(jpeg: Bytes): { width: number; height: number } | null {
  const all = segments(jpeg);
  if (!all || all.at(-1)!.end !== jpeg.length) return null;
  const strange = ({ marker, at, end }: Segment) => !needed(marker) && !(marker === APP0 && isBareJfif(jpeg, at, end - at - 2));
  if (all.some(strange)) return null;
  const frames = all.filter(({ marker }) => FRAMES.includes(marker));
  const frame = frames[0];
  if (!frame || frames.length !== 1 || frame.end - frame.at < 10) return null;
  const height = (jpeg[frame.at + 5]! << 8) | jpeg[frame.at + 6]!;
  const width = (jpeg[frame.at + 7]! << 8) | jpeg[frame.at + 8]!;
  const sane = (side: number) => side >= 16 && side <= SIDE_AT_MOST;
  return sane(width) && sane(height) ? { width, height } : null;
}
