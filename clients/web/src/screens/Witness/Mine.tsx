import { go } from "../../app/place";
import { askWitnesses, cutPicture, declareDone, goLive, stopAction } from "../../app/witness";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { LineStrip } from "../../components/LineStrip";
import { Mark } from "../../components/Row/Mark";
import { Twice } from "../../components/Twice/Twice";
import { troubleOf, useDeed } from "../../components/useDeed";
import { LaterIcon } from "../../icons/LaterIcon";
import { now, secondsUntil } from "../../model/clock";
import { putActionAway } from "../../model/witness";
import { mine as words } from "../../text/witness.en";
import type { MyAction } from "../../wire/frames";
import { Company } from "./Company";
import { hasPicture, planWords } from "./derive";
import { Attesting, Ended, Turned } from "./Finish";
import { OwnPicture } from "./OwnPicture";
import { Safety } from "./Safety";
import { OwnSteps } from "./Steps";
import { TurnDock } from "./TurnDock";
import { beginPicture, endPicture, media, pictureOf } from "./world";

/** One's own action: whichever of its screens is true now. */
export function Mine({ action: one }: { action: MyAction }) {
  switch (one.stage) {
    case "planned":
    case "due":
      return <Planned one={one} />;
    case "gathering":
      return <Gather one={one} />;
    case "live":
      return <LiveScreen one={one} />;
    case "attesting":
      return <Attesting one={one} />;
    case "turned":
      return <Turned one={one} />;
    case "ended":
      return <Ended one={one} />;
  }
}

const toRoom = (one: MyAction) => go({ at: "room", group: one.group });

/** For later: nobody is asked before the member says so, and not doing it is fine too. */
function Planned({ one }: { one: MyAction }) {
  const { run, busy, trouble } = useDeed();
  const due = one.stage === "due";
  const drop = () =>
    void run(() => stopAction(one.action)).then((well) => {
      if (!well) return;
      putActionAway(one.action);
      toRoom(one);
    });
  return (
    <div class="screen" data-screen={due ? "action-due" : "action-planned"} data-action={one.action}>
      <Bar title={words.title(one.deed)} onBack={() => toRoom(one)} backLabel={words.back} />
      <main class="page">
        <LineStrip />
        <h2 class="say">{due ? words.dueSay : words.plannedSay(one.plan ? planWords(one.plan.local) : "")}</h2>
        <p class="lead">
          {due ? words.dueLead : words.plannedLead} {!due && one.plan && words.plannedZone(one.plan.zone)}
        </p>
        {one.words && <p class="card words">“{one.words}”</p>}
        <Problem of={trouble} />
        <div class="stack-2">
          <button class={due ? "btn ink big wide" : "btn big wide"} type="button" disabled={busy} onClick={() => void run(() => askWitnesses(one.action))}>
            {words.askNow}
          </button>
          <Twice look="wide" again={words.dropAgain} disabled={busy} onDo={drop}>
            {words.dropPlan}
          </Twice>
        </div>
      </main>
      <NeedDock />
    </div>
  );
}

/** How many are with the member, as marks: lit = truly there, outline = said yes, dashed = still wished for. */
function Wished({ one }: { one: MyAction }) {
  const joined = one.witnesses.filter((witness) => witness.state === "joined").length;
  const missing = Math.max(0, one.wanted - one.present - joined);
  const marks = [...Array<"lit">(one.present).fill("lit"), ...Array<"reached">(joined).fill("reached"), ...Array<"asked">(missing).fill("asked")];
  return (
    <span class="wished" aria-hidden="true">
      <Mark is="you" />
      {marks.slice(0, 12).map((is, at) => (
        <Mark key={at} is={is} />
      ))}
    </span>
  );
}

