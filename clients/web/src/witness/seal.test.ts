import { beforeAll, describe, expect, test } from "vitest";
import { fromText, toText } from "./bytes";
import { contentBytes, contentOf, headerOf } from "./chunk";
import { makeKeyPair, makeSessionKey, Opener, safetyBits, Sealer, unwrap, wrap } from "./seal";
import type { KeyPair } from "./seal";
import { asWords, WORDS } from "./words";
import type { Bytes } from "./bytes";

const ACTION = "aaaabbbbccccdddd";
let member: KeyPair;
let witness: KeyPair;

beforeAll(async () => {
  member = await makeKeyPair();
  witness = await makeKeyPair();
});

const between = (epoch = 1) => ({ action: ACTION, epoch, member: member.text, device: witness.text });
const picture = (text: string) => contentBytes({ kind: "still", timestamp: 7, data: new TextEncoder().encode(text) as Bytes });
const words = (bytes: Bytes) => new TextDecoder().decode(contentOf("still", bytes)?.data);

/** A sealer and an opener that hold the same key, and what the one made of some texts. */
async function sealed(...texts: string[]): Promise<{ sealer: Sealer; opener: Opener; chunks: Bytes[]; send: (text: string) => Promise<Bytes> }> {
  const session = await makeSessionKey();
  const key = await unwrap(await wrap(session, member.secret, between()), witness.secret, between());
  const sealer = new Sealer(ACTION);
  const opener = new Opener(ACTION);
  sealer.use(session, 1);
  opener.take(member.text, 1, key);
  const send = (text: string) => new Promise<Bytes>((done) => sealer.seal("still", picture(text), done));
  const chunks: Bytes[] = [];
  for (const text of texts) chunks.push(await send(text));
  return { sealer, opener, chunks, send };
}

const seen = async (opener: Opener, chunk: Bytes) => {
  const opened = await opener.open(chunk);
  return typeof opened === "string" ? opened : words(opened.content);
};

describe("WA3: a key reaches the device it was wrapped for, and no other", () => {
  test("test_wa03_only_that_device_unwraps_and_cannot_take_it_out", async () => {
    const wrapped = await wrap(await makeSessionKey(), member.secret, between());
    expect(wrapped).toMatch(/^[A-Za-z0-9_-]{80}$/);
    expect(member.text).toMatch(/^[A-Za-z0-9_-]{87}$/);
    const key = await unwrap(wrapped, witness.secret, between());
    expect([key.extractable, member.secret.extractable, key.usages]).toEqual([false, false, ["decrypt"]]);
    const stranger = await makeKeyPair();
    await expect(unwrap(wrapped, stranger.secret, { ...between(), device: stranger.text })).rejects.toThrow();
  });

  test.each([
    ["another action", { action: "another_action__" }],
    ["another epoch", { epoch: 2 }],
  ])("test_wa03_a_key_wrapped_for_%s_is_refused", async (_name, other) => {
    const wrapped = await wrap(await makeSessionKey(), member.secret, between());
    await expect(unwrap(wrapped, witness.secret, { ...between(), ...other })).rejects.toThrow();
  });

  test("test_wa03_a_changed_or_foreign_wrap_is_refused", async () => {
    const wrapped = fromText(await wrap(await makeSessionKey(), member.secret, between()));
    for (const at of [0, 12, 44, 59]) {
      const changed = wrapped.slice();
      changed[at]! ^= 1;
      await expect(unwrap(toText(changed), witness.secret, between())).rejects.toThrow();
    }
    const other = await makeKeyPair();
    await expect(unwrap(toText(wrapped), witness.secret, { ...between(), member: other.text })).rejects.toThrow();
    for (const junk of ["", "AAAA", "not base64!", toText(wrapped.slice(1))])
      await expect(unwrap(junk, witness.secret, between())).rejects.toThrow();
  });
});

