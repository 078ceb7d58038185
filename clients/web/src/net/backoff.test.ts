import { expect, test } from "vitest";
import { backoff } from "./backoff";

test("waits longer with every try, never over the short cap, and spreads over the whole span", () => {
  expect(backoff(0, () => 0)).toBe(100);
  expect(backoff(0, () => 1)).toBe(400);
  expect(backoff(3, () => 1)).toBe(2_500);
  expect(backoff(50, () => 1)).toBe(5_100);
  expect(backoff(50, () => 0)).toBe(100);
});
