import { effect, signal } from "@preact/signals";
import { ask, keep } from "../app/sender";
import { heardKeys } from "../model/keys";
import { live } from "../model/model";
import { Refusal } from "../net/http";
import type { DeviceKey, DevicesNow, KeysNow, KeyShare } from "../wire/frames";
import type { MemberKeys, SafetyWord, WitnessKeys, WitnessKeyState } from "./api";
import { makeKeyPair, makeSessionKey, Opener, safetyBits, Sealer, unwrap, wrap } from "./seal";
import type { KeyPair } from "./seal";
import { asWords } from "./words";

// Who holds the key (docs/media.md, "Keys"). The member's page wraps it for every page of a witness; theirs unwrap it.
// One of each per action and page, in memory alone.

const SHARES_AT_MOST = 64;

type Heard = DevicesNow | KeysNow;

/** The newest of one kind and action that the server said. */
const heard = <T extends Heard["t"]>(t: T, action: string, all = heardKeys.peek()) =>
  all.find((one) => one.t === t && one.action === action) as Extract<Heard, { t: T }> | undefined;

/** Calls `take` with it, and with each that follows. */
function eachHeard<T extends Heard["t"]>(t: T, action: string, take: (one: Extract<Heard, { t: T }>) => void): () => void {
  let last: Heard | undefined;
  return effect(() => {
    const one = heard(t, action, heardKeys.value);
    if (one && one !== last) take(one);
    last = one;
  });
}

/** Runs one task after another, and of several that wait only the newest. */
export function newest<T>(run: (value: T) => Promise<void>): (value: T) => void {
  let waiting: { value: T } | null = null;
  let running = false;
  return (value) => {
    waiting = { value };
    if (running) return;
    running = true;
    void (async () => {
      while (waiting) {
        const next: T = waiting.value;
        waiting = null;
        await run(next).catch((error: unknown) => console.warn("keys", error));
      }
      running = false;
    })();
  };
}

const wordOf = async (member: string, devices: readonly DeviceKey[]): Promise<SafetyWord> =>
  asWords(await safetyBits(member, devices.map(({ key }) => key)));

// ---- the member

/** By device: the key it was wrapped for, and as what. */
type Wrapped = Map<string, { key: string; share: KeyShare }>;

export class Member implements MemberKeys {
  readonly word = signal<SafetyWord | null>(null);
  readonly devices = signal(0);
  /** Another page of this person's shared its key after this one did: that page sends now. */
  readonly overtaken = signal(false);
  /** Rises when another session key is used: pictures begin with a whole one. */
  readonly epoch = signal(0);
  readonly sealer: Sealer;
  #action: string;
  #pair: KeyPair | null = null;
  #session: CryptoKey | null = null;
  #epoch = 0;
  #wrapped: Wrapped = new Map();
  /** A page that finds another's keys leaves them alone until it is the one that sends. */
  #mayShare = false;
  #closed = false;
  #stop: () => void;
  #take = newest((now: DevicesNow) => this.#share(now));

  constructor(action: string) {
    this.#action = action;
    this.sealer = new Sealer(action);
    this.#stop = eachHeard("devices_now", action, this.#take);
  }

