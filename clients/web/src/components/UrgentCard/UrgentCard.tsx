import { useEffect, useLayoutEffect } from "preact/hooks";
import { cardInPage, cardOver, cardVisible, goneCard, lookedAt, putCardAway, soundBlocked } from "../../app/cards";
import { answerCall } from "../../app/commands";
import { go } from "../../app/place";
import { wakeSound } from "../../device/sound";
import { Icon } from "../../icons/Icon";
import { now, secondsSince, secondsUntil } from "../../model/clock";
import { card as words } from "../../text/en";
import { duration } from "../../text/words";
import type { Card, Helper } from "../../wire/frames";
import { ExitButton } from "../Bar/Bar";
import { Problem } from "../Field/Field";
import { Row } from "../Row/Row";
import type { Stand } from "../Row/Row";
import { Sheet } from "../Sheet/Sheet";
import { useDeed } from "../useDeed";
import { useSettled } from "../useSettled";

/** The call that asks this person, over whatever they were doing; or what became of it. */
export function CardOverPage() {
  const card = cardOver.value;
  if (!card) return goneCard.value && <Over key={goneCard.value} call={goneCard.value} say={words.enoughSay} lead={words.goBack} onClose={() => (goneCard.value = null)} />;
  // Another key is another dialog: focus goes to the new heading, and buttons settle anew.
  const key = `${card.call} ${card.stood_down} ${card.mine === "asked"}`;
  if (card.stood_down !== "no") return <StoodDown key={key} card={card} />;
  if (card.mine === "coming" || card.mine === "lapsed") return <Pledged key={key} card={card} />;
  return <Asking key={key} card={card} />;
}

const namesOf = (helpers: readonly Helper[], ...answers: Helper["answer"][]) =>
  helpers.filter((helper) => answers.includes(helper.answer)).map((helper) => helper.person.name);

function Asking({ card }: { card: Card }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled();
  // Delivered is said only now that the card stands in the document; seen only when the page is looked at (UC, states).
  // With every frame of it, because what was said before the line dropped may not have been heard.
  useLayoutEffect(() => cardInPage(card), [card]);
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && cardVisible(card);
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [card]);
  const cant = () =>
    void run(() => answerCall(card.call, "cant")).then(() => {
      lookedAt.value = null;
      putCardAway(card);
    });
  return (
    <Sheet alert ownTop labelledBy="card-title" describedBy="card-words" look="urgent corner" data={{ "data-call": card.call, "data-screen": "card" }}>
      <div class="top">
        <p class="small line apart">
          <span>
            {card.group_name}
            <br />
            <span class="num">{words.asked(secondsSince(card.raised_at, now.value))}</span>
          </span>
          <ExitButton />
        </p>
        <h1 class="say" id="card-title" tabIndex={-1}>
          {card.as_volunteer ? words.saysVolunteer(card.caller.name) : words.says(card.caller.name, card.my_name)}
        </h1>
        <p class={card.words ? "quote words" : "vh"} id="card-words">
          {card.words && `“${card.words}”`}
        </p>
        <CardRow card={card} />
      </div>
      <div class="under">
        <Problem of={trouble} />
        {soundBlocked.value && (
          <button class="btn wide" type="button" onClick={() => void wakeSound().then((on) => (soundBlocked.value = !on))}>
            <Icon name="volume-2" />
            {words.soundBlocked}
          </button>
        )}
        <button class="btn ink big wide" type="button" disabled={busy} onClick={settled(() => void run(() => answerCall(card.call, "coming")))}>
          {words.coming}
        </button>
        <button class="btn big wide" type="button" disabled={busy} onClick={settled(cant)}>
          {words.cant}
        </button>
        <p class="small quiet">{words.hint}</p>
      </div>
    </Sheet>
  );
}

