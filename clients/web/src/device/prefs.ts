import { signal } from "@preact/signals";

/** Small choices kept on this device. The names say nothing of what they are for (CB4). */
export function kept(name: string, fallback: string) {
  let first = fallback;
  try {
    first = localStorage.getItem(name) ?? fallback;
  } catch {
    // private window: the choice lasts as long as the page
  }
  const value = signal(first);
  return {
    value,
    set(next: string) {
      value.value = next;
      try {
        localStorage.setItem(name, next);
      } catch {
        // as above
      }
    },
  };
}

export const theme = kept("t", "system");
export const shiftExit = kept("s", "on");
export const comingSound = kept("n", "off");
export const country = kept("c", "");
/** The group that is asked when one presses from outside a room, and when reading is locked (UC18, CB4). */
export const usualGroup = kept("g", "");

export function showTheme(page: "member" | "oncall"): void {
  const chosen = theme.value.value;
  const shown = chosen === "system" && page === "oncall" ? "dark" : chosen;
  if (shown === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = shown;
}
