import { cleanup, render } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import { line } from "../model/model";
import { More } from "./More";

vi.mock("./more", () => {
  throw new TypeError("Failed to fetch dynamically imported module");
});
afterEach(cleanup);

test("after a deploy an old page offers to load itself again, and the yellow button stays", async () => {
  line.value = { is: "live", since: 0 };
  const { findByRole, getByText } = render(<More show={() => null} />);
  expect(await findByRole("button", { name: "Load the page again" })).toBeTruthy();
  expect(getByText(/older than our server/)).toBeTruthy();
  expect(getByText("I need someone now")).toBeTruthy();
});

test("uc15 without a line it says so", async () => {
  line.value = { is: "waiting", since: 0, tries: 2, nextAt: 0, unreached: true };
  const { findByText } = render(<More show={() => null} />);
  expect(await findByText("We could not reach our server.")).toBeTruthy();
});
