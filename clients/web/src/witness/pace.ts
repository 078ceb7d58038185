/**
 * Lets through at most so many a second of what comes faster, evenly spread: 24 of a camera's 30. A plain "not before
 * 40 ms have passed" would let every second one pass, which is 15.
 */
export class Pace {
  #step: number;
  #due = -Infinity;

  constructor(perSecond: number) {
    this.#step = 1_000 / perSecond;
  }

  /** Whether what comes at `now` (ms) is let through. */
  takes(now: number): boolean {
    // Half a step early is on time: what is painted 24 times a second comes on a screen's grid of 60, 33 or 50 ms apart.
    if (now < this.#due - this.#step / 2) return false;
    // After a pause it does not catch up: the next is due one step from now.
    this.#due = (now - this.#due > this.#step ? now : this.#due) + this.#step;
    return true;
  }
}
