import { ascii, compare, fromText, joined, toText } from "./bytes";
import type { Bytes } from "./bytes";
import { headerBytes, headerOf, HEADER_BYTES, nonceOf } from "./chunk";
import type { Header, Kind } from "./chunk";

// Sealing from device to device (docs/media.md): what the server hands on it cannot open. WebCrypto alone; nothing of a
// key leaves memory. tests/vectors/ holds the same in figures for this and the Python client.

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const POINT_BYTES = 65;
const WRAPPED_BYTES = 60;

/** A page's key pair for one action. The private half cannot be taken out. */
export interface KeyPair {
  /** The public half as frames carry it: 65 bytes, base64url. */
  text: string;
  secret: CryptoKey;
}

export async function makeKeyPair(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  return { text: toText(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))), secret: pair.privateKey };
}

/** A fresh session key of the member's page. It can be wrapped, so it can be taken out: here alone. */
export const makeSessionKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);

export interface Between {
  action: string;
  epoch: number;
  /** The member's public key and the device's, as frames carry them. */
  member: string;
  device: string;
}

async function wrappingKey(secret: CryptoKey, other: string, between: Between, use: KeyUsage): Promise<CryptoKey> {
  const point = await crypto.subtle.importKey("raw", pointOf(other), CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: point }, secret, 256);
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const epoch = new Uint8Array(2);
  new DataView(epoch.buffer).setUint16(0, between.epoch);
  const info = joined(ascii("beside wrap 1\0"), epoch, pointOf(between.member), pointOf(between.device));
  const how = { name: "HKDF", hash: "SHA-256", salt: ascii(between.action), info };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, [use]);
}

function pointOf(text: string): Bytes {
  const point = fromText(text);
  if (point.length !== POINT_BYTES) throw new Error("no public key");
  return point;
}

/** The session key for one device: nonce, ciphertext and tag, 60 bytes, base64url. */
export async function wrap(session: CryptoKey, secret: CryptoKey, between: Between): Promise<string> {
  const key = await wrappingKey(secret, between.device, between, "wrapKey");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv, additionalData: ascii(between.action) };
  return toText(joined(iv, new Uint8Array(await crypto.subtle.wrapKey("raw", session, key, how))));
}

/** Rejects when it was not wrapped for this key pair, action and epoch by that member's page, or was changed. */
export async function unwrap(wrapped: string, secret: CryptoKey, between: Between): Promise<CryptoKey> {
  const bytes = fromText(wrapped);
  if (bytes.length !== WRAPPED_BYTES) throw new Error("no wrapped key");
  const key = await wrappingKey(secret, between.member, between, "unwrapKey");
  const how = { name: "AES-GCM", iv: bytes.slice(0, 12), additionalData: ascii(between.action) };
  return crypto.subtle.unwrapKey("raw", bytes.slice(12), key, how, "AES-GCM", false, ["decrypt"]);
}

// ---- chunks

/** Seals what the member's page sends. Chunks come out in the order in which they went in. */
export class Sealer {
  #action: Bytes;
  #key: CryptoKey | null = null;
  #epoch = 0;
  #counter = 0n;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(action: string) {
    this.#action = ascii(action);
  }

  get ready(): boolean {
    return this.#key !== null;
  }

  /** From now on under this key. A chunk that already went in keeps the key it had. */
  use(key: CryptoKey, epoch: number): void {
    if (epoch <= this.#epoch) throw new Error("an epoch comes once");
    this.#key = key;
    this.#epoch = epoch;
    this.#counter = 0n;
  }

  /** Seal one, and hand it on behind those before it. Without a key it goes nowhere. */
  seal(kind: Kind, content: Bytes, done: (chunk: Bytes) => void): void {
    const key = this.#key;
    if (!key) return;
    const head: Header = { kind, epoch: this.#epoch, counter: ++this.#counter };
    const sealed = sealOne(key, head, content, this.#action);
    this.#tail = this.#tail.then(async () => done(await sealed)).catch(() => {});
  }
}

export async function sealOne(key: CryptoKey, head: Header, content: Bytes, action: Bytes): Promise<Bytes> {
  const bytes = headerBytes(head);
  const how = { name: "AES-GCM", iv: nonceOf(head.counter), additionalData: joined(bytes, action) };
  return joined(bytes, new Uint8Array(await crypto.subtle.encrypt(how, key, content)));
}

/** `old`: played again or overtaken, refused. `no_key`: its key has not come. `wrong`: it cannot be opened. */
export type Opened = { kind: Kind; content: Bytes } | "old" | "no_key" | "wrong";

/**
 * Opens what a witness's page gets, and refuses what it has opened before or what is older (docs/media.md). A chunk that
 * cannot be opened moves nothing: a forged header burns no counter.
 *
 * `open` is to be called one after the other: the order of the calls is the order of the chunks.
 */
export class Opener {
  #action: Bytes;
  #member = "";
  /** Members' keys that another has followed: never again. */
  #past = new Set<string>();
  #keys = new Map<number, CryptoKey>();
  #epoch = 0;
  #counter = 0n;

  constructor(action: string) {
    this.#action = ascii(action);
  }

  get member(): string {
    return this.#member;
  }

  /** Whether a key of this member and epoch is of use: not held yet, and not older than what was opened. */
  wants(member: string, epoch: number): boolean {
    if (this.#past.has(member)) return false;
    return member !== this.#member || (epoch >= this.#epoch && !this.#keys.has(epoch));
  }

  /** Take a key that was unwrapped. False when it came too late to be wanted. */
  take(member: string, epoch: number, key: CryptoKey): boolean {
    if (!this.wants(member, epoch)) return false;
    if (member !== this.#member) {
      if (this.#member) this.#past.add(this.#member);
      this.#member = member;
      this.#keys.clear();
      this.#epoch = 0;
      this.#counter = 0n;
    }
    this.#keys.set(epoch, key);
    return true;
  }

  async open(chunk: Bytes): Promise<Opened> {
    const head = headerOf(chunk);
    if (!head) return "wrong";
    if (head.epoch < this.#epoch || (head.epoch === this.#epoch && head.counter <= this.#counter)) return "old";
    const key = this.#keys.get(head.epoch);
    if (!key) return "no_key";
    const additionalData = joined(chunk.subarray(0, HEADER_BYTES), this.#action);
    const how = { name: "AES-GCM", iv: nonceOf(head.counter), additionalData };
    let content: Bytes;
    try {
      content = new Uint8Array(await crypto.subtle.decrypt(how, key, chunk.subarray(HEADER_BYTES)));
    } catch {
      return "wrong";
    }
    if (this.#keys.get(head.epoch) !== key) return "old"; // another member's key came meanwhile
    if (head.epoch > this.#epoch) for (const epoch of this.#keys.keys()) if (epoch < head.epoch) this.#keys.delete(epoch);
    this.#epoch = head.epoch;
    this.#counter = head.counter;
    return { kind: head.kind, content };
  }
}

// ---- the safety word

/**
 * 64 bits over the member's key and all devices' keys, 100,000 rounds deep. A liar in between chooses a key on either side
 * and needs two lists that agree: 2^32 tries a side. Of 32 bits it would be 2^16, a minute's work.
 */
export async function safetyBits(member: string, devices: readonly string[]): Promise<Bytes> {
  const points = devices.map(pointOf).sort(compare);
  const digest = await crypto.subtle.digest("SHA-256", joined(pointOf(member), ...points));
  const material = await crypto.subtle.importKey("raw", digest, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: ascii("beside word 1"), iterations: 100_000 };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 64));
}
