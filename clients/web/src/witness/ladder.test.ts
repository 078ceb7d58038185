import { describe, expect, test } from "vitest";
import type { Ladder } from "./ladder";
import { beginAt, chosen, counted, judged, lineAway, lineBack, told, unsent, withDevice } from "./ladder";

/** Seconds of video at 24 a second from `from`, of which every `nth` picture is dropped; judged four times a second. */
function film(ladder: Ladder, from: number, seconds: number, nth: number): Ladder {
  for (let at = 0; at < seconds * 24; at++) {
    const now = from + (at * 1_000) / 24;
    ladder = counted(ladder, at % nth === 0, now);
    if (at % 6 === 0) ladder = judged(ladder, now);
  }
  return ladder;
}

describe("WA2: down by itself when the line is poor", () => {
  test("test_wa02_a_good_line_stays_video", () => {
    expect(film(beginAt("video", 0), 0, 60, 4).medium).toBe("video");
  });

  test("test_wa02_more_than_a_third_dropped_over_5_s_steps_down_and_says_the_line", () => {
    const after = film(beginAt("video", 0), 0, 10, 2);
    expect([after.medium, after.why]).toEqual(["stills", "line"]);
    expect(film(beginAt("video", 0), 0, 4.5, 2).medium).toBe("video"); // the first 5 s are not judged
  });

  test("test_wa02_a_few_pictures_prove_nothing", () => {
    let ladder = beginAt("video", 0);
    for (let at = 0; at < 20; at++) ladder = judged(counted(ladder, true, 6_000 + at), 6_000 + at);
    expect(ladder.medium).toBe("video");
  });

  test("test_wa02_a_still_that_is_not_gone_in_10_s_makes_it_a_photo_and_a_photo_text", () => {
    let ladder = unsent(beginAt("stills", 0), 40_000, 6_000);
    expect(judged(unsent(ladder, 9_000, 15_900), 15_900).medium).toBe("stills");
    ladder = judged(unsent(ladder, 9_000, 16_000), 16_000);
    expect([ladder.medium, ladder.why]).toEqual(["photo", "line"]);
    ladder = unsent(ladder, 9_000, 16_100);
    expect(judged(ladder, 70_000).medium).toBe("photo");
    expect(judged(ladder, 76_100).medium).toBe("text");
  });

  test("test_wa02_what_went_out_is_not_stuck", () => {
    let ladder = unsent(beginAt("stills", 0), 40_000, 6_000);
    ladder = unsent(unsent(ladder, 0, 14_000), 40_000, 14_100);
    expect(judged(ladder, 20_000).medium).toBe("stills");
  });

  test("test_wa02_one_reconnect_is_no_reason_but_20_s_away_in_a_minute_are", () => {
    let ladder = lineBack(lineAway(beginAt("video", 0), 10_000), 15_000);
    expect(judged(ladder, 21_000).medium).toBe("video");
    ladder = lineAway(ladder, 22_000);
    expect(judged(ladder, 36_900).medium).toBe("video");
    expect(judged(ladder, 37_000).medium).toBe("stills");
    expect(judged(lineAway(lineBack(ladder, 23_000), 90_000), 95_000).medium).toBe("video"); // the first is long ago
  });

  test("test_wa02_each_step_gets_its_time_and_text_is_the_last", () => {
    let ladder = film(beginAt("video", 0), 0, 10, 1);
    expect(ladder.medium).toBe("stills");
    ladder = { ...ladder, stuckSince: 0 };
    expect(judged(ladder, 5_500).medium).toBe("stills");
    ladder = { ...beginAt("text", 0), stuckSince: 0 };
    expect(judged(ladder, 1e6)).toBe(ladder);
  });
});

describe("WA2: down when this device is not able", () => {
  test("test_wa02_without_a_camera_it_is_text_and_without_a_codec_stills", () => {
    const video = beginAt("video", 0);
    const of = (camera: boolean, can: boolean) => withDevice(video, { camera, video: can }, 0);
    expect([of(false, true).medium, of(false, true).why]).toEqual(["text", "camera"]);
    expect([of(true, false).medium, of(true, false).why]).toEqual(["stills", "device"]);
    expect(of(true, true)).toBe(video);
    expect(withDevice(beginAt("photo", 0), { camera: false, video: false }, 0).medium).toBe("photo");
  });
});

describe("WA2: up only by the member", () => {
  test("test_wa02_a_good_line_does_not_lead_up_again", () => {
    const down = film(beginAt("video", 0), 0, 10, 1);
    expect(film(down, 20_000, 60, 100).medium).toBe("stills");
    const up = chosen(down, "video", 80_000);
    expect([up.medium, up.why, up.counts]).toEqual(["video", "choice", []]);
  });

  test("test_wa02_what_the_server_says_stands", () => {
    const ladder = beginAt("video", 0);
    expect(told(ladder, "stills", "choice", 5).medium).toBe("stills");
    expect(told(ladder, "video", "", 5).counts).toBe(ladder.counts);
  });
});
