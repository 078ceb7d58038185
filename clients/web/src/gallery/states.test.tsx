import axe from "axe-core";
import { act, cleanup, render } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sendThrough } from "../app/sender";
import { cardGoes, forgetAcks } from "../app/cards";
import type { Deed } from "../net/session";
import { OnCall } from "../desk/OnCall";
import { apply, cards, rooms } from "../model/model";
import type { Card } from "../wire/frames";
import { answerTo } from "./answers";
import { pageOf, pressAll } from "./open";
import { aCall, aCard, aRow, show, states } from "./states";

const asked: Deed[] = [];

beforeEach(() => {
  asked.length = 0;
  forgetAcks();
  sendThrough({ ask: (deed) => (asked.push(deed), answerTo(deed)), tell() {}, tryNow() {} });
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.setAttribute("open", "");
  };
});
afterEach(cleanup);

const page = (name: string) => render(pageOf(name));

describe("every state", () => {
  test.each(Object.keys(states))("%s has a screen, Exit, and nothing that axe finds", async (name) => {
    const { container, findAllByRole } = page(name);
    await pressAll(name, container, (deed) => act(async () => deed()));
    await vi.waitFor(() => expect(container.querySelector("[data-screen]:not([data-screen=loading])")).toBeTruthy(), 4_000);
    expect((await findAllByRole("button", { name: /^Exit/, hidden: true })).length).toBeGreaterThan(0);
    const { violations } = await axe.run(container, {
      // These need a real layout; tests/journeys/test_gallery.py has one.
      rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "landmark-unique": { enabled: false } },
    });
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  });
});

describe("what the screens may not say", () => {
  test.each(["ringing", "coming", "failsafe", "answered", "call"])("uc08 %s never says how many looked or declined", (name) => {
    expect(page(name).container.textContent).not.toMatch(/seen|looked|declined|can’t/i);
  });

  test.each(["ringing", "coming", "failsafe", "unreached", "answered", "sending", "ask_nobody", "parked"])(
    "uc02 %s has a number to call in view",
    (name) => {
      expect(page(name).container.querySelector('a[href^="tel:"]')).toBeTruthy();
    },
  );

  test("cb06 a number that is written to is not called, and each names its source and that it was not checked", () => {
    const { container } = page("lines");
    expect(container.querySelector('a[href="sms:85258"]')).toBeTruthy();
    expect(container.textContent).toContain("Not checked yet.Source: crisistextline.uk");
  });

  test("pr06 a lost line shows no count of people", () => {
    expect(page("room_lost").container.textContent).toContain("Who is here is not known");
  });

  test("oc02 the desk shows no words of a call before it is accepted", () => {
    expect(page("desk").container.textContent).not.toContain("outside the shop");
  });
});

describe("the day after", () => {
  test.each(["groups_check_in", "room_check_in"])("uc12 %s asks once, and either answer puts it away", (name) => {
    for (const answer of ["I’m OK", "I need someone"]) {
      const { getByRole, container, unmount } = page(name);
      expect(container.textContent).toContain("Yesterday, after your call in Sober evenings, you asked us to ask: how are you today?");
      act(() => getByRole("button", { name: answer }).click());
      expect(asked.splice(0)).toContainEqual({ t: "answer_check_in", call: expect.any(String) });
      expect(container.textContent).not.toContain("how are you today?");
      expect(container.querySelector("[data-screen=ask]") !== null).toBe(answer === "I need someone");
      unmount();
    }
  });

  test("cb04 a locked device does not show it", () => {
    expect(page("locked").container.textContent).not.toContain("Sober evenings");
  });
});

test("gr02 a group that did not let someone in is named once", () => {
  const { container, getByRole } = page("groups_not_let_in");
  expect(container.textContent).toContain("Women, sober and tired did not let you in this time.");
  act(() => getByRole("button", { name: "Close" }).click());
  expect(container.textContent).not.toContain("Women, sober and tired");
});

describe("the card", () => {
  test("uc delivered is said once the card stands in the page, and focus is on its heading", () => {
    const { getByRole } = page("card");
    expect(asked).toContainEqual({ t: "card_delivered", call: expect.any(String) });
    expect(document.activeElement).toBe(getByRole("heading", { name: "Ana is asking you, Maria." }));
  });

  test("uc a quiet card is acked too, once for each ringing", () => {
    page("card");
    const delivered = () => asked.filter((deed) => deed.t === "card_delivered").length;
    const held = cards.peek().get(aCard.call)!;
    expect(held.sound_at).toBeNull();
    const next = (more: Partial<Card>) => act(() => void (cards.value = new Map([[held.call, { ...held, ...more }]])));
    expect(delivered()).toBe(1);
    next({ version: 2, asked: 5 });
    expect(delivered()).toBe(1);
    next({ version: 3, ringing: 2 });
    expect(delivered()).toBe(2);
    expect(asked.filter((deed) => deed.t === "card_seen")).toHaveLength(2);
  });

  test("uc a row of the desk acks the volunteer's card, and only a card that asks", () => {
    show("desk");
    const card = { ...aCard, call: aRow.call, as_volunteer: true };
    cards.value = new Map([[card.call, card], ["held", { ...card, call: "held", mine: "here" as const }]]);
    render(<OnCall />);
    expect(asked.filter((deed) => deed.t === "card_delivered")).toEqual([{ t: "card_delivered", call: aRow.call }]);
    act(() => void (cards.value = new Map([[card.call, { ...card, version: 2, ringing: 2 }]])));
    expect(asked.filter((deed) => deed.t === "card_delivered")).toHaveLength(2);
  });

  test("uc16 a card that is no longer theirs says so and keeps no word of the call", () => {
    const { getByRole, container } = page("card");
    act(() => (cardGoes(aCard.call), void apply({ t: "card_gone", call: aCard.call })));
    getByRole("heading", { name: "They have enough people just now, thank you." });
    expect(container.textContent).not.toMatch(/Ana is|outside the shop/);
    act(() => getByRole("button", { name: "Back to what I was doing" }).click());
    expect(container.querySelector("dialog")).toBeNull();
  });

  test("uc16 a call room that is no longer theirs says so and keeps no word of the call", () => {
    const { getByRole, container } = page("helping");
    act(() => void apply({ t: "card_gone", call: aCard.call }));
    getByRole("heading", { name: "They have enough people just now, thank you." });
    expect(container.textContent).not.toContain("outside the shop");
    expect(rooms.peek().get(aCall.room)?.entries ?? []).toEqual([]);
  });

  test("buttons ignore input for 600 ms after it appeared", () => {
    const start = performance.now();
    const clock = vi.spyOn(performance, "now").mockReturnValue(start);
    const { getByRole } = page("card");
    const coming = getByRole("button", { name: "Coming" });
    coming.click();
    expect(asked.some((deed) => deed.t === "answer_call")).toBe(false);
    clock.mockReturnValue(start + 601);
    coming.click();
    expect(asked).toContainEqual(expect.objectContaining({ t: "answer_call", answer: "coming" }));
  });
});
