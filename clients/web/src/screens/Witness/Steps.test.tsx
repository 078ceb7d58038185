import { cleanup, render } from "@testing-library/preact";
import { afterEach, expect, test } from "vitest";
import { timeOfDay } from "../../text/words";
import { StepList } from "./Steps";

afterEach(cleanup);

test("wa02 what a step says turns nothing round that stands beside it, and is no markup", () => {
  const text = "\u202eevil <img src=x onerror=alert(1)>";
  const { container } = render(<StepList steps={[{ at: 1_800_000_000_000, text }]} label="What Ana tells" />);
  const said = [...container.querySelectorAll("*")].filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent?.includes("\u202e")));
  expect(said.map((one) => [one.tagName, one.textContent])).toEqual([["BDI", text]]);
  expect(said[0]!.textContent).not.toContain(timeOfDay(1_800_000_000_000));
  expect(container.querySelector("img")).toBeNull();
});

test("a witness hears whose steps these are, not that they are their own", () => {
  const { getByRole } = render(<StepList steps={[]} label="What Ana tells" />);
  expect(getByRole("log", { name: "What Ana tells" })).toBeTruthy();
});
