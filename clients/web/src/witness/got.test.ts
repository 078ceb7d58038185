import { describe, expect, test } from "vitest";
import type { Reached } from "./got";
import { gotNow } from "./got";

const card = { stage: "live", medium: "video", joined: true, looking: true, frozen: false, cut: false } as const;
const nothing: Reached = { picture: null, stepAt: null };
const picture = (medium: "video" | "stills" | "photo", at: number): Reached => ({ picture: { medium, at }, stepAt: null });

describe("WA4: a witness counts only by what reached a visible page", () => {
  test("test_wa04_a_frame_counts_for_ten_seconds", () => {
    expect(gotNow(card, picture("video", 1_000), true, 10_999)).toBe("video");
    expect(gotNow(card, picture("video", 1_000), true, 11_000)).toBeNull();
    expect(gotNow(card, nothing, true, 0)).toBeNull();
  });

  test("test_wa04_what_was_drawn_is_said_not_what_was_meant", () => {
    expect(gotNow(card, picture("stills", 0), true, 0)).toBe("stills");
  });

  test.each([
    ["a hidden page", card, false],
    ["one who did not join", { ...card, joined: false }, true],
    ["one who reported it", { ...card, frozen: true }, true],
    ["one who looks away", { ...card, looking: false }, true],
    ["a cut picture", { ...card, cut: true }, true],
    ["an action that is over", { ...card, stage: "ended" }, true],
    ["the time of attesting", { ...card, stage: "attesting" }, true],
  ] as const)("test_wa04_%s_says_nothing", (_name, one, visible) => {
    expect(gotNow(one, picture("video", 0), visible, 0)).toBeNull();
  });

  test("test_wa04_before_live_and_in_text_a_visible_page_is_enough", () => {
    expect(gotNow({ ...card, stage: "gathering" }, nothing, true, 0)).toBe("text");
    expect(gotNow({ ...card, medium: "text", looking: false }, nothing, true, 0)).toBe("text");
    expect(gotNow({ ...card, medium: "text" }, nothing, false, 0)).toBeNull();
    expect(gotNow(null, nothing, true, 0)).toBeNull();
  });

  test("test_wa04_the_photo_is_said_when_it_comes_and_the_steps_after_it", () => {
    const photo = { ...card, medium: "photo" } as const;
    expect(gotNow(photo, picture("photo", 0), true, 9_000)).toBe("photo");
    expect(gotNow(photo, picture("photo", 0), true, 60_000)).toBe("text");
  });

  test("test_wa04_beside_video_a_step_counts_for_ten_seconds", () => {
    const away = { ...card, looking: false };
    expect(gotNow(away, { picture: null, stepAt: 0 }, true, 9_999)).toBe("text");
    expect(gotNow(away, { picture: null, stepAt: 0 }, true, 10_000)).toBeNull();
  });
});
