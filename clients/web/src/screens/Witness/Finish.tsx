import { go } from "../../app/place";
import { stopAction } from "../../app/witness";
import { Bar } from "../../components/Bar/Bar";
import { CalmStatus } from "../../components/CalmStatus";
import { Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { LineStrip } from "../../components/LineStrip";
import { EmergencyLine, MainLine } from "../../components/PhoneLine/PhoneLine";
import { PlanCard } from "../../components/PlanCard/PlanCard";
import { Mark } from "../../components/Row/Mark";
import { Twice } from "../../components/Twice/Twice";
import { useDeed } from "../../components/useDeed";
import { now, secondsUntil } from "../../model/clock";
import { putActionAway } from "../../model/witness";
import { mine as words } from "../../text/witness.en";
import type { MyAction } from "../../wire/frames";
import { hasPicture, said } from "./derive";
import { OwnPicture } from "./OwnPicture";
import { endPicture, pictureOf } from "./world";

/** The words that came so far, as they were said (WA6). */
function Said({ one, waiting = false }: { one: MyAction; waiting?: boolean }) {
  const { saw, couldNot, notYet } = said(one.witnesses);
  if (saw.length + couldNot.length + (waiting ? notYet.length : 0) === 0) return null;
  return (
    <ul class="facts">
      {saw.length > 0 && (
        <li>
          <Mark is="lit" />
          <span>{words.saw(saw)}</span>
        </li>
      )}
      {couldNot.length > 0 && (
        <li>
          <Mark is="reached" />
          <span>{words.couldNot(couldNot)}</span>
        </li>
      )}
      {waiting && notYet.length > 0 && (
        <li>
          <Mark is="asked" />
          <span class="quiet">{words.notSaid(notYet)}</span>
        </li>
      )}
    </ul>
  );
}

export function Attesting({ one }: { one: MyAction }) {
  return (
    <div class="screen" data-screen="action-attesting" data-action={one.action}>
      <Bar title={words.title(one.deed)} onBack={() => go({ at: "room", group: one.group })} backLabel={words.back} />
      <main class="page">
        <LineStrip />
        <h2 class="say">{words.attestingSay}</h2>
        <p class="lead">{words.attestingLead}</p>
        <Said one={one} waiting />
        {one.until !== null && <p class="quiet num">{words.attestingLeft(secondsUntil(one.until, now.value))}</p>}
      </main>
      <NeedDock />
    </div>
  );
}

/** It became a call: helplines in view, the picture stays up for those who had it, and one tap stops it (WA7). */
export function Turned({ one }: { one: MyAction }) {
  const { run, busy, trouble } = useDeed();
  const shown = hasPicture(pictureOf(one.action)?.sending.medium.value ?? one.medium);
  const stop = () => {
    endPicture(one.action); // at once; the server hears it when it can
    void run(() => stopAction(one.action));
  };
  return (
    <div class="screen" data-screen="action-turned" data-action={one.action}>
      <Bar title={words.title(one.deed)} onBack={() => go({ at: "call" })} backLabel={words.toCall} />
      <main class="page wide">
        <div class="stack">
          <LineStrip />
          <h2 class="say">{words.turnedSay}</h2>
          <CalmStatus says={words.turnedSay} />
          <p class="lead">{words.turnedLead}</p>
          <MainLine />
          <EmergencyLine />
          <PlanCard />
        </div>
        <div class="stack">
          {shown && <OwnPicture one={one} />}
          <Problem of={trouble} />
          {shown && (
            <Twice look="big wide" again={words.stopPictureAgain} disabled={busy} onDo={stop}>
              {words.stopPicture}
            </Twice>
          )}
        </div>
      </main>
      <NeedDock />
    </div>
  );
}

/** How it ended, in true words: no streak, no count, nothing lost. */
export function Ended({ one }: { one: MyAction }) {
  const how = one.ended;
  const leave = (to: () => void) => () => {
    to();
    putActionAway(one.action);
  };
  const room = leave(() => go({ at: "room", group: one.group }));
  const witnessed = how === "completed" || how === "unwitnessed";
  return (
    <div class="screen" data-screen="action-ended" data-action={one.action}>
      <Bar title={words.endedTitle[how]} heading={false} onBack={room} backLabel={words.back} />
      <main class="page">
        <h1 class="say">{words.endedSay[how]}</h1>
        <p class="lead">{words.endedLead[how]}</p>
        {witnessed && <Said one={one} />}
        <div class="stack-2">
          <button class="btn ink big wide" type="button" onClick={room}>
            {words.toRoom}
          </button>
          {witnessed && (
            <button class="btn wide" type="button" onClick={leave(() => go({ at: "witness", show: "record", action: one.action }))}>
              {words.look}
            </button>
          )}
          {(how === "stopped" || how === "expired") && (
            <button class="btn wide" type="button" onClick={leave(() => go({ at: "witness", show: "declare", group: one.group }))}>
              {words.again}
            </button>
          )}
        </div>
        {!witnessed && <MainLine />}
      </main>
      <NeedDock />
    </div>
  );
}
