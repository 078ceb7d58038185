// UC18: a call in one group, and another in a group of theirs beside it.
import { act, cleanup, render } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App } from "../App";
import { sendThrough } from "../app/sender";
import { callRuns, dismissed, dropPress, press } from "../app/urgent";
import type { Deed } from "../net/session";
import { apply, beginSnapshot, endSnapshot, me, myCall, otherCalls } from "../model/model";
import type { MyCall } from "../wire/frames";
import { NOW, aCall, helper, show } from "./states";

const other: MyCall = { ...aCall, call: "other-call______", group: "other___________", room: "other-callroom__", words: "", asked: 2, targeted: 2 };
const asked: Deed[] = [];

beforeEach(() => {
  asked.length = 0;
  dismissed.value = null;
  dropPress();
  sendThrough({ ask: (deed) => (asked.push(deed), new Promise(() => {})), tell() {}, tryNow() {} });
  vi.stubGlobal("fetch", () => new Promise(() => {}));
});
afterEach(() => {
  vi.restoreAllMocks();
  cleanup();
});

/** The ringing screen with all that is loaded later, and long enough on the page that its buttons are settled. */
async function ringing(name = "ringing") {
  const start = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(start);
  show(name);
  const page = render(<App />);
  if (name === "ringing") await page.findByRole("button", { name: "Also ask After a loss" });
  clock.mockReturnValue(start + 601);
  return { ...page, settle: () => clock.mockReturnValue(performance.now() + 601) };
}

describe("also ask my other group", () => {
  test("uc18 it is one press for the other group, without the words of this call", async () => {
    const { findByRole, container } = await ringing();
    const button = await findByRole("button", { name: "Also ask After a loss" });
    act(() => button.click());
    const raised = asked.filter((deed) => deed.t === "raise_call");
    expect(raised).toMatchObject([{ group: other.group, words: "", only: null }]);
    expect(container.textContent).toContain("Sending your call there.");
    act(() => void apply(other));
    expect(press.peek().is).toBe("rung");
    expect(container.querySelector("[data-screen=ringing]")?.getAttribute("data-call")).toBe(aCall.call);
    expect(container.textContent).toContain("Your call in After a loss is open. We are asking 2 people.");
  });

  test("uc18 a view of this call does not answer the press for the other group", async () => {
    const { findByRole } = await ringing();
    const button = await findByRole("button", { name: "Also ask After a loss" });
    act(() => button.click());
    act(() => void apply({ ...aCall, version: 2 }));
    expect(press.peek().is).toBe("sending");
  });

  test("uc18 who comes there is said here, and one tap leads there and back", async () => {
    const { findByRole, container } = await ringing();
    act(() => void apply(other));
    act(() => void apply({ ...other, version: 2, standing: "coming", helpers: [helper("Wren", "coming")] }));
    const go = await findByRole("button", { name: "Go there" });
    expect(container.textContent).toContain("Your call in After a loss is open. Wren is coming.");
    act(() => go.click());
    expect(container.querySelector("[data-call]")?.getAttribute("data-call")).toBe(other.call);
    await vi.waitFor(() => expect(container.textContent).toContain("Your call in Sober evenings is open."));
  });

  test.each(["answered", "call"])("uc18 in the call room (%s) it is said, and nothing more can be asked", async (name) => {
    const { findByText, queryByRole } = await ringing(name);
    act(() => void apply(other));
    await findByText("Your call in After a loss is open.");
    expect(queryByRole("button", { name: /^Also ask/ })).toBeNull();
  });

  test("uc18 who comes there stands above the numbers and the plan", async () => {
    const { findByText, container } = await ringing();
    act(() => void apply(other));
    const said = await findByText("Your call in After a loss is open.");
    expect(said.compareDocumentPosition(container.querySelector("a[href^='tel:']")!)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  });
});

describe("two calls at once", () => {
  beforeEach(() => show("ringing"));

  test("uc09 a call that was stopped stays on the screen while it can be taken back, whatever the other does", () => {
    apply(other);
    apply({ ...aCall, version: 2, standing: "cancelled", ended: "ok" });
    apply({ ...other, version: 2 });
    expect([myCall.value?.call, otherCalls.value.map((one) => one.version)]).toEqual([aCall.call, [2]]);
    expect(callRuns()).toBe(true);
  });

  test("uc09 leaving it leads to the call that still runs, and drops no press of another group", async () => {
    const { findByRole, container, settle } = await ringing();
    act(() => void apply(other));
    act(() => void apply({ ...aCall, version: 2, standing: "cancelled", ended: "ok", undo_until: NOW + 47_000 }));
    act(() => void (press.value = { is: "sending", ask: { k: "k", group: "third", words: "", only: null, volunteersToo: true }, pressedAt: 0, postedAt: null, unreached: true, tries: 1 }));
    const back = await findByRole("button", { name: "Back to the room" });
    settle();
    act(() => back.click());
    expect(press.peek().is).toBe("sending");
    expect(myCall.value?.call).toBe(other.call);
    expect(container.textContent).toContain("Your call is open");
  });

  test("a call that ended elsewhere goes from beside", () => {
    apply(other);
    apply({ ...other, version: 2, standing: "closed", ended: "better" });
    expect([myCall.value?.call, otherCalls.value]).toEqual([aCall.call, []]);
  });

  test("a reconnect is one snapshot of both: what was not named again is over", () => {
    apply(other);
    beginSnapshot();
    apply({ ...other, version: 1 });
    endSnapshot();
    expect([myCall.value?.call, otherCalls.value]).toEqual([other.call, []]);
  });

  test("cb04 on a locked device the end of one leads to the other", () => {
    apply(other);
    me.value = { ...me.peek()!, locked: true };
    apply({ ...aCall, version: 2, standing: "cancelled", ended: "ok" });
    expect(myCall.value?.call).toBe(other.call);
  });
});