/** Who joined, who is truly here, and one's own picture before anything is sent (WA3, WA4). */
function Gather({ one }: { one: MyAction }) {
  const { run, busy, trouble } = useDeed();
  const begin = () =>
    void run(async () => {
      await goLive(one.action, !one.enough);
      if (hasPicture(one.medium)) beginPicture(one.action, pictureOf(one.action)?.facing);
    });
  const callOff = () => void run(() => stopAction(one.action));
  return (
    <div class="screen" data-screen="action-gather" data-action={one.action}>
      <Bar title={words.title(one.deed)} onBack={() => toRoom(one)} backLabel={words.back} />
      <main class="page wide">
        <div class="stack">
          <LineStrip />
          <Wished one={one} />
          <h2 class="say">{words.withYou(one.present, one.wanted)}</h2>
          <p class="lead">
            {words.gatherLead(one.wanted)} {one.enough ? words.enoughLead : words.waitOr}
          </p>
          <Company one={one} title={words.who} />
          {one.until !== null && <p class="small quiet num">{words.until(secondsUntil(one.until, now.value))}</p>}
        </div>
        <div class="stack">
          <OwnPicture one={one} />
          {one.pills && <p>{words.onCallTold}</p>}
          {one.medium !== "text" && <p class="small quiet">{words.film}</p>}
          {one.medium !== "text" && <Safety keys={media().memberKeys(one.action)} />}
          <Twice look="wide" again={words.callOffAgain} disabled={busy} onDo={callOff}>
            {words.callOff}
          </Twice>
        </div>
      </main>
      <TurnDock one={one}>
        <Problem of={trouble} />
        {one.enough ? (
          <button class="btn ink big wide" type="button" disabled={busy} onClick={begin}>
            {words.begin}
          </button>
        ) : (
          <Twice look="big wide" again={words.beginNow} disabled={busy} onDo={begin}>
            {words.beginAnyway}
          </Twice>
        )}
      </TurnDock>
    </div>
  );
}

/** Live: the picture and the way to cut it, who is truly there, the steps. The help button owns the bottom edge. */
function LiveScreen({ one }: { one: MyAction }) {
  const { run, busy, trouble, fail } = useDeed();
  const picture = pictureOf(one.action);
  const shown = hasPicture(picture?.sending.medium.value ?? one.medium);
  const cut = one.cut || picture?.sending.state.value === "cut";
  const setCut = (on: boolean) => (picture ? (on ? picture.sending.cut() : picture.sending.uncut()) : cutPicture(one.action, on));
  // Cutting waits for nothing else that is on its way.
  const tapCut = (on: boolean) => void setCut(on).catch((error: unknown) => fail(troubleOf(error)));
  const stop = () => {
    endPicture(one.action); // the camera goes off at once; the server hears it when it can
    void run(() => stopAction(one.action));
  };
  const done = () => void run(() => declareDone(one.action)).then((well) => well && endPicture(one.action));
  const back = () => {
    if (shown && !cut) setCut(true).catch(() => {}); // cut on this device at once; the server hears it when it can
    toRoom(one);
  };
  return (
    <div class="screen" data-screen="action-live" data-action={one.action}>
      <Bar title={words.title(one.deed)} onBack={back} backLabel={shown && !cut ? words.backCuts : words.back} />
      <main class="page wide tight">
        <div class="stack">
          <LineStrip note={words.lost} />
          <OwnPicture one={one} />
          <Company one={one} title={words.watching(one.present)} />
        </div>
        <div class="stack">
          <OwnSteps one={one} />
          {one.pills && <p>{words.onCallKnows}</p>}
          {shown && <p class="small quiet">{words.film}</p>}
          {shown && <Safety keys={media().memberKeys(one.action)} />}
          {one.until !== null && <p class="small quiet num">{words.until(secondsUntil(one.until, now.value))}</p>}
        </div>
      </main>
      <TurnDock one={one}>
        <Problem of={trouble} />
        {shown &&
          (cut ? (
            <button class="btn big wide" type="button" onClick={() => tapCut(false)}>
              <LaterIcon name="camera" />
              {words.uncut}
            </button>
          ) : (
            <button class="btn big wide cut" type="button" onClick={() => tapCut(true)}>
              <LaterIcon name="camera-off" />
              {words.cut}
            </button>
          ))}
        <div class="pair">
          <Twice look="big" again={words.stopAgain} disabled={busy} onDo={stop}>
            {words.stop}
          </Twice>
          <Twice look="ink big" again={words.doneAgain} disabled={busy} onDo={done}>
            {words.done}
          </Twice>
        </div>
      </TurnDock>
    </div>
  );
}
