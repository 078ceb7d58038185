import { useEffect, useRef } from "preact/hooks";

export const SETTLE_MS = 600;

/**
 * Buttons of a card or a confirm screen ignore input for 600 ms after it appeared, so that a tap meant for what was
 * there before does nothing. `key` begins the time anew when the same place shows something else.
 */
export function useSettled(key = ""): (run: () => void) => () => void {
  const since = useRef(performance.now());
  useEffect(() => {
    since.current = performance.now();
  }, [key]);
  return (run) => () => {
    if (performance.now() - since.current >= SETTLE_MS) run();
  };
}
