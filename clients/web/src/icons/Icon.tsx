import { paths } from "./paths";

export type IconName = keyof typeof paths;

/** Arrows and chevrons turn round on a right-to-left page. */
const MIRRORED = new Set<IconName>(["arrow-right", "chevron-left", "chevron-right", "log-out", "send-horizontal"]);

/** An icon is decoration: the words beside it, or the button's label, carry the meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={MIRRORED.has(name) ? "icon flip" : "icon"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
