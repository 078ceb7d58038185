import { helpingNow, lookedAt, stillAsking } from "../app/cards";
import { answerCheckIn } from "../app/commands";
import { gate, go, place } from "../app/place";
import { now } from "../model/clock";
import { checkIns, groupOf } from "../model/model";
import { card as words, checkIn, helping } from "../text/en";
import type { CheckIn } from "../wire/frames";
import { ActionLines } from "../screens/More";
import { LineStrip } from "./LineStrip";
import { Strip } from "./Strip/Strip";

/** What goes on beside this screen: the line, the question of the day after, calls that this person is in, calls that still ask for someone. */
export function Asides() {
  return (
    <>
      <LineStrip />
      {gate.value.is === "in" && checkIns.value.map((one) => <DayAfter key={one.call} of={one} />)}
      {helpingNow.value.map((card) => (
        <Strip
          key={card.call}
          icon="heart-handshake"
          look="note"
          action={
            <button class="btn" type="button" onClick={() => go({ at: "helping", call: card.call })}>
              {words.go(card.caller.name)}
            </button>
          }
        >
          <b>{helping.title(card.caller.name)}</b>
        </Strip>
      ))}
      {stillAsking.value.map((card) => (
        <Strip
          key={card.call}
          icon="hand"
          look="note"
          action={
            <button class="btn" type="button" onClick={() => (lookedAt.value = card.call)}>
              {words.barOpen}
            </button>
          }
        >
          <b>{words.bar(card.caller.name)}</b>
        </Strip>
      ))}
      {gate.value.is === "in" && <ActionLines />}
    </>
  );
}

/** The day after a call, as the caller wished: one question. It may be ignored (UC12). */
function DayAfter({ of: one }: { of: CheckIn }) {
  const answer = () => void answerCheckIn(one.call);
  const needSomeone = () => {
    answer();
    go({ at: "ask", group: groupOf(one.group) ? one.group : null, from: place.peek() });
  };
  return (
    <section class="card check-in" data-check-in={one.call} aria-label={checkIn.label}>
      <p>
        {checkIn.asked(one.group_name, one.ended_at, now.peek())} <b>{checkIn.question}</b>
      </p>
      <div class="pair">
        <button class="btn" type="button" onClick={answer}>
          {checkIn.ok}
        </button>
        <button class="btn" type="button" onClick={needSomeone}>
          {checkIn.need}
        </button>
      </div>
    </section>
  );
}