  /** This page sends: it makes keys even where another page did before. */
  claim(): void {
    if (this.#mayShare && !this.overtaken.peek()) return;
    this.#mayShare = true;
    this.overtaken.value = false;
    this.#forget();
    const now = heard("devices_now", this.#action);
    if (!now) return;
    this.#epoch = Math.max(this.#epoch, now.epoch);
    this.#take(now);
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#forget();
    members.delete(this.#action);
  }

  #forget(): void {
    this.#pair = null;
    this.#session = null;
    this.#wrapped.clear();
    this.word.value = null;
  }

  async #share(now: DevicesNow): Promise<void> {
    if (this.#closed) return;
    this.devices.value = now.devices.length;
    // A newer epoch than this page knows is of the page before it was loaded anew, or of another one that sends now.
    const newer = now.epoch > this.#epoch;
    if (newer && this.#epoch > 0) this.#lost();
    if (this.overtaken.peek() || (newer && !this.#mayShare)) return;
    if (now.devices.length === 0) {
      this.word.value = null;
      return;
    }
    this.#mayShare = true;
    const there = new Map(now.devices.map((device) => [device.device, device.key]));
    const gone = [...this.#wrapped].some(([device, { key }]) => there.get(device) !== key);
    let session = gone ? null : this.#session;
    const fresh = session === null;
    this.#pair ??= await makeKeyPair();
    session ??= await makeSessionKey();
    const epoch = fresh ? Math.max(this.#epoch, now.epoch) + 1 : this.#epoch;
    const wrapped = await this.#wrapFor(now.devices, session, epoch, fresh ? new Map() : this.#wrapped);
    const shares = [...wrapped.values()].map(({ share }) => share);
    try {
      for (let at = 0; at < shares.length; at += SHARES_AT_MOST) await this.#tell(epoch, shares.slice(at, at + SHARES_AT_MOST));
    } catch (error) {
      if (error instanceof Refusal && error.code === "key_reused") return this.#lost();
      throw error;
    }
    if (this.#closed || !this.#pair) return;
    this.#session = session;
    this.#epoch = epoch;
    this.#wrapped = wrapped;
    // Only now: whoever watches was sent the key before the first picture under it.
    if (fresh) this.sealer.use(session, epoch);
    this.epoch.value = epoch;
    // Over those who were given it, as the server tells each of them: a key that is no point spoils nobody's word.
    const holders = now.devices.filter(({ device }) => wrapped.has(device));
    this.devices.value = holders.length;
    this.word.value = await wordOf(this.#pair.text, holders);
  }

  async #wrapFor(devices: readonly DeviceKey[], session: CryptoKey, epoch: number, before: Wrapped) {
    const { text: member, secret } = this.#pair!;
    const wrapped: Wrapped = new Map();
    for (const { device, key } of devices) {
      const share = before.get(device)?.share ?? (await this.#wrapOne(device, key, session, { member, secret, epoch }));
      if (share) wrapped.set(device, { key, share });
    }
    return wrapped;
  }

  /** Null for a key that is no point of the curve: that page gets nothing, the others do. */
  async #wrapOne(device: string, key: string, session: CryptoKey, by: { member: string; secret: CryptoKey; epoch: number }) {
    const between = { action: this.#action, epoch: by.epoch, member: by.member, device: key };
    return wrap(session, by.secret, between).then((wrapped) => ({ device, wrapped }), () => null);
  }

  #tell(epoch: number, shares: KeyShare[]) {
    return keep({ t: "share_keys", action: this.#action, epoch, key: this.#pair!.text, shares });
  }

  #lost(): void {
    this.#forget();
    this.overtaken.value = true;
  }
}

const members = new Map<string, Member>();

export function memberKeys(action: string): Member {
  const held = members.get(action) ?? new Member(action);
  members.set(action, held);
  return held;
}

// ---- a witness

export class Witness implements WitnessKeys {
  readonly state = signal<WitnessKeyState>("joining");
  readonly word = signal<SafetyWord | null>(null);
  readonly devices = signal(0);
  readonly refusal = signal<{ sentence: string; todo: string } | null>(null);
  readonly joined: Promise<boolean>;
  /** Rises with each key that came: what waited for one may be tried again. */
  readonly keys = signal(0);
  readonly opener: Opener;
  #action: string;
  /** Of this page: the newest, and those before it whose answer may still be on its way. */
  #pairs: KeyPair[] = [];
  #answered!: (joined: boolean) => void;
  #closed = false;
  #stops: (() => void)[];
  #take = newest((now: KeysNow) => this.#unwrap(now));
  #join = newest((_: null) => this.#sayJoin());

  constructor(action: string) {
    this.#action = action;
    this.opener = new Opener(action);
    this.joined = new Promise((resolve) => (this.#answered = resolve));
    this.#stops = [
      // A new line is another page to the server: it wants a key of its own (docs/media.md).
      effect(() => {
        if (live.value) this.#join(null);
      }),
      eachHeard("keys_now", action, this.#take),
    ];
  }

  async leave(): Promise<void> {
    this.close();
    this.state.value = "left";
    await keep({ t: "leave_action", action: this.#action });
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#pairs = [];
    this.word.value = null;
    witnesses.delete(this.#action);
  }

  async #sayJoin(): Promise<void> {
    if (this.#closed) return;
    const pair = await makeKeyPair();
    this.#pairs = [pair, ...this.#pairs].slice(0, 3);
    try {
      await ask({ t: "join_action", action: this.#action, key: pair.text });
    } catch (error) {
      if (!(error instanceof Refusal)) return; // the line went: again when it is back
      this.refusal.value = { sentence: error.sentence, todo: error.todo };
      this.close();
      this.state.value = "refused";
      return this.#answered(false);
    }
    if (this.state.peek() === "joining") this.state.value = "waiting";
    this.#answered(true);
  }

  async #unwrap(now: KeysNow): Promise<void> {
    const mine = now.devices.find(({ device }) => device === now.mine)?.key;
    const pair = this.#pairs.find(({ text }) => text === mine);
    if (!pair) {
      // Of an earlier line of this page, or the server tells another list than the member's page has (safety word).
      this.word.value = null;
      if (this.#pairs.length > 0) this.state.value = "wrong";
      return;
    }
    if (this.opener.wants(now.key, now.epoch)) {
      const between = { action: this.#action, epoch: now.epoch, member: now.key, device: pair.text };
      const key = await unwrap(now.wrapped, pair.secret, between).catch(() => null);
      if (this.#closed) return;
      if (!key || !this.opener.take(now.key, now.epoch, key)) {
        this.word.value = null;
        this.state.value = "wrong";
        return;
      }
      this.keys.value++;
    } else if (now.key !== this.opener.member) {
      return; // of a page of the member's that another followed: never again
    }
    const word = await wordOf(now.key, now.devices);
    if (this.#closed) return;
    this.word.value = word;
    this.devices.value = now.devices.length;
    this.state.value = "ready";
  }
}

const witnesses = new Map<string, Witness>();

export function witnessKeys(action: string): Witness {
  const held = witnesses.get(action) ?? new Witness(action);
  witnesses.set(action, held);
  return held;
}
