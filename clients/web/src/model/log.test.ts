import { describe, expect, test } from "vitest";
import type { Entry, RoomNow } from "../wire/frames";
import type { Pending, RoomLog } from "./log";
import { emptyLog, holes, withAdded, withChanged, withEntries, withPending, withRoom, withSaved, withUnsaved } from "./log";

const said = (seq: number, more: Partial<Entry> = {}): Entry => ({
  seq, kind: "said", at: seq, author: null, text: `line ${seq}`, experience: false, reply_to: null, k: null, ...more,
});
const roomNow = (entries: Entry[], more: Partial<RoomNow> = {}): RoomNow => ({
  t: "room_now", room: "r", group: "g", epoch: 1, head: entries.at(-1)?.seq ?? 0, resumed: true, entries, ...more,
});
const opened = (...seqs: number[]): RoomLog => withRoom({ ...emptyLog("r", "g"), epoch: 1 }, roomNow(seqs.map((seq) => said(seq))));
const line = (k: string): Pending => ({ k, text: "mine", replyTo: null, at: 0, is: "sending", seq: null, why: "" });
const seqs = (log: RoomLog) => log.entries.map((entry) => entry.seq);
const added = (entry: Entry, epoch = 1) => ({ t: "entry_added" as const, room: "r", epoch, entry });

describe("a room's log", () => {
  test("ch02 an entry that comes twice is shown once", () => {
    let log = opened(1, 2);
    log = withAdded(log, added(said(3))).log;
    log = withAdded(log, added(said(3))).log;
    expect(seqs(log)).toEqual([1, 2, 3]);
  });

  test("ch02 what is missing in the middle is a hole until it came", () => {
    let log = withAdded(opened(1, 2), added(said(5))).log;
    expect(holes(log)).toEqual([{ after: 2, before: 5 }]);
    log = withEntries(log, 1, [said(4)]);
    expect(holes(log)).toEqual([{ after: 2, before: 4 }]);
    log = withEntries(log, 1, [said(3, { kind: "gap", text: "" })]);
    expect(holes(log)).toEqual([]);
    expect(seqs(log)).toEqual([1, 2, 3, 4, 5]);
  });

  test("ch02 a head beyond the last entry is a hole too", () => {
    const log = withRoom(opened(1, 2), roomNow([said(3)], { head: 7 }));
    expect(holes(log)).toEqual([{ after: 3, before: 8 }]);
  });

  test("ch02 what came before the first entry is history and no hole", () => {
    expect(holes(opened(40, 41))).toEqual([]);
  });

  test("ch02 a reconnect resumes: what is held stays, what is new is put in", () => {
    expect(seqs(withRoom(opened(1, 2, 3), roomNow([said(4), said(5)])))).toEqual([1, 2, 3, 4, 5]);
  });

  test("ch02 a position that cannot be continued replaces everything", () => {
    expect(seqs(withRoom(opened(1, 2, 3), roomNow([said(8)], { resumed: false })))).toEqual([8]);
    expect(seqs(withRoom(opened(1, 2, 3), roomNow([said(1)], { epoch: 2 })))).toEqual([1]);
  });

  test("ch02 an entry of another epoch asks for the room anew and changes nothing", () => {
    const { log, reopen } = withAdded(opened(1), added(said(2), 9));
    expect(reopen).toBe(true);
    expect(seqs(log)).toEqual([1]);
  });

  test("ch03 a deleted entry is replaced where it stands", () => {
    const log = withChanged(opened(1, 2), { t: "entry_changed", room: "r", epoch: 1, entry: said(2, { kind: "deleted", text: "" }) });
    expect(log.entries[1]).toMatchObject({ seq: 2, kind: "deleted", text: "" });
  });
});

describe("a line of one's own", () => {
  test("ch01 is saved only after the ok, and gone once its entry is there", () => {
    let log = withPending(opened(1), line("k1"));
    expect(log.pending[0]?.is).toBe("sending");
    log = withSaved(log, "k1", 2);
    expect(log.pending[0]).toMatchObject({ is: "saved", seq: 2 });
    log = withAdded(log, added(said(2, { k: "k1" }))).log;
    expect(log.pending).toEqual([]);
    expect(seqs(log)).toEqual([1, 2]);
  });

  test("ch01 its entry may come before its ok: shown once", () => {
    let log = withPending(opened(1), line("k1"));
    log = withAdded(log, added(said(2, { k: "k1" }))).log;
    log = withSaved(log, "k1", 2);
    expect(log.pending).toEqual([]);
    expect(seqs(log)).toEqual([1, 2]);
  });

  test("ch01 stays as not saved, with the reason, and can go out again with the same key", () => {
    let log = withUnsaved(withPending(opened(1), line("k1")), "k1", "Too slow.");
    expect(log.pending[0]).toMatchObject({ k: "k1", is: "unsaved", why: "Too slow." });
    log = withPending(log, line("k1"));
    expect(log.pending.map(({ k, is }) => [k, is])).toEqual([["k1", "sending"]]);
  });

  test("ch01 survives a reconnect as sending, and joins its entry if it was committed after all", () => {
    const log = withPending(opened(1), line("k1"));
    expect(withRoom(log, roomNow([])).pending).toHaveLength(1);
    expect(withRoom(log, roomNow([said(2, { k: "k1" })])).pending).toEqual([]);
  });
});
