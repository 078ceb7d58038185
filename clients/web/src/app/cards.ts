import { computed, effect, signal } from "@preact/signals";
import { ringOnce, lowNote } from "../device/sound";
import { comingSound } from "../device/prefs";
import { common } from "../text/en";
import type { Card, DeskRow } from "../wire/frames";
import { now } from "../model/clock";
import { cards, desk, myCall, otherCalls } from "../model/model";
import { ask } from "./sender";

export const RING_EVERY_MS = 4_000;
export const RING_FOR_MS = 20_000;

const inCall = (card: Card) => card.mine === "in_room" || card.mine === "here";
const over = (card: Card) => card.standing === "cancelled" || card.standing === "closed";

/** What this person put away: a card stood down and read, or one that they looked away from. */
export const putAway = signal<ReadonlySet<string>>(new Set());
const awayKey = (card: Card) => `${card.call} ${card.mine} ${card.stood_down}`;
export function putCardAway(card: Card): void {
  putAway.value = new Set([...putAway.peek(), awayKey(card)]);
}
/** Look again at a card that was put away or answered with can't. */
export const lookedAt = signal<string | null>(null);

/** The on-call page: its rows are the volunteer's cards, so only calls of one's own groups lie over it. */
export const onDesk = signal(false);

const sorted = computed(() => [...cards.value.values()].sort((a, b) => a.raised_at - b.raised_at));

/** The card that lay over the page is no longer this person's. It is said, without a word of the call, and put away. */
export const goneCard = signal<string | null>(null);
export function cardGoes(call: string): void {
  const over = cardOver.peek();
  if (over?.call === call && over.stood_down === "no") goneCard.value = call;
}

/** Calls in which this person is now. */
export const helpingNow = computed(() => sorted.value.filter((card) => inCall(card) && !over(card)));

/** The one card that lies over the page, if any: one that asks, before a pledge, before one that no longer asks. */
export const cardOver = computed<Card | null>(() => {
  const mine = sorted.value.filter((card) => !inCall(card) && !(onDesk.value && card.as_volunteer));
  const open = mine.filter((card) => !putAway.value.has(awayKey(card)));
  const looked = mine.find((card) => card.call === lookedAt.value);
  return (
    open.find((card) => card.stood_down === "no" && card.mine === "asked") ??
    open.find((card) => card.stood_down === "no" && (card.mine === "coming" || card.mine === "lapsed")) ??
    open.find((card) => card.stood_down !== "no" && ["asked", "coming", "lapsed"].includes(card.mine)) ??
    (looked && looked.stood_down === "no" ? looked : null)
  );
});

/** Calls that still ask for someone and that this person put aside: a line in the room, no more. */
export const stillAsking = computed(() =>
  sorted.value.filter(
    (card) =>
      card.stood_down === "no" &&
      card.call !== cardOver.value?.call &&
      ["cant", "withdrawn", "lapsed", "left", "asked"].includes(card.mine) &&
      (card.standing === "open" || card.standing === "coming"),
  ),
);

// ---- what the device says of a card (delivered, seen), once for each ringing

const said = new Map<string, number>();

function sayOnce(what: "card_delivered" | "card_seen", { call, ringing }: Card): void {
  const key = `${what} ${call}`;
  if (said.get(key) === ringing) return;
  said.set(key, ringing);
  ask({ t: what, call }).catch(() => said.delete(key));
}

/** The card is in the document. Each ringing of it is acked anew. */
export const cardInPage = (card: Card) => sayOnce("card_delivered", card);
/** The card is in the document of a visible page. */
export const cardVisible = (card: Card) => sayOnce("card_seen", card);

/** A row of the desk is the volunteer's card: delivered once it is in the table, seen once the page is looked at. */
export function rowInPage(row: DeskRow): void {
  const card = cards.peek().get(row.call);
  if (!card || card.mine !== "asked" || card.stood_down !== "no") return;
  cardInPage(card);
  if (document.visibilityState === "visible") cardVisible(card);
}

/** The server sent a version that this page holds: it did not hear the first ack, or did not count it. */
export function cardCameAgain(card: Card): void {
  if (cards.peek().get(card.call)?.version !== card.version) return;
  said.delete(`card_delivered ${card.call}`);
  if (document.querySelector(`[data-call="${CSS.escape(card.call)}"]`)) cardInPage(card);
}

export function forgetAcks(): void {
  said.clear();
}

// ---- sound and title

/** Should this page sound now? Peers for 20 s from `sound_at`; the desk until someone answers (UC2, UC3). */
export function soundsNow(at: number): boolean {
  if (desk.peek()?.rows.some((row) => row.sounds)) return true;
  return [...cards.peek().values()].some(
    (card) =>
      card.mine === "asked" && card.stood_down === "no" && card.standing !== "held" && card.sound_at !== null &&
      at >= card.sound_at && (card.as_volunteer || at < card.sound_at + RING_FOR_MS),
  );
}

/** Sound was wanted and the browser kept silent. */
export const soundBlocked = signal(false);

let rangAt = Number.NEGATIVE_INFINITY;
export function armSounds(): void {
  effect(() => {
    const at = now.value;
    void cards.value;
    void desk.value;
    if (!soundsNow(at) || performance.now() - rangAt < RING_EVERY_MS) return;
    rangAt = performance.now();
    soundBlocked.value = !ringOnce();
  });
  effect(() => {
    const asks = cardOver.value?.mine === "asked" && cardOver.value.stood_down === "no";
    const rings = desk.value?.rows.some((row) => row.sounds) ?? false;
    document.title = asks || rings ? `(1) ${common.name}` : common.name;
  });
  let coming = 0;
  effect(() => {
    const mine = [...(myCall.value?.helpers ?? []), ...otherCalls.value.flatMap((call) => call.helpers)];
    const helpers = mine.filter((helper) => helper.answer !== "asked").length;
    if (helpers > coming && comingSound.value.peek() === "on") lowNote();
    coming = helpers;
  });
}
