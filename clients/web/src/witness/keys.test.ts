import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sendThrough } from "../app/sender";
import { applyKeys, heardKeys } from "../model/keys";
import { line } from "../model/model";
import { Refusal } from "../net/http";
import type { Command, DeviceKey, KeysNow, ShareKeys } from "../wire/frames";
import { contentBytes } from "./chunk";
import { Member, Witness } from "./keys";
import { makeKeyPair } from "./seal";
import type { Bytes } from "./bytes";

const ACTION = "aaaabbbbccccdddd";
type Told = Omit<ShareKeys, "k">;

/** The server's part: who joined with what key, and what the member's page shared. */
class Server {
  devices: DeviceKey[] = [];
  epoch = 0;
  shared: Told[] = [];
  joins: string[] = [];
  refuse: string | null = null;

  ask = async (deed: { t: string }) => {
    if (this.refuse) throw new Refusal({ code: this.refuse, sentence: "No.", do: "Nothing." });
    if (deed.t === "join_action") this.joined((deed as Extract<Command, { t: "join_action" }>).key);
    if (deed.t === "share_keys") this.takes(deed as Told);
    return { ok: null, event: null };
  };

  joined(key: string) {
    this.joins.push(key);
    this.devices = [...this.devices, { device: `device_${this.joins.length}`.padEnd(16, "_"), person: { member: "m", name: "Maria" } as DeviceKey["person"], key }];
    this.tellDevices();
  }

  tellDevices() {
    applyKeys({ t: "devices_now", action: ACTION, devices: this.devices, epoch: this.epoch });
  }

  takes(told: Told) {
    this.shared.push(told);
    this.epoch = told.epoch;
  }

  /** What the page of that device would hear. */
  keysFor(at: number, change: Partial<KeysNow> = {}): KeysNow {
    const told = this.shared.at(-1)!;
    const device = this.devices[at]!.device;
    const all = this.shared.filter(({ epoch }) => epoch === told.epoch).flatMap(({ shares }) => shares);
    const wrapped = all.findLast((share) => share.device === device)!.wrapped;
    return { t: "keys_now", action: ACTION, epoch: told.epoch, key: told.key, mine: device, wrapped, devices: this.devices, ...change };
  }
}

let server: Server;
const open: { close(): void }[] = [];
const kept = <T extends { close(): void }>(one: T): T => (open.push(one), one);

