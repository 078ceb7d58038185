import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

const CALM_MS = 5_000;

/** A status that is read aloud changes at most every 5 s (page.md, live regions); the last word always comes through. */
export function useCalm(said: string): string {
  const shown = useSignal(said);
  const at = useRef(performance.now());
  useEffect(() => {
    if (said === shown.peek()) return undefined;
    const wait = Math.max(0, at.current + CALM_MS - performance.now());
    const timer = setTimeout(() => {
      at.current = performance.now();
      shown.value = said;
    }, wait);
    return () => clearTimeout(timer);
  }, [said]);
  return shown.value;
}
