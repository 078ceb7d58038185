import { describe, expect, test } from "vitest";
import given from "../../../../tests/vectors/media.json";
import { ascii, fromText, toText } from "./bytes";
import type { Bytes } from "./bytes";
import { contentBytes, contentOf, headerOf } from "./chunk";
import type { Content, Kind } from "./chunk";
import { Opener, safetyBits, sealOne, unwrap } from "./seal";
import { asWords } from "./words";

// The same figures as the Python client (tests/vectors/write_media.py): two implementations of docs/media.md agree.

const hex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const device = (name: string) => given.devices.find((one) => one.name === name)!;
const sessionOf = (epoch: number) => hex(given.sessions.find((one) => one.epoch === epoch)!.key_hex);

function secretKey(of: { public: string; secret_hex: string }): Promise<CryptoKey> {
  const point = fromText(of.public);
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: toText(point.subarray(1, 33)),
    y: toText(point.subarray(33)),
    d: toText(hex(of.secret_hex)),
  };
  return crypto.subtle.importKey("jwk", jwk, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
}

describe("WA3: the figures of docs/media.md", () => {
  test.each(given.wraps)("test_wa03_$device unwraps the key of epoch $epoch, and nobody else does", async (one) => {
    const sample = given.chunks.find((chunk) => chunk.epoch === one.epoch)!;
    for (const each of given.devices) {
      const between = { action: given.action, epoch: one.epoch, member: given.member.public, device: each.public };
      const unwrapped = unwrap(one.wrapped, await secretKey(each), between);
      if (each.name !== one.device) {
        await expect(unwrapped).rejects.toThrow();
        continue;
      }
      const opener = new Opener(given.action);
      opener.take(given.member.public, one.epoch, await unwrapped);
      expect(await opener.open(hex(sample.chunk_hex))).toMatchObject({ kind: sample.kind });
    }
  });

  test.each(given.chunks)("test_wa03_$kind $epoch/$counter opens and seals to the same bytes", async (one) => {
    const chunk = hex(one.chunk_hex);
    expect(headerOf(chunk)).toEqual({ kind: one.kind, epoch: one.epoch, counter: BigInt(one.counter) });
    const key = await crypto.subtle.importKey("raw", sessionOf(one.epoch), "AES-GCM", false, ["encrypt", "decrypt"]);
    const opener = new Opener(given.action);
    opener.take(given.member.public, one.epoch, key);
    const opened = await opener.open(chunk);
    if (typeof opened === "string") throw new Error(opened);
    expect(toHex(opened.content)).toBe(one.plaintext_hex);
    const kind = one.kind as Kind;
    const { codec, width, height, timestamp_us: timestamp, data_hex } = one.content;
    const data = hex(data_hex);
    const content: Content = kind === "key" ? { kind, timestamp, config: { codec, width, height }, data } : { kind, timestamp, data };
    expect(contentOf(kind, opened.content)).toEqual(content);
    const head = { kind, epoch: one.epoch, counter: BigInt(one.counter) };
    expect(toHex(await sealOne(key, head, contentBytes(content), ascii(given.action)))).toBe(one.chunk_hex);
  });

  test.each(given.safety)("test_wa03_the safety word over $devices is $words", async (one) => {
    const bits = await safetyBits(given.member.public, one.devices.map((name) => device(name).public));
    expect(toHex(bits)).toBe(one.bits_hex);
    expect(asWords(bits)).toEqual(one.words);
  });
});