describe("WA3: chunks", () => {
  test("test_wa03_what_was_sealed_opens_in_order", async () => {
    const { opener, chunks } = await sealed("one", "two", "three");
    expect(chunks.map((chunk) => headerOf(chunk))).toEqual([1n, 2n, 3n].map((counter) => ({ kind: "still", epoch: 1, counter })));
    for (const [at, text] of ["one", "two", "three"].entries()) expect(await seen(opener, chunks[at]!)).toBe(text);
  });

  test("test_wa03_chunks_come_out_in_the_order_they_went_in", async () => {
    const { sealer } = await sealed();
    const order: bigint[] = [];
    const big = contentBytes({ kind: "still", timestamp: 0, data: new Uint8Array(200_000) });
    sealer.seal("still", big, (chunk) => order.push(headerOf(chunk)!.counter));
    await new Promise<void>((done) => {
      for (let at = 0; at < 20; at++) sealer.seal("sound", picture(""), (chunk) => order.push(headerOf(chunk)!.counter));
      sealer.seal("still", picture("last"), () => done());
    });
    expect(order).toEqual([...order].sort((one, other) => Number(one - other)));
    expect(order).toHaveLength(21);
  });

  test("test_wa03_played_again_or_older_is_refused", async () => {
    const { opener, chunks } = await sealed("one", "two", "three");
    expect(await seen(opener, chunks[1]!)).toBe("two");
    expect(await seen(opener, chunks[1]!)).toBe("old");
    expect(await seen(opener, chunks[0]!)).toBe("old");
    expect(await seen(opener, chunks[2]!)).toBe("three");
  });

  test("test_wa03_a_changed_chunk_is_wrong_and_moves_nothing", async () => {
    const { opener, chunks } = await sealed("one", "two");
    for (let at = 0; at < chunks[0]!.length; at++) {
      const changed = chunks[0]!.slice();
      changed[at]! ^= 0x40;
      const epoch = at === 1 || at === 2;
      const before = await seen(opener, changed);
      expect([at, before]).toEqual([at, epoch ? "no_key" : "wrong"]);
    }
    expect(await seen(opener, chunks[0]!)).toBe("one");
    expect(await seen(opener, chunks[1]!)).toBe("two");
  });

  test("test_wa03_a_chunk_of_another_action_is_wrong", async () => {
    const session = await makeSessionKey();
    const sealer = new Sealer("another_action__");
    sealer.use(session, 1);
    const opener = new Opener(ACTION);
    opener.take(member.text, 1, await unwrap(await wrap(session, member.secret, between()), witness.secret, between()));
    expect(await seen(opener, await new Promise<Bytes>((done) => sealer.seal("still", picture("x"), done)))).toBe("wrong");
  });

  test("test_wa03_junk_is_wrong", async () => {
    const { opener } = await sealed();
    for (const junk of [0, 1, 26, 27, 300]) expect(await opener.open(new Uint8Array(junk).fill(9))).toBe("wrong");
    const big = new Uint8Array(256 * 1024 + 1);
    big[0] = 1;
    expect(await opener.open(big)).toBe("wrong");
  });
});

describe("WA3: epochs", () => {
  test("test_wa03_a_new_epoch_shuts_the_old_one", async () => {
    const { opener, sealer, chunks, send } = await sealed("old one", "old two");
    const next = await makeSessionKey();
    sealer.use(next, 2);
    const fresh = await send("new");
    expect(await seen(opener, chunks[0]!)).toBe("old one");
    expect(await seen(opener, fresh)).toBe("no_key");
    opener.take(member.text, 2, await unwrap(await wrap(next, member.secret, between(2)), witness.secret, between(2)));
    expect(await seen(opener, fresh)).toBe("new");
    expect(await seen(opener, chunks[1]!)).toBe("old");
    expect(opener.wants(member.text, 1)).toBe(false);
    expect(() => sealer.use(next, 2)).toThrow();
  });

  test("test_wa03_a_member_who_came_back_has_a_new_key_and_the_old_never_counts_again", async () => {
    const { opener, chunks } = await sealed("before");
    expect(await seen(opener, chunks[0]!)).toBe("before");
    const reloaded = await makeKeyPair();
    const here = { ...between(2), member: reloaded.text };
    const session = await makeSessionKey();
    const key = await unwrap(await wrap(session, reloaded.secret, here), witness.secret, here);
    expect(opener.take(reloaded.text, 2, key)).toBe(true);
    expect(await seen(opener, chunks[0]!)).toBe("no_key");
    expect(opener.wants(member.text, 3)).toBe(false);
    const sealer = new Sealer(ACTION);
    sealer.use(session, 2);
    expect(await seen(opener, await new Promise<Bytes>((done) => sealer.seal("still", picture("after"), done)))).toBe("after");
  });

  test("test_wa03_without_a_key_nothing_leaves", async () => {
    const sealer = new Sealer(ACTION);
    let left = 0;
    sealer.seal("still", picture("x"), () => left++);
    await Promise.resolve();
    expect([sealer.ready, left]).toEqual([false, 0]);
  });
});

describe("WA3: the safety word", () => {
  test("test_wa03_both_sides_have_one_word_whatever_the_order", async () => {
    const third = await makeKeyPair();
    const one = asWords(await safetyBits(member.text, [witness.text, third.text]));
    expect(asWords(await safetyBits(member.text, [third.text, witness.text]))).toEqual(one);
    expect(one.every((word) => WORDS.includes(word))).toBe(true);
  });

  test("test_wa03_a_server_in_between_changes_the_word", async () => {
    const liar = await makeKeyPair();
    const true_word = await safetyBits(member.text, [witness.text]);
    expect(await safetyBits(liar.text, [witness.text])).not.toEqual(true_word);
    expect(await safetyBits(member.text, [liar.text])).not.toEqual(true_word);
    expect(await safetyBits(member.text, [witness.text, liar.text])).not.toEqual(true_word);
  });

  test("test_wa03_the_words_are_256_and_no_two_are_near", () => {
    expect([WORDS.length, new Set(WORDS).size]).toEqual([256, 256]);
    expect(WORDS.every((word) => /^[a-z]{4,11}$/.test(word))).toBe(true);
    expect([...WORDS].sort()).toEqual(WORDS);
    const near = WORDS.flatMap((one, at) => WORDS.slice(at + 1).filter((other) => distance(one, other) < 3).map((other) => [one, other]));
    expect(near).toEqual([]);
  });
});

/** How many letters must change to make one word of the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}
