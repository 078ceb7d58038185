import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hasHistory, holes } from "../model/log";
import { apply, forgetAll, rooms } from "../model/model";
import type { Answer, Deed } from "../net/session";
import type { Entry } from "../wire/frames";
import { Refusal } from "../net/http";
import { fetchHistory, fill, hideRoom, showRoom } from "./rooms";
import { sendThrough } from "./sender";

const said = (seq: number): Entry => ({
  seq, kind: "said", at: seq, author: null, text: "", experience: false, reply_to: null, k: null,
});
const held = () => rooms.peek().get("r")!;
const seqs = () => held().entries.map((entry) => entry.seq);

/** A server whose replies hold at most `fit` entries, the newest of those asked for. */
let asked: { after: number; before: number }[] = [];
function answering(fit: number): void {
  const ask = async (deed: Deed): Promise<Answer> => {
    if (deed.t !== "fetch_entries") throw new Error(deed.t);
    asked.push({ after: deed.after, before: deed.before });
    const all = Array.from({ length: Math.max(0, deed.before - deed.after - 1) }, (_, at) => said(deed.after + 1 + at));
    apply({ t: "entries", re: "k", room: "r", epoch: 1, entries: all.slice(all.length - Math.min(fit, all.length)) });
    return { ok: null, event: null } as unknown as Answer;
  };
  sendThrough({ ask, tell() {}, tryNow() {} });
}

function opened(entries: Entry[], head: number): void {
  apply({ t: "room_now", room: "r", group: "g", epoch: 1, head, resumed: false, entries });
}

afterEach(() => vi.useRealTimers());
beforeEach(() => {
  forgetAll();
  asked = [];
});

test("ch02 a hole is filled to its end, however few entries fit one reply", async () => {
  answering(7);
  opened([said(1), said(2)], 2);
  apply({ t: "entry_added", room: "r", epoch: 1, entry: said(250) });
  await fill("r");
  expect(holes(held())).toEqual([]);
  expect(seqs()).toHaveLength(250);
});

test("ch02 a reply that brings nothing is not asked for again and again", async () => {
  answering(0);
  opened([said(1)], 9);
  await fill("r");
  expect(asked).toEqual([{ after: 1, before: 10 }]);
  answering(3);
  await fill("r");
  expect(holes(held())).toEqual([]);
});

test("ch02 a short page of history is not the start of the log: seq 1 is", async () => {
  answering(4);
  opened([said(20), said(21)], 21);
  await fetchHistory("r");
  expect(seqs()[0]).toBe(16);
  expect(hasHistory(held())).toBe(true);
  for (let page = 0; page < 4; page++) await fetchHistory("r");
  expect(seqs()[0]).toBe(1);
  expect(hasHistory(held())).toBe(false);
});

test("ch02 a room that the store could not read just now is asked for again while it is shown", async () => {
  vi.useFakeTimers();
  let times = 0;
  const ask = async (deed: Deed): Promise<Answer> => {
    times += deed.t === "open_room" ? 1 : 0;
    throw new Refusal({ code: "not_saved", sentence: "", do: "" }, 2_000);
  };
  sendThrough({ ask, tell() {}, tryNow() {} });
  showRoom("r", "g");
  await vi.advanceTimersByTimeAsync(4_500);
  expect(times).toBe(3);
  hideRoom("r");
  await vi.advanceTimersByTimeAsync(4_500);
  expect(times).toBe(3);
});
