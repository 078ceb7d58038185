import { describe, expect, test } from "vitest";
import { emptyPlan, hasPlan } from "../../device/plan";
import { planOf } from "./planForm";

const blank = { signs: " ", steps: "\n \n", places: "", people: [{ name: " ", number: "" }] };

describe("cb05 the own plan", () => {
  test("keeps the member's own words, one step a line", () => {
    const plan = planOf({ ...blank, signs: " I stop answering. ", steps: "Kettle on.\n\n  Walk to the river.  \n", places: "The library" });
    expect(plan).toEqual({ signs: "I stop answering.", steps: ["Kettle on.", "Walk to the river."], places: "The library", people: [] });
  });

  test("a blank form is no plan, and nothing stands where one would", () => {
    expect(planOf(blank)).toEqual(emptyPlan);
    expect(hasPlan(planOf(blank))).toBe(false);
  });

  test("one thing is enough to be a plan", () => {
    for (const some of [{ signs: "s" }, { steps: "s" }, { places: "p" }, { people: [{ name: "", number: "1" }] }]) {
      expect(hasPlan(planOf({ ...blank, ...some }))).toBe(true);
    }
  });

  test("a person without a number stays: they can still be gone to", () => {
    expect(planOf({ ...blank, people: [{ name: "Sam", number: "" }, { name: "", number: "" }] }).people).toEqual([{ name: "Sam", number: "" }]);
  });
});
