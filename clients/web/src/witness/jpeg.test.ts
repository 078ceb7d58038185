import { describe, expect, test } from "vitest";
import type { Bytes } from "./bytes";
import { joined } from "./bytes";
import { bare, sizeOf } from "./jpeg";

const segment = (marker: number, ...body: number[]): Bytes =>
  Uint8Array.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);
const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

const SOI = Uint8Array.of(0xff, 0xd8);
const EOI = Uint8Array.of(0xff, 0xd9);
const JFIF = segment(0xe0, ...letters("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0);
const frame = (width: number, height: number, marker = 0xc0) =>
  segment(marker, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0);
const TABLES = joined(segment(0xdb, ...Array(65).fill(1)), segment(0xc4, 0, ...Array(16).fill(0)));
/** A scan whose coded bytes hold a stuffed 0xff and a restart marker. */
const SCAN = joined(segment(0xda, 1, 1, 0, 0, 63, 0), Uint8Array.of(1, 2, 0xff, 0, 3, 0xff, 0xd0, 4));
const jpeg = (...between: Uint8Array[]) => joined(SOI, JFIF, ...between, TABLES, frame(640, 360), SCAN, EOI);
const PLAIN = jpeg();

const EXIF = segment(0xe1, ...letters("Exif\0\0GPS 47.3 8.5"));
const hidden: [string, Uint8Array][] = [
  ["EXIF with a place", EXIF],
  ["XMP", segment(0xe1, ...letters("http://ns.adobe.com/xap/1.0/\0<x/>"))],
  ["a colour profile that names a device", segment(0xe2, ...letters("ICC_PROFILE\0phone"))],
  ["IPTC", segment(0xed, ...letters("Photoshop 3.0\0"))],
  ["Adobe", segment(0xee, ...letters("Adobe\0"))],
  ["a comment", segment(0xfe, ...letters("by Ana"))],
  ["JFXX with a small copy", segment(0xe0, ...letters("JFXX\0"), 0x10, 1, 2)],
  ["JFIF that only says it has a small copy", segment(0xe0, ...letters("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 1, 1)],
  ["JFIF with a small copy", segment(0xe0, ...letters("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 1, 1, 9, 9, 9)],
];

describe("WA2: a photo carries the picture and nothing else", () => {
  test.each(hidden)("test_wa02_%s does not leave the device", (_name, extra) => {
    expect(bare(jpeg(extra))).toEqual(PLAIN);
  });

  test("test_wa02_what_lies_behind_the_end_does_not_leave_either", () => {
    expect(bare(joined(PLAIN, Uint8Array.of(0xff, 0xd8, 1, 2, 3)))).toEqual(PLAIN);
  });

  test("test_wa02_what_is_no_jpeg_does_not_leave", () => {
    for (const junk of [new Uint8Array(0), new Uint8Array(64), PLAIN.slice(0, -2), PLAIN.slice(1), joined(SOI, EXIF.slice(0, 9))])
      expect(bare(joined(junk))).toBeNull();
  });
});

describe("WA3: whoever shows a picture refuses what is more than one", () => {
  test("test_wa03_a_bare_picture_is_shown", () => {
    expect(sizeOf(PLAIN)).toEqual({ width: 640, height: 360 });
    expect(sizeOf(joined(SOI, TABLES, frame(1280, 16, 0xc2), SCAN, SCAN, EOI))).toEqual({ width: 1280, height: 16 });
  });

  test.each(hidden)("test_wa03_%s is refused", (_name, extra) => {
    expect(sizeOf(jpeg(extra))).toBeNull();
    expect(sizeOf(joined(PLAIN.slice(0, -2), extra, EOI))).toBeNull();
  });

  test("test_wa03_bytes_behind_the_end_are_refused", () => {
    expect(sizeOf(joined(PLAIN, Uint8Array.of(0)))).toBeNull();
    expect(sizeOf(joined(PLAIN, PLAIN))).toBeNull();
  });

  test.each([
    [0, 0],
    [15, 360],
    [1281, 360],
    [640, 65_535],
  ])("test_wa03_absurd_sides_%i_by_%i_are_refused", (width, height) => {
    expect(sizeOf(joined(SOI, JFIF, TABLES, frame(width, height), SCAN, EOI))).toBeNull();
  });

  test("test_wa03_no_frame_two_frames_or_a_rare_kind_are_refused", () => {
    expect(sizeOf(joined(SOI, JFIF, TABLES, SCAN, EOI))).toBeNull();
    expect(sizeOf(joined(SOI, JFIF, frame(640, 360), frame(640, 360), SCAN, EOI))).toBeNull();
    expect(sizeOf(joined(SOI, JFIF, frame(640, 360, 0xc3), SCAN, EOI))).toBeNull();
  });

  test("test_wa03_every_cut_off_picture_is_refused_and_none_throws", () => {
    for (let at = 0; at < PLAIN.length; at++) expect(sizeOf(PLAIN.slice(0, at))).toBeNull();
  });
});
