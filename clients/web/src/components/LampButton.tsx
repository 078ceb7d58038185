import type { ComponentChildren } from "preact";
import { callRuns } from "../app/urgent";
import { go, place } from "../app/place";
import { ask } from "../text/en";
import { Duo } from "./Row/Mark";

interface LampProps {
  children: ComponentChildren;
  onClick: () => void;
  both?: boolean;
  disabled?: boolean;
}

/** The yellow button: people, or the way to them. Never decoration. */
export function LampButton({ children, onClick, both = false, disabled = false }: LampProps) {
  return (
    <button class="btn lamp big wide" type="button" onClick={onClick} disabled={disabled}>
      <Duo both={both} />
      {children}
    </button>
  );
}

/** “I need someone now”, on every screen at the bottom edge. With a call open it leads back to it (UC1). */
export function NeedButton({ group = null }: { group?: string | null }) {
  if (callRuns()) {
    return (
      <LampButton both onClick={() => go({ at: "call" })}>
        {ask.running}
      </LampButton>
    );
  }
  return <LampButton onClick={() => go({ at: "ask", group, from: place.peek() })}>{ask.button}</LampButton>;
}

/** The dock of a screen that holds nothing but the yellow button. */
export function NeedDock() {
  return (
    <footer class="dock">
      <div class="inner">
        <NeedButton />
      </div>
    </footer>
  );
}
