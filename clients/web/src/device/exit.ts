import { signal } from "@preact/signals";
import { forgetAll, myCall } from "../model/model";
import { exit as words } from "../text/en";
import { SHIFT_TIMES, SHIFT_WINDOW_MS, noShift, shiftKey, shiftTimes } from "./shift";
import { shiftExit } from "./prefs";

/** How often Shift came so far; the page announces it. */
export const shiftCount = signal(0);

let onLeave: () => void = () => {};
/** To the other tabs of this browser: what is read in one, or shown to its camera, is not to be seen in another. */
const tabs = new BroadcastChannel("t");

/** What must be over before anything else when someone leaves: a camera that is on (WA3). Each takes no time. */
export const beforeLeaving = new Set<() => void>();

function target(): string {
  const chosen = document.querySelector<HTMLMetaElement>("meta[name=exit-target]")?.content ?? "";
  return /^[^%]/.test(chosen) ? chosen : "/weather"; // the dev server leaves the placeholder
}

/**
 * Leave at once: a live picture is cut, then the cover, network last (CB4: empty within 100 ms). The cover is one opaque
 * element, put there before anything else can take time; then the words go out of the page and out of memory. Every
 * other tab does the same, with or without a line.
 */
export function leaveNow(): void {
  leave();
  tabs.postMessage(0);
}

function leave(): void {
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
  document.querySelector("#app")?.remove();
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
  tabs.onmessage = leave;
  let count = noShift;
  let fade: ReturnType<typeof setTimeout> | undefined;
  const forget = () => ((count = noShift), (shiftCount.value = 0));
  const heard = (event: KeyboardEvent) => {
    if (shiftExit.value.peek() !== "on" || event.repeat) return;
    count = shiftKey(count, event as KeyboardEvent & { type: "keyup" | "keydown" }, performance.now());
    shiftCount.value = shiftTimes(count, performance.now());
    clearTimeout(fade);
    if (shiftCount.value >= SHIFT_TIMES) leaveNow();
    else fade = setTimeout(forget, SHIFT_WINDOW_MS);
  };
  addEventListener("keydown", heard, true);
  addEventListener("keyup", heard, true);
  addEventListener("pointerdown", forget, true);
  // A page taken out of the browser's back-forward cache is a picture of the past: load it anew.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
