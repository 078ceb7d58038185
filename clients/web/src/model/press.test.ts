import { describe, expect, test } from "vitest";
import type { Asking, Deed, Press, PressEvent } from "./press";
import { FAILSAFE_AFTER_MS, POST_AFTER_MS, POST_AGAIN_MS, STALE_AFTER_MS, step } from "./press";

const ask: Asking = { k: "k", group: "g", words: "", only: null, volunteersToo: true };

/** Walks a press through events and keeps what had to be done. */
function walk(...events: PressEvent[]): { press: Press; deeds: Deed[] } {
  let press: Press = { is: "none" };
  const deeds: Deed[] = [];
  for (const event of events) {
    const next = step(press, event);
    press = next.press;
    deeds.push(...next.deeds);
  }
  return { press, deeds };
}
const pressed: PressEvent = { on: "press", ask, at: 0 };
const tick = (at: number): PressEvent => ({ on: "tick", at });

describe("uc01 one press", () => {
  test("goes out over the socket at once", () => {
    expect(walk(pressed).deeds).toEqual(["socket"]);
  });

  test("goes out by POST too when 2 s bring no ok, with the same key", () => {
    expect(walk(pressed, tick(POST_AFTER_MS - 1)).deeds).toEqual(["socket"]);
    const { press, deeds } = walk(pressed, tick(POST_AFTER_MS));
    expect(deeds).toEqual(["socket", "post"]);
    expect(press).toMatchObject({ is: "sending", ask: { k: "k" }, unreached: false });
  });

  test("keeps posting at its own pace, not at every tick", () => {
    const { deeds } = walk(pressed, tick(POST_AFTER_MS), tick(POST_AFTER_MS + 250), tick(POST_AFTER_MS + POST_AGAIN_MS));
    expect(deeds).toEqual(["socket", "post", "post"]);
  });

  test("shows the page's own fail-safe after 5 s, and still tries", () => {
    expect(walk(pressed, tick(FAILSAFE_AFTER_MS - 1)).press).toMatchObject({ unreached: false });
    const { press, deeds } = walk(pressed, tick(POST_AFTER_MS), tick(FAILSAFE_AFTER_MS), tick(POST_AFTER_MS + POST_AGAIN_MS));
    expect(press).toMatchObject({ is: "sending", unreached: true });
    expect(deeds.filter((deed) => deed === "post")).toHaveLength(2);
  });

  test("is one call, however the ok comes", () => {
    const ok: PressEvent = { on: "ok", k: "k", call: "c", saved: true };
    const { press, deeds } = walk(pressed, tick(POST_AFTER_MS), ok, ok, tick(FAILSAFE_AFTER_MS));
    expect(press).toMatchObject({ is: "rung", call: "c", saved: true });
    expect(deeds).toEqual(["socket", "post"]);
  });

  test("says “not saved yet” when the store was down (uc15)", () => {
    expect(walk(pressed, { on: "ok", k: "k", call: "c", saved: false }).press).toMatchObject({ is: "rung", saved: false });
  });

  test("a second press while one is on its way is the same press", () => {
    const again: PressEvent = { on: "press", ask: { ...ask, k: "other" }, at: 900 };
    const { press, deeds } = walk(pressed, again);
    expect(deeds).toEqual(["socket"]);
    expect(press).toMatchObject({ ask: { k: "k" } });
  });

  test("an ok for another key answers nothing", () => {
    expect(walk(pressed, { on: "ok", k: "foreign", call: "c", saved: true }).press.is).toBe("sending");
  });

  test("goes out again when the line is back", () => {
    expect(walk(pressed, { on: "line", at: 60_000 }).deeds).toEqual(["socket", "socket"]);
  });
});

describe("uc01 a press kept offline", () => {
  test("for over 10 min asks before it fires", () => {
    const { press, deeds } = walk(pressed, { on: "line", at: STALE_AFTER_MS + 1 });
    expect(press.is).toBe("stale");
    expect(deeds).toEqual(["socket"]);
    expect(walk(pressed, tick(STALE_AFTER_MS + 1)).press.is).toBe("stale");
  });

  test("fires with the same key once the person says yes", () => {
    const { press, deeds } = walk(pressed, tick(STALE_AFTER_MS + 1), { on: "yes", at: STALE_AFTER_MS + 5_000 });
    expect(press).toMatchObject({ is: "sending", ask: { k: "k" }, pressedAt: STALE_AFTER_MS + 5_000 });
    expect(deeds).toEqual(["socket", "socket"]);
  });

  test("a stale press is answered if an early try got through after all", () => {
    expect(walk(pressed, tick(STALE_AFTER_MS + 1), { on: "ok", k: "k", call: "c", saved: true }).press.is).toBe("rung");
  });

  test("is dropped on the person's word", () => {
    expect(walk(pressed, { on: "drop" }, tick(POST_AFTER_MS))).toEqual({ press: { is: "none" }, deeds: ["socket"] });
  });
});
