import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

const CALM_MS = 5_000;

/**
 * What a screen reader hears of facts that change often: one sentence, on change, at most every 5 s (page.md, live
 * regions). The eyes get the same words at once, elsewhere; the last word always comes through.
 */
export function CalmStatus({ says }: { says: string }) {
  const said = useSignal(says);
  const at = useRef(performance.now());
  useEffect(() => {
    if (says === said.peek()) return undefined;
    const wait = Math.max(0, at.current + CALM_MS - performance.now());
    const timer = setTimeout(() => {
      at.current = performance.now();
      said.value = says;
    }, wait);
    return () => clearTimeout(timer);
  }, [says]);
  return (
    <p class="vh" role="status">
      {said.value}
    </p>
  );
}
