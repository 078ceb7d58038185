import type { ComponentChildren } from "preact";
import { Mark } from "./Mark";
import type { Nearness } from "./Mark";

export interface Stand {
  marks: readonly Nearness[];
  label: ComponentChildren;
  sub?: ComponentChildren;
  /** Steps away from those before: nearer people stand nearer. */
  step?: 0 | 1 | 2;
}

const MOST_MARKS = 12;

/** People on one ground line, each group with its words below. */
export function Row({ stands, label, tall = false }: { stands: readonly Stand[]; label?: string; tall?: boolean }) {
  return (
    <ul class={tall ? "row tall" : "row"} aria-label={label}>
      {stands.map((stand, at) => (
        <li key={at}>
          <span class={`marks step-${stand.step ?? 0}`} aria-hidden="true">
            {stand.marks.slice(0, MOST_MARKS).map((is, mark) => (
              <Mark key={mark} is={is} />
            ))}
            {stand.marks.length > MOST_MARKS && <span class="count num">+{stand.marks.length - MOST_MARKS}</span>}
          </span>
          <span class={`label step-${stand.step ?? 0}`}>
            <b>{stand.label}</b>
            {stand.sub}
          </span>
        </li>
      ))}
    </ul>
  );
}
