import { describe, expect, test } from "vitest";
import { Pace } from "./pace";

/** What passes in ten seconds of pictures that come at these instants. */
const passing = (times: number[]) => {
  const pace = new Pace(24);
  return times.filter((at) => pace.takes(at));
};
const every = (perSecond: number, off: (n: number) => number = () => 0) =>
  Array.from({ length: perSecond * 10 }, (_, n) => (n * 1_000) / perSecond + off(n));

describe("WA2: 24 pictures a second, whatever the camera gives", () => {
  test.each([
    [30, 240],
    [60, 240],
    [25, 240],
    [24, 240],
    [15, 150],
    [5, 50],
  ])("test_wa02_of %i a second so many pass in ten seconds: %i", (perSecond, wanted) => {
    expect(Math.abs(passing(every(perSecond)).length - wanted)).toBeLessThanOrEqual(1);
  });

  test("test_wa02_a canvas that is painted 24 times and shown on a screen of 60 loses none", () => {
    const shown = every(24).map((at) => Math.ceil(((at + 1) * 60) / 1_000) * (1_000 / 60));
    expect(passing(shown)).toEqual(shown);
  });

  test("test_wa02_jitter costs next to nothing", () => {
    expect(passing(every(24, (n) => (n % 3) - 1)).length).toBeGreaterThanOrEqual(239);
  });

  test("test_wa02_after a pause it does not hurry", () => {
    const pace = new Pace(24);
    expect([0, 5_000, 5_010, 5_020, 5_042, 5_060].map((at) => pace.takes(at))).toEqual([true, true, false, false, true, false]);
  });
});
