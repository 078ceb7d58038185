// The safe way to get rid of what is to go, for the member's country (WA8): clients/web/src/data/disposal.json.
import data from "../../data/disposal.json";
import type { Deed } from "../../text/deeds.en";

export interface Way {
  medicine: string;
  source: string;
  /** The day somebody looked at the source, YYYY-MM-DD; empty for never. */
  checked: string;
}

const countries: Readonly<Record<string, Way>> = data.countries;

/** Whether something is got rid of: then the safe way is shown before it (WA8). */
export const disposes = (deed: Deed): deed is "pour_out" | "take_back" | "throw_away" | "hand_over" =>
  deed === "pour_out" || deed === "take_back" || deed === "throw_away" || deed === "hand_over";

/** Steps that hold in any country. */
export const steps = (deed: Deed): readonly string[] =>
  deed === "take_back" ? data.anywhere.medicine : deed === "delete" || deed === "walk_past" || deed === "contact" ? [] : data.anywhere[deed];

/** What is known of that country, for deeds that may be about medicine. Nothing is made up for the others. */
export const wayIn = (country: string, deed: Deed): Way | null =>
  deed === "take_back" || deed === "throw_away" ? (countries[country] ?? null) : null;
