import axe from "axe-core";
import { act, cleanup, render } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App } from "../App";
import { sendThrough } from "../app/sender";
import { Refusal } from "../net/http";
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

  test("cb06 a number that is written to is not called, and each names its source, and once that some were not rung", () => {
    const { container } = page("lines");
    expect(container.querySelector('a[href="sms:85258"]')).toBeTruthy();
    expect(container.textContent).toContain("Source: crisistextline.uk");
    expect(container.textContent).toContain("Checked 2 November 2026.");
    expect(container.textContent?.match(/not rung/g)).toHaveLength(1);
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

  test("oc07 the desk says that deadlines are late now, and that nobody checks", () => {
    expect(page("desk").container.textContent).not.toMatch(/late now|auditor/);
    cleanup();
    expect(page("desk_late").getByText(/late now/).closest("[role=alert]")).toBeTruthy();
    expect(page("desk_late").container.textContent).toContain("its auditor is silent");
  });

  test("cb04 a locked device does not show it", () => {
    expect(page("locked").container.textContent).not.toContain("Sober evenings");
  });
});

describe("coming into a group", () => {
  test("gr02 whoever was not let in reads why, or that nobody answered, until they put it away", () => {
    const { container, getAllByRole } = page("groups_not_let_in");
    expect(container.textContent).toContain("Women, sober and tired said no: “This group is for mothers.”");
    expect(container.textContent).toContain("No moderator of Night shift answered you in time. You can ask again.");
    act(() => getAllByRole("button", { name: "Close" })[0]!.click());
    expect(asked).toContainEqual({ t: "dismiss_join_answer", request: "declined________" });
    expect(container.textContent).not.toContain("Women, sober and tired");
    expect(container.textContent).toContain("Night shift");
  });

  test("gr02 the search says it too, beside the group that said no", async () => {
    show("find_results");
    apply({ t: "join_answers", answers: [{ request: "r", group: "found___________", group_name: "", answer: "declined", reason: "Mothers only." }] });
    const { findByText, container } = render(<App />);
    await findByText("Women, sober and tired said no: “Mothers only.”");
    expect(container.textContent).toContain("Ask again Women, sober and tired");
  });

  const rules = "What is said here stays here.";
  const look = { t: "invited_to" as const, re: "", name: "Low days", blurb: "", rules, questions: [] };
  const linked = (answer: Promise<unknown>) => {
    sendThrough({ ask: (deed) => (asked.push(deed), answer as never), tell() {}, tryNow() {} });
    return page("invite");
  };

  test("gr02 a link shows the group and its rules before anyone agrees to them", async () => {
    const { findByRole, getByText, getByRole } = linked(Promise.resolve({ ok: null, event: look }));
    await findByRole("heading", { name: "Join Low days" });
    const pledge = getByRole("checkbox", { name: /^I will keep to this group’s rules/ });
    expect(getByText(rules).compareDocumentPosition(pledge)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
    expect(asked.filter((deed) => deed.t === "use_invite")).toEqual([]);
  });

  test("gr02 a link that leads nowhere says so, and asks for no name", async () => {
    const { findByText, queryByRole } = linked(
      Promise.reject(new Refusal({ code: "invite_spent", sentence: "That link was used or has run out.", do: "Ask for a new one." })),
    );
    await findByText("That link was used or has run out.");
    expect(queryByRole("checkbox")).toBeNull();
    expect(queryByRole("button", { name: "Try again" })).toBeNull();
  });

  test("uc01 a link does not lie over asking for someone, and is there afterwards", async () => {
    const { container, findByRole, getByRole } = linked(Promise.resolve({ ok: null, event: look }));
    await findByRole("heading", { name: "Join Low days" });
    act(() => getByRole("button", { name: "I need someone now" }).click());
    expect(container.querySelector("[data-screen=ask]")).toBeTruthy();
    act(() => getByRole("button", { name: "Not now" }).click());
    await findByRole("heading", { name: "Join Low days" });
  });
});

describe("after a cancel", () => {
  test.each([
    ["card_ok", "Ana is OK now. Thank you."],
    ["card_mistake", "It was a mistake. Nobody is needed."],
  ])("uc09 %s says why, and nothing else of the call", (name, says) => {
    const { getByRole, container } = page(name);
    getByRole("heading", { name: says });
    expect(container.querySelector("dialog")?.textContent).not.toContain("outside the shop");
    expect(name === "card_mistake" && / is OK/.test(container.querySelector("dialog")?.textContent ?? "")).toBe(false);
  });

  test("uc09 the caller reads what the others were told", () => {
    expect(page("stopped").container.textContent).toContain("Everyone we asked knows that you are OK.");
    cleanup();
    expect(page("stopped_mistake").container.textContent).toContain("Everyone we asked knows that it was a mistake.");
  });
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