function CardRow({ card }: { card: Card }) {
  const coming = namesOf(card.helpers, "coming");
  const near = namesOf(card.helpers, "in_room", "here");
  const stands: Stand[] = [{ marks: ["you"], label: card.caller.name }];
  if (near.length > 0) stands.push({ marks: near.map(() => "lit" as const), label: words.hereToo(near), step: 1 });
  if (coming.length > 0) stands.push({ marks: coming.map(() => "coming" as const), label: words.comingToo(coming), step: 1 });
  // Whoever reads this has the card: at least one person was asked.
  const asked = Math.max(1, card.asked);
  const others = Math.max(0, asked - near.length - coming.length);
  if (others > 0 || stands.length === 1) {
    const sub = stands.length === 1 ? words.nobodyComing : undefined;
    stands.push({ marks: Array.from({ length: others }, () => "reached" as const), label: words.countAsked(asked), sub, step: 2 });
  }
  return <Row stands={stands} />;
}

/** The bar of a pledge empties; its words say the same. */
function Lease({ until }: { until: number }) {
  const share = Math.min(100, (secondsUntil(until, now.value) / 120) * 100);
  return (
    <svg class="lease" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
      <rect width={share} height="1" />
    </svg>
  );
}

function Pledged({ card }: { card: Card }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled(card.mine);
  const lapsed = card.mine === "lapsed";
  const caller = card.caller.name;
  const enter = () => {
    lookedAt.value = null;
    putCardAway(card);
    go({ at: "helping", call: card.call });
  };
  const leave = lapsed
    ? () => putCardAway(card)
    : () => void run(() => answerCall(card.call, "withdraw")).then(() => putCardAway({ ...card, mine: "withdrawn" }));
  return (
    <Sheet labelledBy="pledge-title" describedBy="pledge-lead" data={{ "data-call": card.call, "data-screen": lapsed ? "lapsed" : "pledged" }}>
      <h1 class="say" id="pledge-title" tabIndex={-1}>
        {lapsed ? words.lapsedSay : words.knowsSay(caller)}
      </h1>
      <p class="lead" id="pledge-lead">
        {lapsed ? (
          words.lapsedLead(caller)
        ) : (
          <>
            {words.stepIn} <b class="num">{duration(secondsUntil(card.pledge_until ?? now.value, now.value))}</b>. {words.after}
          </>
        )}
      </p>
      {!lapsed && card.pledge_until && <Lease until={card.pledge_until} />}
      <Problem of={trouble} />
      <button class="btn ink big wide" type="button" onClick={settled(enter)}>
        {words.go(caller)}
        <Icon name="arrow-right" />
      </button>
      <button class="btn wide" type="button" disabled={busy} onClick={settled(leave)}>
        {lapsed ? words.gotIt : words.withdraw}
      </button>
      <p class="small quiet">{words.kept}</p>
    </Sheet>
  );
}

function StoodDown({ card }: { card: Card }) {
  const near = namesOf(card.helpers, "in_room", "here");
  const caller = card.caller.name;
  const [say, lead] = {
    enough_people: [near.length > 1 ? words.enoughNames(near) : words.enoughSay, words.enoughLead],
    they_are_ok: [words.okSay(caller), words.okLead],
    mistake: [words.mistakeSay, words.okLead],
    ended: [words.endedSay, words.endedLead],
    no: ["", ""],
  }[card.stood_down] as [string, string];
  return <Over call={card.call} say={say} lead={lead} onClose={() => putCardAway(card)} />;
}

function Over({ call, say, lead, onClose }: { call: string; say: string; lead: string; onClose: () => void }) {
  return (
    <Sheet labelledBy="stood-title" describedBy="stood-lead" onClose={onClose} data={{ "data-call": call, "data-screen": "stood-down" }}>
      <h1 class="say" id="stood-title" tabIndex={-1}>
        {say}
      </h1>
      <p class="lead" id="stood-lead">
        {lead}
      </p>
      <button class="btn ink big wide" type="button" onClick={onClose}>
        {words.gotIt}
      </button>
      <p class="small quiet">{words.kept}</p>
    </Sheet>
  );
}
