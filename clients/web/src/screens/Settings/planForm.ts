import type { Plan } from "../../device/plan";

/** What the form takes, in characters (CB5). It never leaves the device, so no server refuses more. */
export const AT_MOST = { steps: 1000, places: 400, signs: 400, personName: 60, personNumber: 30 } as const;

export interface PlanWords {
  signs: string;
  /** One step a line. */
  steps: string;
  places: string;
  people: Plan["people"];
}

/** The plan in the member's own words: nothing is changed but the empty lines and empty people left out. */
export function planOf(form: PlanWords): Plan {
  return {
    signs: form.signs.trim(),
    steps: form.steps.split("\n").map((step) => step.trim()).filter(Boolean),
    places: form.places.trim(),
    people: form.people.filter((one) => one.name.trim() || one.number.trim()),
  };
}
