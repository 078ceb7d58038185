import { describe, expect, test } from "vitest";
import { call, card } from "./en";
import * as catalogue from "./en";
import * as beside from "./beside.en";
import * as more from "./more.en";
import * as oncall from "./oncall.en";
import * as witness from "./witness.en";
import { digits, duration, list, people, volunteers } from "./words";

describe("grammar", () => {
  test("plurals", () => {
    expect([people(1), people(4), volunteers(1), volunteers(0)]).toEqual(["1 person", "4 people", "1 volunteer", "0 volunteers"]);
  });
  test("lists read like speech", () => {
    expect([list(["Maria"]), list(["Maria", "Jo"]), list(["Maria", "Jo", "Lee"])]).toEqual(["Maria", "Maria and Jo", "Maria, Jo and Lee"]);
  });
  test("durations", () => {
    expect([1, 21, 60, 112, 3_600, 6_120].map(duration)).toEqual([
      "1 second", "21 seconds", "1 minute", "1 minute 52 seconds", "1 hour", "1 hour 42 minutes",
    ]);
  });
  test("digits of the desk", () => {
    expect([5, 94, 185, 3_729].map(digits)).toEqual(["0:05", "1:34", "3:05", "1:02:09"]);
  });
});

describe("sentences", () => {
  test("one and many", () => {
    expect(call.coming(["Maria"])).toBe("Maria is coming.");
    expect(call.coming(["Maria", "Jo"])).toBe("Maria and Jo are coming.");
    expect(call.failsafePledged(["Maria"])).toBe("Maria said they are coming and is not here yet.");
    expect(call.failsafePledged(["Maria", "Jo"])).toBe("Maria and Jo said they are coming and are not here yet.");
    expect(card.enoughNames(["Jo", "Tomas"])).toBe("2 people are with them, thank you.");
  });
});

/** Every sentence of the catalogue, with sample values where it takes some. */
function sentences(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "function") {
    for (const sample of [["Ana", "Maria"], [3, 4, 2], [["Ana"], 3]]) {
      try {
        return sentences((value as (...args: unknown[]) => unknown)(...sample));
      } catch {
        // these values do not fit: the next
      }
    }
    return [];
  }
  if (value && typeof value === "object") return Object.values(value).flatMap(sentences);
  return [];
}

test("“them”, never a guessed “her” or “him”; no shouting, no promise of rescue", () => {
  const all = [...sentences(catalogue), ...sentences(more), ...sentences(oncall), ...sentences(witness), ...sentences(beside)];
  expect(all.length).toBeGreaterThan(250);
  for (const sentence of all) {
    expect(sentence).not.toMatch(/\b(she|he|her|him|his|hers)\b/i);
    expect(sentence).not.toMatch(/\b[A-Z]{4,}\b|!|[Hh]elp is on the way|[Dd]on’t worry/);
  }
});
