import type { Helper } from "../wire/frames";
import type { Nearness } from "./Row/Mark";

/** Who is how near, in the order of nearness. */
export interface Nearby {
  here: readonly Helper[];
  inRoom: readonly Helper[];
  coming: readonly Helper[];
}

export function nearby(helpers: readonly Helper[]): Nearby {
  const having = (answer: Helper["answer"]) => helpers.filter((helper) => helper.answer === answer);
  return { here: having("here"), inRoom: having("in_room"), coming: having("coming") };
}

export const namesOf = (helpers: readonly Helper[]) => helpers.map((helper) => helper.person.name);

export function markOf(helper: Helper): Nearness {
  if (!helper.connected) return "lost";
  if (helper.answer === "here") return "lit";
  return helper.answer === "coming" ? "coming" : "reached";
}
