import { beforeEach, describe, expect, test } from "vitest";
import { aCall, aCard, aGroup, somePeople } from "../gallery/states";
import { now, sample, secondsSince, secondsUntil } from "./clock";
import { apply, beginSnapshot, cards, forgetAll, lineLost, myCall, newer, presence, rooms } from "./model";

beforeEach(() => forgetAll());

describe("views of a call", () => {
  test("a newer version replaces, an older or the same one does not", () => {
    apply({ ...aCall, version: 5, asked: 5 });
    apply({ ...aCall, version: 4, asked: 4 });
    apply({ ...aCall, version: 5, asked: 9 });
    expect(myCall.value).toMatchObject({ version: 5, asked: 5 });
    apply({ ...aCall, version: 6, asked: 6 });
    expect(myCall.value?.asked).toBe(6);
  });

  test("another call replaces whatever its version is", () => {
    expect(newer({ call: "a", version: 9 }, { call: "b", version: 1 })).toBe(true);
  });

  test("a reconnect takes the snapshot as it is: the server may have begun its count anew", () => {
    apply({ ...aCard, version: 8 });
    beginSnapshot();
    apply({ ...aCard, version: 1, asked: 2 });
    expect(cards.value.get(aCard.call)).toMatchObject({ version: 1, asked: 2 });
  });

  test("a card that is gone is no longer shown", () => {
    apply(aCard);
    apply({ t: "card_gone", call: aCard.call });
    expect(cards.value.size).toBe(0);
  });
});

describe("pr06 presence", () => {
  test("is unknown once the line is lost, never an old count", () => {
    apply({ t: "presence_now", group: aGroup.group, presence: somePeople });
    expect(presence.value.get(aGroup.group)?.can_come).toBe(4);
    lineLost();
    expect(presence.value.size).toBe(0);
  });

  test("an older version does not replace a newer one", () => {
    apply({ t: "presence_now", group: "g", presence: { ...somePeople, version: 3 } });
    apply({ t: "presence_now", group: "g", presence: { ...somePeople, version: 2, can_come: 0 } });
    expect(presence.value.get("g")?.can_come).toBe(4);
  });
});

test("cb04 leaving forgets everything readable", () => {
  apply(aCall);
  apply({ t: "room_now", room: "r", group: "g", epoch: 1, head: 0, resumed: false, entries: [] });
  forgetAll();
  expect([myCall.value, rooms.value.size, cards.value.size]).toEqual([null, 0, 0]);
});

describe("countdowns", () => {
  test("count from the server's clock, whatever the device's own says", () => {
    sample(1_000_000, true);
    expect(Math.abs(now.value - 1_000_000)).toBeLessThan(50);
  });

  test("a sample that was long on its way does not set the clock back", () => {
    sample(2_000_000, true);
    sample(1_999_000);
    expect(now.value).toBeGreaterThanOrEqual(2_000_000);
  });

  test("never go below zero, and round so that “in 1 second” is not over yet", () => {
    expect(secondsUntil(10_001, 10_000)).toBe(1);
    expect(secondsUntil(9_000, 10_000)).toBe(0);
    expect(secondsSince(10_000, 9_000)).toBe(0);
    expect(secondsSince(8_001, 10_000)).toBe(1);
  });
});