beforeEach(() => {
  server = new Server();
  sendThrough({ ask: server.ask, tell() {}, tryNow() {} });
  heardKeys.value = [];
  line.value = { is: "live", since: 0 };
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function until(fact: () => unknown): Promise<void> {
  for (let at = 0; at < 500 && !fact(); at++) await new Promise((done) => setTimeout(done, 5));
  expect(fact()).toBeTruthy();
}

/** Long enough for what must not happen: making and wrapping a key takes a tenth of it. */
const aWhile = () => new Promise((done) => setTimeout(done, 100));

const sealed = (member: Member) => new Promise<Bytes>((done) => member.sealer.seal("still", contentBytes({ kind: "still", timestamp: 1, data: Uint8Array.of(7) }), done));

describe("WA3: who holds the key", () => {
  test("test_wa03_both_sides_have_one_word_and_the_picture_opens", async () => {
    const member = kept(new Member(ACTION));
    const witness = kept(new Witness(ACTION));
    expect(await witness.joined).toBe(true);
    await until(() => member.word.value);
    applyKeys(server.keysFor(0));
    await until(() => witness.state.value === "ready");
    expect(witness.word.value).toEqual(member.word.value);
    expect(await witness.opener.open(await sealed(member))).toMatchObject({ kind: "still" });
  });

  test("test_wa03_a_page_that_a_server_puts_on_every_list_is_counted_on_both_sides", async () => {
    const member = kept(new Member(ACTION));
    const witness = kept(new Witness(ACTION));
    await witness.joined;
    server.joined((await makeKeyPair()).text); // nobody's: the server's own
    await until(() => member.word.value && member.devices.value === 2 && server.shared.at(-1)!.shares.length === 2);
    applyKeys(server.keysFor(0));
    await until(() => witness.state.value === "ready");
    expect(witness.word.value).toEqual(member.word.value);
    expect([member.devices.value, witness.devices.value]).toEqual([2, 2]);
  });

  test("test_wa03_a_key_that_is_no_point_spoils_nobodys_word", async () => {
    const member = kept(new Member(ACTION));
    const witness = kept(new Witness(ACTION));
    await witness.joined;
    server.joined(`B${"A".repeat(86)}`);
    await until(() => member.word.value && server.shared.length > 0);
    await aWhile();
    const holders = server.shared.at(-1)!.shares.map(({ device }) => device);
    applyKeys(server.keysFor(0, { devices: server.devices.filter(({ device }) => holders.includes(device)) }));
    await until(() => witness.state.value === "ready");
    expect(witness.word.value).toEqual(member.word.value);
    expect(member.devices.value).toBe(1);
  });

  test("test_wa03_another_device_gets_the_key_and_all_hear_the_new_list", async () => {
    const member = kept(new Member(ACTION));
    server.joined((await makeKeyPair()).text);
    await until(() => member.word.value);
    const first = member.word.value;
    server.joined((await makeKeyPair()).text);
    await until(() => member.word.value !== first);
    expect(server.shared.map(({ epoch, shares }) => [epoch, shares.length])).toEqual([[1, 1], [1, 2]]);
    expect(server.shared[1]!.shares[0]).toEqual(server.shared[0]!.shares[0]);
  });

  test("test_wa03_a_device_that_goes_makes_a_new_key_for_those_who_stay", async () => {
    const member = kept(new Member(ACTION));
    server.joined((await makeKeyPair()).text);
    server.joined((await makeKeyPair()).text);
    await until(() => member.devices.value === 2 && member.epoch.value === 1 && server.shared.at(-1)!.shares.length === 2);
    server.devices = server.devices.slice(1);
    server.tellDevices();
    await until(() => member.epoch.value === 2);
    expect(server.shared.at(-1)!.shares.map(({ device }) => device)).toEqual([server.devices[0]!.device]);
    const chunk = await sealed(member);
    expect(new DataView(chunk.buffer).getUint16(1)).toBe(2);
  });

  test("test_wa03_more_than_64_devices_take_more_than_one_frame", async () => {
    const key = (await makeKeyPair()).text;
    const member = kept(new Member(ACTION));
    server.devices = Array.from({ length: 65 }, (_, at) => ({ device: `d${at}`.padEnd(16, "_"), person: { member: "m" } as DeviceKey["person"], key }));
    server.tellDevices();
    await until(() => member.word.value);
    expect(server.shared.map(({ shares }) => shares.length)).toEqual([64, 1]);
  });

  test("test_wa03_a_key_that_is_no_point_keeps_nobody_else_out", async () => {
    const member = kept(new Member(ACTION));
    server.devices = [{ device: "liar____________", person: { member: "m" } as DeviceKey["person"], key: "A".repeat(87) }];
    server.joined((await makeKeyPair()).text);
    await until(() => server.shared.length > 0);
    expect(server.shared[0]!.shares.map(({ device }) => device)).toEqual([server.devices[1]!.device]);
    await until(() => member.epoch.value === 1);
  });
});

describe("WA3: pages that were loaded anew, or are two", () => {
  test("test_wa03_a_page_that_finds_keys_waits_until_it_is_the_one_that_sends_and_takes_the_next_epoch", async () => {
    server.epoch = 4;
    server.joined((await makeKeyPair()).text);
    const member = kept(new Member(ACTION));
    await until(() => member.devices.value === 1);
    await aWhile();
    expect(server.shared).toEqual([]);
    member.claim();
    await until(() => member.word.value);
    expect(server.shared[0]!.epoch).toBe(5);
  });

  test("test_wa03_a_page_that_sends_before_it_hears_of_keys_takes_the_next_epoch_too", async () => {
    const member = kept(new Member(ACTION));
    member.claim();
    server.epoch = 4;
    server.joined((await makeKeyPair()).text);
    await until(() => member.word.value);
    expect(server.shared[0]!.epoch).toBe(5);
  });

  test("test_wa03_a_page_that_was_overtaken_shares_no_more_until_it_sends_again", async () => {
    const member = kept(new Member(ACTION));
    server.joined((await makeKeyPair()).text);
    await until(() => member.word.value);
    server.epoch = 2;
    server.tellDevices();
    await until(() => member.overtaken.value);
    await aWhile();
    expect([member.word.value, server.shared.length]).toEqual([null, 1]);
    const before = server.shared[0]!.key;
    member.claim();
    await until(() => member.word.value);
    expect([server.shared[1]!.epoch, server.shared[1]!.key === before]).toEqual([3, false]);
  });

  test("test_wa03_a_witness_joins_again_with_a_new_key_when_the_line_was_away", async () => {
    const witness = kept(new Witness(ACTION));
    await witness.joined;
    line.value = { is: "connecting", since: 0, tries: 0, unreached: false };
    line.value = { is: "live", since: 1 };
    await until(() => server.joins.length === 2);
    expect(server.joins[0]).not.toBe(server.joins[1]);
  });

  test("test_wa03_a_refused_join_says_why_and_a_left_one_does_not_come_back", async () => {
    server.refuse = "not_found";
    const witness = kept(new Witness(ACTION));
    expect(await witness.joined).toBe(false);
    expect([witness.state.value, witness.refusal.value]).toEqual(["refused", { sentence: "No.", todo: "Nothing." }]);
    server.refuse = null;
    const other = kept(new Witness(ACTION));
    await other.joined;
    await other.leave();
    line.value = { is: "off" };
    line.value = { is: "live", since: 2 };
    await aWhile();
    expect([other.state.value, server.joins.length]).toEqual(["left", 1]);
  });
});

describe("WA3: a server that lies about the list is found", () => {
  async function both() {
    const member = kept(new Member(ACTION));
    const witness = kept(new Witness(ACTION));
    await witness.joined;
    await until(() => member.word.value);
    return { member, witness };
  }

  test("test_wa03_a_list_without_this_page_is_wrong", async () => {
    const { witness } = await both();
    const other: DeviceKey = { ...server.devices[0]!, key: (await makeKeyPair()).text };
    applyKeys(server.keysFor(0, { devices: [other] }));
    await until(() => witness.state.value === "wrong");
    expect(witness.word.value).toBeNull();
  });

  test("test_wa03_a_device_that_only_one_side_hears_of_changes_the_word", async () => {
    const { member, witness } = await both();
    const hidden: DeviceKey = { ...server.devices[0]!, device: "hidden__________", key: (await makeKeyPair()).text };
    applyKeys(server.keysFor(0, { devices: [...server.devices, hidden] }));
    await until(() => witness.word.value);
    expect(witness.word.value).not.toEqual(member.word.value);
  });

  test("test_wa03_a_member_key_that_is_not_the_members_unwraps_nothing", async () => {
    const { witness } = await both();
    applyKeys(server.keysFor(0, { key: (await makeKeyPair()).text }));
    await until(() => witness.state.value === "wrong");
    expect(witness.keys.value).toBe(0);
  });
});
