import { signal } from "@preact/signals";
import { forgetAll, myCall } from "../model/model";
import { exit as words } from "../text/en";
import { SHIFT_TIMES, SHIFT_WINDOW_MS, noShift, shiftKey, shiftTimes } from "./shift";
import { shiftExit } from "./prefs";

/** How often Shift came so far; the page announces it. */
export const shiftCount = signal(0);

let onLeave: () => void = () => {};

/** What must be over before anything else when someone leaves: a camera that is on (WA3). Each takes no time. */
export const beforeLeaving = new Set<() => void>();

function target(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="exit-target"]');
  const chosen = meta?.content ?? "";
  return chosen && !chosen.startsWith("%") ? chosen : "/weather"; // the dev server leaves the placeholder
}

/**
 * Leave at once: a live picture is cut, then the cover, network last (CB4: empty within 100 ms). The cover is one opaque
 * element, put there before anything else can take time; then the words go out of the page and out of memory.
 */
export function leaveNow(): void {
  for (const cut of beforeLeaving) {
    try {
      cut();
    } catch {
      // the page goes all the same
    }
  }
  const call = myCall.peek()?.call ?? null;
  const cover = document.createElement("div");
  cover.className = "exit-cover";
  document.documentElement.append(cover);
  document.title = words.neutralTitle;
  document.getElementById("app")?.remove();
  forgetAll();
  onLeave();
  try {
    navigator.sendBeacon("/api/leave", new Blob([JSON.stringify({ call })], { type: "application/json" }));
  } catch {
    // leaving matters more than saying so
  }
  location.replace(target());
}

/** Arm the keyboard and the way back. `closing` drops the line without a word to wait for. */
export function armExit(closing: () => void): void {
  onLeave = closing;
  let count = noShift;
  let fade: ReturnType<typeof setTimeout> | undefined;
  const heard = (event: KeyboardEvent) => {
    if (shiftExit.value.peek() !== "on" || event.repeat) return;
    const type = event.type === "keyup" ? "keyup" : "keydown";
    count = shiftKey(count, { type, key: event.key }, performance.now());
    shiftCount.value = shiftTimes(count, performance.now());
    clearTimeout(fade);
    if (shiftCount.value >= SHIFT_TIMES) {
      count = noShift;
      shiftCount.value = 0;
      leaveNow();
    } else if (shiftCount.value > 0) {
      fade = setTimeout(() => ((shiftCount.value = 0), (count = noShift)), SHIFT_WINDOW_MS);
    }
  };
  window.addEventListener("keydown", heard, true);
  window.addEventListener("keyup", heard, true);
  window.addEventListener("pointerdown", () => ((count = noShift), (shiftCount.value = 0)), true);
  // A page taken out of the browser's back-forward cache is a picture of the past: load it anew.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
