import { laterPaths } from "./later";

export type LaterIconName = keyof typeof laterPaths;

/** An icon of the screens that are loaded later; decoration, as every icon is. */
export function LaterIcon({ name }: { name: LaterIconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={laterPaths[name]} />
    </svg>
  );
}
