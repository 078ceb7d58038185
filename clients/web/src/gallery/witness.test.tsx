// What the pages of a witnessed action do, beside how they look (WA1–WA8, CB4).
import { act, cleanup, render } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { place } from "../app/place";
import { sendThrough } from "../app/sender";
import { dismissed, dropPress, press } from "../app/urgent";
import { beforeLeaving, leaveNow } from "../device/exit";
import { countFrom } from "../screens/Witness/dayCount";
import { pictureOf } from "../screens/Witness/world";
import { line } from "../model/model";
import { actions } from "../model/witness";
import { Refusal } from "../net/http";
import type { Deed } from "../net/session";
import type { Command } from "../wire/frames";
import { aMyAction, anActionCard } from "./actions";
import { answerTo } from "./answers";
import { pageOf, pressAll } from "./open";

const asked: Deed[] = [];
const told: Command[] = [];
const answers = vi.fn((deed: Deed): Promise<unknown> => answerTo(deed));
let clock: { mockReturnValue(at: number): unknown };

beforeEach(() => {
  asked.length = told.length = 0;
  answers.mockReset().mockImplementation((deed) => answerTo(deed));
  dismissed.value = null;
  dropPress();
  sendThrough({ ask: (deed) => (asked.push(deed), answers(deed) as never), tell: (command) => void told.push(command), tryNow() {} });
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.setAttribute("open", "");
  };
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  cleanup();
});

/** A state as the gallery has it, long enough ago that its buttons are settled. */
async function state(name: string) {
  const start = performance.now();
  const mock = vi.spyOn(performance, "now").mockReturnValue(start);
  const page = render(pageOf(name));
  mock.mockRestore();
  await pressAll(name, page.container, (deed) => act(async () => deed()));
  await vi.waitFor(() => expect(page.container.querySelector("[data-screen]:not([data-screen=loading])")).toBeTruthy());
  clock = vi.spyOn(performance, "now");
  return page;
}
const later = (ms: number) => clock.mockReturnValue(performance.now() + ms);
const tap = (button: HTMLElement) => act(async () => button.click());
const sent = (t: Deed["t"]) => asked.filter((deed) => deed.t === t);
const screen = (root: Element) => root.querySelector("[data-screen]")?.getAttribute("data-screen");

