// One state as the pages show it, and the buttons pressed that lead on from it.
import { App } from "../App";
import { onDesk } from "../app/cards";
import { OnCall } from "../desk/OnCall";
import { presses, show } from "./states";

const MORE_THAN_ENOUGH_MS = 4_000;

/** The model in that state, and the page that shows it: the on-call page for every `desk…`, else the member page. */
export function pageOf(name: string) {
  show(name);
  onDesk.value = name.startsWith("desk");
  return onDesk.value ? <OnCall /> : <App />;
}

/** Presses what the state wants pressed, one after another; `act` waits for what a press changes. */
export async function pressAll(name: string, root: Element, act: (deed: () => void) => unknown): Promise<void> {
  await until(() => root.querySelector("[data-screen]"), `${name} shows a screen`);
  for (const wanted of presses[name] ?? []) {
    await until(() => root.querySelector("[data-screen]:not([data-screen=loading])"), `${name} is there`);
    const one = await until(() => named(root, wanted), `${name} has “${wanted}” to press`);
    const empty = one.closest("form")?.querySelectorAll<HTMLInputElement>("input[required]") ?? [];
    await act(() => {
      for (const field of empty) {
        field.value = "Ana";
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
    await act(() => one.click());
  }
}

/** A button, a fold or a choice whose words begin so; of several, the one that lies on top. */
function named(root: Element, words: string): HTMLElement | undefined {
  const all = [...root.querySelectorAll<HTMLElement>("button:not(:disabled), summary, label")];
  return all.filter((one) => (one.getAttribute("aria-label") ?? one.textContent).trim().startsWith(words)).at(-1);
}

/** Waits for what comes a moment later: screens are loaded when they are first shown. */
export async function until<T>(look: () => T | null | undefined, what: string): Promise<T> {
  const end = performance.now() + MORE_THAN_ENOUGH_MS;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`The gallery waits in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
