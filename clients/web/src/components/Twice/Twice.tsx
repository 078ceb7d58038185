import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { SETTLE_MS } from "../useSettled";
import "./Twice.css";

interface TwiceProps {
  children: ComponentChildren;
  /** What the same spot says after the first tap. */
  again: ComponentChildren;
  onDo: () => void;
  look?: string;
  disabled?: boolean;
  /** Told when it waits for the second tap, so that the screen can say what it will do. */
  onAsk?: (asks: boolean) => void;
}

/**
 * Two taps on the same spot: the second counts only 600 ms after the first, so that a shaking thumb does not do it in one.
 * Going elsewhere takes the first one back.
 */
export function Twice({ children, again, onDo, look = "", disabled = false, onAsk }: TwiceProps) {
  const asks = useSignal(false);
  const since = useRef(0);
  const set = (next: boolean) => {
    if (asks.peek() === next) return;
    asks.value = next;
    since.current = performance.now();
    onAsk?.(next);
  };
  const button = useRef<HTMLButtonElement>(null);
  // Safari gives a tapped button no focus: a tap anywhere else takes it back as well.
  useEffect(() => {
    const elsewhere = (event: Event) => {
      if (asks.peek() && event.target instanceof Node && !button.current?.contains(event.target)) set(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, []);
  const tap = () => {
    if (!asks.peek()) set(true);
    else if (performance.now() - since.current >= SETTLE_MS) {
      set(false);
      onDo();
    }
  };
  return (
    <>
      <button ref={button} class={asks.value ? `btn ${look} asks` : `btn ${look}`} type="button" disabled={disabled} onClick={tap} onBlur={() => set(false)}>
        {asks.value ? again : children}
      </button>
      <span class="vh" role="status">
        {asks.value && again}
      </span>
    </>
  );
}
