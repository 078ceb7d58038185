import { cleanup, render } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { MyAction } from "../../wire/frames";

const planned: MyAction = {
  t: "my_action", action: "planned-action-1", version: 1, now: 1, group: "group-of-mine-01", deed: "delete", words: "", medium: "text",
  medium_why: "", sound: false, wanted: 1, stage: "planned", since: 9, until: 9, plan: { local: "2030-01-01T10:00", zone: "UTC" }, witnesses: [],
  present: 0, enough: false, steps: [], cut: false, pills: false, call: null, ended: "no",
};
const due: MyAction = { ...planned, action: "due-action-00001", stage: "due", since: 5 };

let told: (event: { data: unknown }) => void = () => {};
beforeEach(() => {
  vi.resetModules();
  const serviceWorker = { addEventListener: (_type: string, listen: typeof told) => (told = listen) };
  Object.defineProperty(navigator, "serviceWorker", { value: serviceWorker, configurable: true });
});
afterEach(cleanup);

async function opened(address: string, ...mine: MyAction[]) {
  history.replaceState(null, "", address);
  const { actions } = await import("../../model/witness");
  const { place } = await import("../../app/place");
  const { Lines } = await import("./Lines");
  actions.value = new Map(mine.map((one) => [one.action, one]));
  render(<Lines />);
  return place;
}

test("wa01 a page that a plan's notification opened goes to the plan that is next, and its address says nothing", async () => {
  const place = await opened("/?plan", planned, due);
  await vi.waitFor(() => expect(place.value).toMatchObject({ at: "witness", show: "mine", action: due.action }));
  expect(location.href).not.toContain("plan");
});

test("wa01 an open page goes there when the notification is tapped, and not before", async () => {
  const place = await opened("/", planned);
  expect(place.value.at).not.toBe("witness");
  told({ data: "plan" });
  await vi.waitFor(() => expect(place.value).toMatchObject({ at: "witness", action: planned.action }));
});
