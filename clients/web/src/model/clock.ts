import { computed, signal } from "@preact/signals";

/**
 * The server's clock as this page knows it. Views count down from it and never from the device's own clock, which may
 * be hours wrong. A sample is late by the time it travelled, so the largest offset since the last welcome is the best.
 */
const offset = signal(Number.NEGATIVE_INFINITY);

/** This device's steady clock in ms; it advances with `tick` and stands still between. */
const steady = signal(performance.now());

/** Server time in ms since 1970, as of the last tick. Before the first sample: the device's own guess. */
export const now = computed(() =>
  Number.isFinite(offset.value) ? steady.value + offset.value : performance.timeOrigin + steady.value,
);

/** A view or a welcome carried the server's time. `fresh` forgets older samples (the device may have slept). */
export function sample(serverNow: number, fresh = false): void {
  const local = performance.now();
  const found = serverNow - local;
  if (fresh || found > offset.peek()) offset.value = found;
  steady.value = local;
}

/** Move the shown time on. The page does this only while the line is live: if the line dies, times stand still. */
export function tick(): void {
  steady.value = performance.now();
}

/** Whole seconds from now until then, never below 0. */
export function secondsUntil(then: number, at: number): number {
  return Math.max(0, Math.ceil((then - at) / 1000));
}

/** Whole seconds since then, never below 0. */
export function secondsSince(then: number, at: number): number {
  return Math.max(0, Math.floor((at - then) / 1000));
}
