import { describe, expect, test } from "vitest";
import { NOW, aRow, helper } from "../gallery/states";
import type { DeskRow } from "../wire/frames";
import { bigTime, keepOrder, wantsSomeone } from "./rows";

const row = (call: string, more: Partial<DeskRow>): DeskRow => ({ ...aRow, call, pinned: [], no_human_since: NOW - 10_000, ...more });
const names = (rows: readonly DeskRow[]) => rows.map((one) => one.call);

describe("oc01 the desk", () => {
  test("the order is the server's: nothing here moves a row", () => {
    const rows = [row("held", { standing: "held", no_human_since: null }), row("long", { no_human_since: NOW - 94_000 })];
    expect(names(keepOrder([], rows))).toEqual(["held", "long"]);
  });

  test("rows stay where they are while someone points at them; a new one comes at the end", () => {
    const rows = [row("a", { no_human_since: NOW - 1_000 }), row("b", { no_human_since: NOW - 90_000 }), row("new", { pinned: ["lapsed"] })];
    expect(names(keepOrder(["a", "b"], rows))).toEqual(["a", "b", "new"]);
  });

  test("the big number says what it counts", () => {
    expect(bigTime(row("x", { no_human_since: NOW - 94_000 }), NOW)).toEqual({ seconds: 94, of: "no_human" });
    expect(bigTime(row("x", { standing: "held", no_human_since: null }), NOW)).toEqual({ seconds: 0, of: "held" });
    const held = row("x", { standing: "held", no_human_since: null, helpers: [helper("Noor", "here"), helper("Jo", "in_room")] });
    expect(bigTime(held, NOW)).toEqual({ seconds: 90, of: "held" });
    const lost = row("x", { standing: "held", no_human_since: null, caller_lost_since: NOW - 20_000 });
    expect(bigTime(lost, NOW)).toEqual({ seconds: 20, of: "lost" });
  });

  test("a pledged call wants nobody at once, an open one does", () => {
    expect(wantsSomeone(row("x", {}))).toBe(true);
    expect(wantsSomeone(row("x", { standing: "coming", helpers: [helper("Lee", "coming")] }))).toBe(false);
    expect(wantsSomeone(row("x", { standing: "held", no_human_since: null }))).toBe(false);
  });
});
