import { gate, go, place } from "./place";
import { callRuns } from "./urgent";

const REGIONS = ".bar, .side, .people, main, .dock";

/** F6 moves between regions, Alt+Shift+N opens asking. No single letters: they would fire while someone types. */
export function armKeys(): void {
  window.addEventListener("keydown", (event) => {
    if (event.key === "F6") {
      event.preventDefault();
      nextRegion(event.shiftKey ? -1 : 1);
    } else if (event.altKey && event.shiftKey && event.code === "KeyN" && gate.peek().is === "in") {
      event.preventDefault();
      if (callRuns()) go({ at: "call" });
      else if (place.peek().at !== "ask") go({ at: "ask", group: null, from: place.peek() });
    }
  });
}

function nextRegion(by: 1 | -1): void {
  const scope = document.querySelector("dialog[open]") ?? document;
  const regions = [...scope.querySelectorAll<HTMLElement>(REGIONS)].filter((one) => one.offsetParent !== null);
  const at = regions.findIndex((one) => one.contains(document.activeElement));
  const next = regions[(at + by + regions.length) % regions.length];
  if (!next) return;
  const inside = next.querySelector<HTMLElement>("button, a[href], input, textarea, [tabindex]");
  if (next.tabIndex < 0 && !next.hasAttribute("tabindex") && inside) inside.focus();
  else next.focus();
}
