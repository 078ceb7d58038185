import { signal } from "@preact/signals";

/** The member's own plan (CB5). It lives in this browser alone, under a name that says nothing, and works offline. */
export interface Plan {
  signs: string;
  steps: string[];
  places: string;
  people: { name: string; number: string }[];
}

export const emptyPlan: Plan = { signs: "", steps: [], places: "", people: [] };
export const plan = signal<Plan>(emptyPlan);

export function hasPlan(one: Plan): boolean {
  return one.steps.length > 0 || one.people.length > 0 || one.places !== "" || one.signs !== "";
}

function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open("local", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("kept");
    open.onsuccess = () => resolve(open.result.transaction("kept", mode).objectStore("kept"));
    open.onerror = () => reject(open.error);
  });
}

export async function loadPlan(): Promise<void> {
  try {
    const asked = (await store("readonly")).get("p");
    asked.onsuccess = () => {
      if (asked.result) plan.value = { ...emptyPlan, ...(asked.result as Partial<Plan>) };
    };
  } catch {
    // no storage here: the plan lasts as long as the page
  }
}

/** False when this browser keeps nothing; the plan then lasts as long as the page. */
export async function savePlan(next: Plan): Promise<boolean> {
  plan.value = next;
  try {
    const put = (await store("readwrite")).put(next, "p");
    return await new Promise((resolve) => {
      put.onsuccess = () => resolve(true);
      put.onerror = () => resolve(false);
    });
  } catch {
    return false;
  }
}
