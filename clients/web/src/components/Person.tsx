import { common } from "../text/en";
import type { Person } from "../wire/frames";

/** The badge that the server gives; no name can imitate it (GR7). */
export function Badge({ of }: { of: Person }) {
  const badge = of.simulated ? "simulated" : of.badge;
  return badge === "none" ? null : <span class="tag role">{common[badge]}</span>;
}

export const nameOf = (person: Person) => person.name;
