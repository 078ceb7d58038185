/** Three key-ups of Shift within 5 s with nothing between leave the page (CB4). Pure: time is an argument. */
export const SHIFT_WINDOW_MS = 5_000;
export const SHIFT_TIMES = 3;

export interface ShiftCount {
  /** When each counted key-up came. */
  ups: readonly number[];
}

export const noShift: ShiftCount = { ups: [] };

export function shiftKey(count: ShiftCount, event: { type: "keydown" | "keyup"; key: string }, at: number): ShiftCount {
  if (event.key !== "Shift") return noShift; // a capital letter is Shift with something between
  if (event.type === "keydown") return count;
  return { ups: [...count.ups.filter((up) => at - up <= SHIFT_WINDOW_MS), at] };
}

/** How many count as of now; older ones have run out. */
export function shiftTimes(count: ShiftCount, at: number): number {
  return count.ups.filter((up) => at - up <= SHIFT_WINDOW_MS).length;
}
