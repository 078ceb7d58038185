import { describe, expect, test } from "vitest";
import vectors from "../../../../tests/vectors/media.json";
import { ascii, fromText, toText } from "./bytes";
import type { Bytes } from "./bytes";
import { contentBytes, contentOf, headerBytes } from "./chunk";
import type { Content, Kind } from "./chunk";
import { Opener, safetyBits, sealOne, unwrap } from "./seal";
import { asWords } from "./words";

// The same figures as the Python client's (tests/client/test_seal.py): two independent makers of one format.

const fromHex = (hex: string): Bytes => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const action = vectors.action;

function secretOf(given: { public: string; secret_hex: string }): Promise<CryptoKey> {
  const point = fromText(given.public);
  const jwk = { kty: "EC", crv: "P-256", x: toText(point.slice(1, 33)), y: toText(point.slice(33)), d: toText(fromHex(given.secret_hex)) };
  return crypto.subtle.importKey("jwk", jwk, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
}

const sessionOf = (epoch: number) => fromHex(vectors.sessions.find((one) => one.epoch === epoch)!.key_hex);
const keyOf = (epoch: number, use: KeyUsage) => crypto.subtle.importKey("raw", sessionOf(epoch), "AES-GCM", false, [use]);

function given(chunk: (typeof vectors.chunks)[number]): Content {
  const { timestamp_us: timestamp, codec, width, height, data_hex } = chunk.content;
  const kind = chunk.kind as Kind;
  const data = fromHex(data_hex);
  return kind === "key" ? { kind, timestamp, config: { codec, width, height }, data } : { kind, timestamp, data };
}

describe("WA3: by the same figures as the Python client", () => {
  test.each(vectors.wraps)("test_wa03_$device unwraps its share of epoch $epoch, and it opens that epoch's chunks", async (one) => {
    const device = vectors.devices.find(({ name }) => name === one.device)!;
    const between = { action, epoch: one.epoch, member: vectors.member.public, device: device.public };
    const key = await unwrap(one.wrapped, await secretOf(device), between);
    const opener = new Opener(action);
    opener.take(vectors.member.public, one.epoch, key);
    for (const chunk of vectors.chunks.filter(({ epoch }) => epoch === one.epoch)) {
      const opened = await opener.open(fromHex(chunk.chunk_hex));
      expect(opened).toEqual({ kind: chunk.kind, content: fromHex(chunk.plaintext_hex) });
    }
  });

  test.each(vectors.chunks)("test_wa03_$kind of epoch $epoch is sealed to the same bytes", async (chunk) => {
    const content = given(chunk);
    const head = { kind: content.kind, epoch: chunk.epoch, counter: BigInt(chunk.counter) };
    expect(toHex(headerBytes(head))).toBe(chunk.header_hex);
    expect(toHex(contentBytes(content))).toBe(chunk.plaintext_hex);
    expect(contentOf(content.kind, fromHex(chunk.plaintext_hex))).toEqual(content);
    expect(toHex(await sealOne(await keyOf(chunk.epoch, "encrypt"), head, contentBytes(content), ascii(action)))).toBe(chunk.chunk_hex);
  });

  test.each(vectors.safety)("test_wa03_the_safety_word_over $devices", async (one) => {
    const keys = one.devices.map((name) => vectors.devices.find((device) => device.name === name)!.public);
    const bits = await safetyBits(vectors.member.public, keys);
    expect(toHex(bits)).toBe(one.bits_hex);
    expect(asWords(bits)).toEqual(one.words);
  });
});