describe("declaring", () => {
  test("wa08 what is refused leads to care and people, and nothing of it is sent", async () => {
    const { container, getByRole } = await state("declare_care");
    expect(container.textContent).toContain("You don’t have to be alone with this.");
    expect(container.querySelector('a[href="tel:116123"]')).toBeTruthy();
    expect(container.querySelector('a[href="tel:999"]')).toBeTruthy();
    expect(asked.filter((deed) => deed.t === "declare_action")).toEqual([]);
    await tap(getByRole("button", { name: "Ask someone to be with me" }));
    expect(place.peek()).toMatchObject({ at: "ask", group: aMyAction.group });
  });

  test("wa08 before pouring out it says what can be dangerous, with numbers beside it", async () => {
    const { container } = await state("declare_safe_pour");
    expect(container.textContent).toContain("If you drink every day, stopping suddenly can be dangerous; ask a doctor or a line first.");
    expect(container.querySelector('a[href^="tel:"]')).toBeTruthy();
    expect(screen(container)).toBe("declare-safe");
  });

  test("wa01 one photo, three people, later by the clock here", async () => {
    const { getByRole, getByLabelText } = await state("declare_how");
    await tap(getByRole("radio", { name: /^One photo/ }));
    await tap(getByRole("radio", { name: "3" }));
    await tap(getByRole("radio", { name: "Later" }));
    await act(async () => {
      const field = getByLabelText("Day and time") as HTMLInputElement;
      field.value = "2031-03-30T02:30";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await tap(getByRole("button", { name: "Plan it" }));
    expect(sent("declare_action")).toMatchObject([
      { deed: "walk_past", medium: "photo", sound: false, wanted: 3, only: null, plan: { local: "2031-03-30T02:30", zone: Intl.DateTimeFormat().resolvedOptions().timeZone } },
    ]);
  });

  test("wa08 what is handed over is told in words, off camera", async () => {
    const { getByRole, queryByRole } = await state("declare_how_text");
    expect(queryByRole("radio", { name: /^Live video/ })).toBeNull();
    await tap(getByRole("button", { name: "Ask them now" }));
    expect(sent("declare_action")).toMatchObject([{ deed: "hand_over", medium: "text" }]);
  });
});

describe("the member", () => {
  test("wa04 with fewer than wished it takes two taps, and says so to the server", async () => {
    const { getByRole } = await state("action_gather");
    await tap(getByRole("button", { name: "Begin all the same" }));
    await tap(getByRole("button", { name: "Yes, begin now" }));
    expect(sent("go_live")).toEqual([]); // a shaking thumb
    later(700);
    await tap(getByRole("button", { name: "Yes, begin now" }));
    expect(sent("go_live")).toMatchObject([{ action: aMyAction.action, anyway: true }]);
  });

  test("wa04 with enough it is one tap", async () => {
    const { getByRole } = await state("action_gather_preview");
    await tap(getByRole("button", { name: "Begin" }));
    expect(sent("go_live")).toMatchObject([{ anyway: false }]);
  });

  test("wa03 cutting is one tap, and going back cuts first", async () => {
    const { getByRole } = await state("action_live");
    const cut = vi.spyOn(pictureOf(aMyAction.action)!.sending, "cut");
    await tap(getByRole("button", { name: "Cut the picture" }));
    expect(cut).toHaveBeenCalledTimes(1);
    await tap(getByRole("button", { name: /^Back to the room/ }));
    expect(cut).toHaveBeenCalledTimes(2);
    expect(place.peek()).toMatchObject({ at: "room" });
  });

  test("wa03 cutting and stopping wait for no line and for nothing that is on its way", async () => {
    answers.mockImplementation(() => new Promise(() => {}));
    const { getByRole } = await state("action_live");
    const { sending } = pictureOf(aMyAction.action)!;
    const [cut, close] = [vi.spyOn(sending, "cut"), vi.spyOn(sending, "close")];
    await tap(getByRole("button", { name: "It is empty." }));
    await tap(getByRole("button", { name: "Cut the picture" }));
    expect(cut).toHaveBeenCalled();
    await tap(getByRole("button", { name: "Stop" }));
    later(700);
    await tap(getByRole("button", { name: "Stop now" }));
    expect(close).toHaveBeenCalled();
    expect(sent("stop_action")).toHaveLength(1);
  });

  test("wa07 the second tap on the help button turns it into a call, and the picture stays", async () => {
    answers.mockImplementation((deed) => (deed.t === "turn_into_call" ? Promise.resolve({ ok: { t: "ok", re: "k", call: "call", saved: true }, event: null }) : answerTo(deed)));
    const { getByRole } = await state("action_live");
    await tap(getByRole("button", { name: "I need someone now" }));
    expect(sent("turn_into_call")).toEqual([]);
    later(700);
    await tap(getByRole("button", { name: "Ask them now" }));
    await vi.waitFor(() => expect(place.peek()).toEqual({ at: "call" }));
    expect(sent("turn_into_call")).toMatchObject([{ action: aMyAction.action }]);
    expect(press.peek()).toMatchObject({ is: "rung", call: "call" });
    expect(sent("raise_call")).toEqual([]);
    expect(pictureOf(aMyAction.action)).toBeTruthy();
  });

  test.each(["refused", "no line"])("wa07 uc01 with %s the press goes the way of every press", async (why) => {
    answers.mockImplementation((deed) =>
      deed.t === "turn_into_call" ? Promise.reject(new Refusal({ code: "action_over", sentence: "This has ended.", do: "" })) : answerTo(deed),
    );
    const { getByRole } = await state("action_live");
    if (why === "no line") line.value = { is: "waiting", since: 0, tries: 3, nextAt: 0, unreached: true };
    await tap(getByRole("button", { name: "I need someone now" }));
    later(700);
    await tap(getByRole("button", { name: "Ask them now" }));
    await vi.waitFor(() => expect(press.peek()).toMatchObject({ is: "sending", ask: { group: aMyAction.group } }));
    expect(place.peek()).toEqual({ at: "call" });
  });

  test("cb04 leaving fast cuts the picture before anything else goes", async () => {
    await state("action_live");
    const order: string[] = [];
    const picture = pictureOf(aMyAction.action)!;
    vi.spyOn(picture.sending, "close").mockImplementation(() => void order.push(`closed, ${actions.peek().size} known`));
    vi.stubGlobal("location", { replace: () => order.push("left"), origin: "http://x" });
    // The test's browser would send it to a server that is not there.
    const beacon = vi.spyOn(navigator, "sendBeacon").mockReturnValue(true);
    leaveNow();
    expect(beacon.mock.calls.map(([path]) => path)).toEqual(["/api/leave"]);
    expect(order).toEqual(["closed, 1 known", "left"]);
    expect(told).toMatchObject([{ t: "cut_picture", action: aMyAction.action, cut: true }]);
    expect(actions.peek().size).toBe(0);
    expect(beforeLeaving.size).toBe(0);
    document.querySelector(".exit-cover")?.remove();
  });

  test("wa stopping says that it is fine, asks no reason and counts nothing", async () => {
    const { container } = await state("action_stopped");
    expect(container.textContent).toContain("You stopped. That’s fine.");
    expect(container.textContent).not.toMatch(/streak|why did|\d+ days?/i);
  });

  test("wa06 deleting is a question on its own sheet", async () => {
    const { getByRole } = await state("record_delete");
    later(700);
    await tap(getByRole("button", { name: "Delete it for good" }));
    expect(sent("delete_record")).toMatchObject([{ action: aMyAction.action }]);
  });

  test("a day count is off by default, and nothing of it is sent", async () => {
    const { container, getByRole } = await state("records");
    const before = asked.length;
    expect(container.querySelector("#days-from")).toBeNull();
    await tap(getByRole("checkbox", { name: "Count days on this device" }));
    expect(container.textContent).toContain("Today is the first day.");
    expect(asked.length).toBe(before);
    countFrom.set("");
  });
});

describe("a witness", () => {
  test("wa01 a line in the room is calm: no card, no alert, no title", async () => {
    const { container } = await state("room_actions");
    await vi.waitFor(() => expect(container.textContent).toContain("Ana asks you to watch: pouring out a bottle."));
    expect(container.querySelector("dialog[open], .strip[role=alert]")).toBeNull();
    expect(document.title).not.toMatch(/^\(1\)/);
  });

  test("wa03 not one picture is there before they choose to look", async () => {
    const { container, getByRole } = await state("witness_hidden");
    expect(container.querySelector("canvas, video, img")).toBeNull();
    await tap(getByRole("button", { name: "Look" }));
    expect(sent("look")).toMatchObject([{ action: anActionCard.action, looking: true }]);
  });

  test.each([
    ["Look away", "look"],
    ["Leave quietly", null],
  ])("wa03 “%s” takes the picture away at once, without waiting for the server", async (words, command) => {
    answers.mockImplementation(() => new Promise(() => {}));
    const { container, getByRole } = await state("witness_live");
    expect(container.querySelector("canvas")).toBeTruthy();
    await tap(getByRole("button", { name: words }));
    expect(container.querySelector("canvas")).toBeNull();
    if (command) expect(sent("look")).toMatchObject([{ looking: false }]);
  });

  test.each([
    ["witness_attest", "I saw it live"],
    ["witness_attest_text", "I read it"],
    ["witness_attest_read", "I read it"],
    ["witness_attest_nothing", null],
  ])("wa06 %s offers only what reached this page, and “I couldn’t see”", async (name, words) => {
    const { getByRole, queryByRole } = await state(name);
    const others = ["I saw it live", "I saw a photo", "I read it", "I saw it in still pictures"].filter((one) => one !== words);
    for (const other of others) expect(queryByRole("button", { name: other })).toBeNull();
    if (words) getByRole("button", { name: words });
    later(700);
    await tap(getByRole("button", { name: /^I couldn’t see/ }));
    expect(sent("attest")).toMatchObject([{ action: anActionCard.action, saw: false }]);
  });

  test("wa07 “I’m worried” says what it does, and turns it into a call on the second tap", async () => {
    const { container, getByRole } = await state("witness_worried");
    expect(container.textContent).toContain("This makes it a call: people are asked to come to Ana.");
    later(700);
    await tap(getByRole("button", { name: "Ask people for Ana now" }));
    expect(sent("turn_into_call")).toMatchObject([{ action: anActionCard.action }]);
  });

  test("wa03 after a report nothing of it is shown", async () => {
    const { container } = await state("witness_frozen");
    expect(container.querySelector("canvas")).toBeNull();
    expect(container.textContent).not.toContain("I am pouring.");
  });

  test("wa03 what is no longer theirs to see leaves no word behind", async () => {
    const { container } = await state("witness_live");
    act(() => void (actions.value = new Map()));
    expect(screen(container)).toBe("action-gone");
    expect(container.textContent).not.toMatch(/Ana|flour/);
  });

  test("wa only who looks after the group can end it for all", async () => {
    const { queryByRole } = await state("witness_live");
    expect(queryByRole("button", { name: "End this for safety" })).toBeNull();
  });
});

test("oc05 the desk ends an action on the second tap", async () => {
  const { getByRole, container } = await state("desk_actions_end");
  expect(container.textContent).toContain("2 of 3 truly watching");
  later(700);
  await tap(getByRole("button", { name: "End it now" }));
  expect(sent("end_for_safety")).toMatchObject([{ action: expect.any(String) }]);
});

test("cb04 a locked device shows nothing of an action", async () => {
  render(pageOf("locked"));
  actions.value = new Map([aMyAction, anActionCard].map((one) => [one.action, one]));
  expect(document.body.textContent).not.toMatch(/flour|watch|pouring/);
});

