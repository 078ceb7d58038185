import { attestTo } from "../../app/witness";
import { Problem } from "../../components/Field/Field";
import { Sheet } from "../../components/Sheet/Sheet";
import { useDeed } from "../../components/useDeed";
import { useSettled } from "../../components/useSettled";
import { now, secondsUntil } from "../../model/clock";
import { attest as words } from "../../text/beside.en";
import type { ActionCard } from "../../wire/frames";
import { perceived } from "./reached";

/** What reached this person, and no more: “I couldn't see” is as good an answer (WA6). Nothing is chosen for them. */
export function AttestSheet({ card, onQuiet }: { card: ActionCard; onQuiet: () => void }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled(card.action);
  const reached = perceived(card);
  const say = (saw: boolean) => settled(() => void run(() => attestTo(card.action, saw)));
  return (
    <Sheet labelledBy="attest-title" onClose={onQuiet} data={{ "data-screen": "attest" }}>
      <h1 class="say" id="attest-title" tabIndex={-1}>
        {words.say(card.member.name)}
      </h1>
      <p class="lead">{words.lead}</p>
      <Problem of={trouble} />
      {reached && (
        <button class="btn big wide" type="button" disabled={busy} onClick={say(true)}>
          {words.saw[reached]}
        </button>
      )}
      <button class="btn big wide" type="button" disabled={busy} onClick={say(false)}>
        <span>
          {words.not}
          <span class="sub">{words.notHint}</span>
        </span>
      </button>
      <button class="btn wide" type="button" onClick={settled(onQuiet)}>
        {words.nothing}
      </button>
      {card.until !== null && <p class="small quiet num">{words.left(secondsUntil(card.until, now.value))}</p>}
    </Sheet>
  );
}

/** What they said, while others may still be saying. */
export function Attested({ card }: { card: ActionCard }) {
  if (card.word === "none") return null;
  return (
    <div class="card" role="status">
      <p>
        <b>{words.said(card.word === "saw" ? words.saw[perceived(card) ?? "text"] : words.not)}</b>
      </p>
      <p>{words.thanks}</p>
      <p class="small quiet">{words.others}</p>
    </div>
  );
}
