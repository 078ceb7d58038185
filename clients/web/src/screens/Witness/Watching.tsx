import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go } from "../../app/place";
import { turnIntoCall, withYou } from "../../app/witness";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { LineStrip } from "../../components/LineStrip";
import { EmergencyLine, MainLine } from "../../components/PhoneLine/PhoneLine";
import { Duo, Mark } from "../../components/Row/Mark";
import { Strip } from "../../components/Strip/Strip";
import { Twice } from "../../components/Twice/Twice";
import { useDeed } from "../../components/useDeed";
import { LaterIcon } from "../../icons/LaterIcon";
import { now, secondsSince } from "../../model/clock";
import { attest as attestWords, watch as words } from "../../text/beside.en";
import { doing, first } from "../../text/deeds.en";
import type { ActionCard } from "../../wire/frames";
import type { WitnessKeys } from "../../witness/api";
import { AttestSheet, Attested } from "./Attest";
import { company, namesOf, streams } from "./derive";
import { Picture } from "./Picture";
import { ReportSheet } from "./ReportSheet";
import { Safety } from "./Safety";
import { StepList } from "./Steps";
import { EndForAll } from "./Theirs";
import { cardOf, media } from "./world";

/** With them: the picture if one chooses to look, who else is here, the steps; worried, report, leave (WA3–WA7). */
export function Watching({ card, keys }: { card: ActionCard; keys: WitnessKeys }) {
  const { run, busy, trouble } = useDeed();
  const reporting = useSignal(false);
  const quiet = useSignal(false); // chose to say nothing
  const worried = useSignal(false);
  const name = card.member.name;
  const room = () => go({ at: "room", group: card.group });
  const sheet = card.asked_to_attest && !quiet.value && card.word === "none";
  useAttending(card.action, () => !reporting.peek());
  const away = useSignal(false); // turned away on this page, whatever the server heard of it so far
  const leave = () => {
    keys.leave().catch(() => {}); // it goes out when it can; here it is over at once
    room();
  };
  const turning = useDeed(); // apart, so that nothing that is on its way holds it up
  const turn = () => void turning.run(() => turnIntoCall(card.action));
  const begun = streams(card.stage);
  return (
    <div class="screen" data-screen={card.frozen ? "witness-frozen" : begun ? "witness" : "witness-waiting"} data-action={card.action}>
      <Bar title={words.title(name)} onBack={room} backLabel={words.back} />
      <main class="page wide tight">
        <div class="stack">
          <LineStrip />
          <Lost card={card} />
          {card.turned && (
            <Strip icon="bell-ring" look="note" role="status">
              <b>{words.turned}</b> {words.turnedLead(name)}
            </Strip>
          )}
          {card.frozen ? (
            <>
              <h2 class="say">{words.frozenSay}</h2>
              <p class="lead">{words.frozenLead}</p>
              <p>{words.frozenStill}</p>
            </>
          ) : card.stage === "attesting" ? (
            <p class="lead">{words.state.ended}</p>
          ) : begun ? (
            <Picture card={card} keys={keys} away={away} />
          ) : (
            <>
              <h2 class="say">{words.waitSay(name)}</h2>
              <p class="lead">{words.waitLead}</p>
            </>
          )}
          {card.turned && (
            <>
              <MainLine />
              <EmergencyLine />
            </>
          )}
          {card.stage === "attesting" && <Attested card={card} />}
        </div>
        <div class="stack">
          <p>
            <b>{first(doing[card.deed])}.</b> {card.words && <span class="words">“{card.words}”</span>}
          </p>
          {!card.frozen && card.stage !== "attesting" && <Here card={card} />}
          {!card.frozen && (
            <section class="card" aria-labelledby="their-steps">
              <h2 id="their-steps">{words.steps(name)}</h2>
              <StepList steps={card.steps} label={words.steps(name)} />
            </section>
          )}
          {card.medium !== "text" && !card.frozen && <Safety keys={keys} />}
          <EndForAll card={card} />
          <button class="btn wide" type="button" onClick={leave}>
            {words.leave}
          </button>
        </div>
      </main>
      <footer class="dock">
        <div class="inner">
          <Problem of={turning.trouble ?? trouble} />
          {!card.frozen && !worried.value && (
            <button class="btn lamp big wide" type="button" disabled={busy || card.with_you} onClick={() => void run(() => withYou(card.action))}>
              <Duo both />
              {card.with_you ? words.withSaid : words.with}
            </button>
          )}
          <p role="status">{worried.value && words.worriedLead(name)}</p>
          <div class="pair">
            {!card.frozen && (
              <button class="btn big" type="button" aria-haspopup="dialog" onClick={() => (reporting.value = true)}>
                <LaterIcon name="flag" />
                {words.report}
              </button>
            )}
            {!card.turned && (
              <Twice look="big" again={words.worriedAgain(name)} disabled={turning.busy} onAsk={(asks) => (worried.value = asks)} onDo={turn}>
                {words.worried}
              </Twice>
            )}
          </div>
        </div>
      </footer>
      {reporting.value && <ReportSheet card={card} onSend={() => (away.value = true)} onClose={() => (reporting.value = false)} />}
      {sheet && !reporting.value && <AttestSheet card={card} onQuiet={() => (quiet.value = true)} />}
      {quiet.value && <p class="vh" role="status">{attestWords.others}</p>}
    </div>
  );
}

/** The page says what truly reaches it, while its own screen stands (WA4). */
function useAttending(action: string, shown: () => boolean): void {
  useEffect(() => {
    const attending = media().attend(cardOf(action), shown);
    return () => attending.close();
  }, [action]);
}

/** “Connection lost 8 seconds ago”: the ticking is for the eyes, the alert comes once. */
function Lost({ card }: { card: ActionCard }) {
  const at = card.lost_since;
  if (at === null) return null;
  const name = card.member.name;
  return (
    <Strip icon="wifi-off" look="lost">
      <span class="vh" role="alert">
        {words.lost(name, secondsSince(at, card.now))}
      </span>
      <b class="num" aria-hidden="true">
        {words.lost(name, secondsSince(at, now.value))}
      </b>
      <br />
      {words.lostLead}
    </Strip>
  );
}

/** Who else is here, and whether this person counts just now. */
function Here({ card }: { card: ActionCard }) {
  const { present } = company(card.witnesses);
  const others = namesOf(present.filter((one) => one.person.member !== card.me));
  const mine = present.some((one) => one.person.member === card.me);
  return (
    <ul class="facts">
      <li>
        <Mark is={mine ? "lit" : "reached"} />
        <span>
          <b>{mine ? words.count : words.notCount}</b>
        </span>
      </li>
      <li>
        <Mark is={others.length > 0 ? "lit" : "asked"} />
        <span>{others.length > 0 ? words.others(others) : words.alone}</span>
      </li>
    </ul>
  );
}
