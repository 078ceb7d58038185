import { computed, signal } from "@preact/signals";
import { get } from "../net/http";
import type { Helpline } from "../wire/frames";
import { country } from "./prefs";

export interface Country {
  name: string;
  emergency: string;
  lines: Helpline[];
}

export const countries = signal<Readonly<Record<string, Country>>>({});

/** The service worker answers from its cache when the server is gone. */
export async function loadHelplines(): Promise<void> {
  try {
    const answer = await get<{ countries: Record<string, Country> }>("/helplines.json");
    countries.value = answer.countries;
  } catch {
    // shown as “no number here”; the next start tries again
  }
}

/** The chosen country, else the one that the browser's languages name, else the first. */
export const here = computed(() => {
  const known = countries.value;
  const chosen = country.value.value;
  if (chosen in known) return chosen;
  const regions = navigator.languages.map((tag) => /-([A-Z]{2})\b/.exec(tag)?.[1] ?? "");
  return regions.find((region) => region in known) ?? Object.keys(known).sort()[0] ?? "";
});

export const local = computed<Country | null>(() => countries.value[here.value] ?? null);

/** The line to show where only one has room. */
export const mainLine = computed(() => local.value?.lines.find((line) => line.kind === "crisis") ?? null);
export const youthLines = computed(() => local.value?.lines.filter((line) => line.kind === "youth") ?? []);

/** +44 116 123 → tel:+44116123 */
export function telephone(number: string): string {
  return `tel:${number.replace(/[^\d+*#]/g, "")}`;
}
