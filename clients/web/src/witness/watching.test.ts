import { describe, expect, test } from "vitest";
import type { Seen } from "./watching";
import { Lateness, watchState, wantsPicture } from "./watching";

const card = { stage: "live", looking: true, joined: true, frozen: false, cut: false, medium: "video" } as const;
const seen: Seen = { line: "up", shown: { medium: "video", at: 0 }, late: 0, wrongSince: null, unable: false, closed: false };
const of = (change: Partial<Seen>, now = 100, one: Parameters<typeof watchState>[0] = card) => watchState(one, { ...seen, ...change }, now);

describe("WA3: not one byte before they chose to look", () => {
  test.each([
    ["not looking", { ...card, looking: false }],
    ["not joined", { ...card, joined: false }],
    ["reported", { ...card, frozen: true }],
    ["not live yet", { ...card, stage: "gathering" }],
    ["over", { ...card, stage: "ended" }],
    ["text", { ...card, medium: "text" }],
    ["gone", null],
  ] as const)("test_wa03_%s wants no picture", (_name, one) => {
    expect(wantsPicture(one)).toBe(false);
  });

  test("test_wa07_the_stream_stays_up_for_its_witnesses_after_it_turned", () => {
    expect([wantsPicture({ ...card, stage: "turned" }), wantsPicture({ ...card, stage: "attesting" })]).toEqual([true, true]);
  });
});

describe("promise 2: what the page says of the picture is true", () => {
  test("test_wa02_live_only_while_pictures_come_in_time", () => {
    expect(of({})).toBe("live");
    expect(of({}, 3_000)).toBe("behind");
    expect(of({ late: 2_000 })).toBe("behind");
    expect(of({ shown: { medium: "stills", at: 0 } }, 7_999)).toBe("live");
    expect(of({ shown: { medium: "stills", at: 0 } }, 8_000)).toBe("behind");
    expect(of({ shown: { medium: "photo", at: 0 } }, 600_000)).toBe("live");
    expect(of({ shown: null })).toBe("waiting");
  });

  test("test_wa03_what_cannot_be_opened_is_said", () => {
    expect(of({ wrongSince: 0 }, 1_499)).toBe("live");
    expect(of({ wrongSince: 0 }, 1_500)).toBe("sealed-wrong");
  });

  test("test_wa03_cut_lost_unable_ended", () => {
    expect(of({}, 100, { ...card, cut: true })).toBe("cut");
    expect(of({ line: "away" })).toBe("lost");
    expect(of({ shown: null, unable: true })).toBe("unable");
    expect(of({ line: "over" })).toBe("ended");
    expect(of({}, 100, { ...card, frozen: true })).toBe("ended");
    expect(of({}, 100, { ...card, looking: false })).toBe("off");
  });

  test("test_wa02_late_is_against_the_quickest_whatever_the_clocks_say", () => {
    const lateness = new Lateness();
    expect(lateness.of(1_000_000, 50_000)).toBe(0);
    expect(lateness.of(2_000_000, 50_900)).toBe(0);
    expect(lateness.of(3_000_000, 54_000)).toBe(2_100);
    lateness.anew();
    expect(lateness.of(9_000_000_000, 55_000)).toBe(0);
  });
});
