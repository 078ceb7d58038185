import { expect, test } from "vitest";
import { noShift, shiftKey, shiftTimes } from "./shift";

type Key = [type: "keydown" | "keyup", key: string, at: number];
const up = (at: number): Key => ["keyup", "Shift", at];
const down = (at: number): Key => ["keydown", "Shift", at];
const times = (at: number, ...keys: Key[]) =>
  shiftTimes(keys.reduce((count, [type, key, when]) => shiftKey(count, { type, key }, when), noShift), at);

test("cb04 three key-ups within 5 s count", () => {
  expect(times(2_000, down(0), up(100), down(900), up(1_000), down(1_900), up(2_000))).toBe(3);
});
test("cb04 another key between begins anew, so typing capitals never leaves", () => {
  expect(times(2_000, up(0), ["keydown", "A", 500], ["keyup", "A", 600], up(1_000), up(2_000))).toBe(2);
});
test("cb04 key-ups older than 5 s run out", () => {
  expect(times(6_000, up(0), up(5_500), up(6_000))).toBe(2);
  expect(times(11_000, up(0), up(1_000))).toBe(0);
});
