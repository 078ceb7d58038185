import { cancelCall } from "../../app/commands";
import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { namesOf, nearby } from "../../components/Helpers";
import { LineStrip } from "../../components/LineStrip";
import { NextSteps } from "../../components/NextSteps/NextSteps";
import { EmergencyLine, MainLine, PlanLine } from "../../components/PhoneLine/PhoneLine";
import { PlanCard } from "../../components/PlanCard/PlanCard";
import { Row } from "../../components/Row/Row";
import type { Stand } from "../../components/Row/Row";
import { Strip } from "../../components/Strip/Strip";
import { CalmStatus } from "../../components/CalmStatus";
import { useDeed } from "../../components/useDeed";
import { useSettled } from "../../components/useSettled";
import { call as words, lines } from "../../text/en";
import type { MyCall } from "../../wire/frames";
import { Also } from "../More";
import { Narrow } from "./Narrow";
import { groupName } from "./Press";

/** While people are asked: one sentence that is true, who is how near, what comes next, numbers and own plan. */
export function Ringing({ call }: { call: MyCall }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled();
  const failsafe = call.failsafe !== "none";
  const cancel = (why: "ok" | "mistake") => settled(() => void run(() => cancelCall(call.call, why)));
  const state = failsafe ? "failsafe" : nearby(call.helpers).coming.length > 0 ? "coming" : "ringing";
  return (
    <div class="screen" data-screen={state} data-call={call.call}>
      <Bar title={groupName(call.group)} heading={false} backLabel={words.backToRoom} onBack={() => go({ at: "room", group: call.group })} />
      <main class={failsafe ? "page wide" : "page wide tight"}>
        {failsafe ? <Failsafe call={call} /> : <Asking call={call} />}
      </main>
      <footer class="dock calm">
        <div class="inner flow">
          <Problem of={trouble} />
          <div class="pair" role="group" aria-labelledby="ringing-stop">
            <button class="btn" type="button" disabled={busy} onClick={cancel("ok")}>
              {words.imOk}
            </button>
            <button class="btn" type="button" disabled={busy} onClick={cancel("mistake")}>
              {words.mistake}
            </button>
          </div>
          {/* The spot of the yellow button is plain text now: a third shaky tap cancels nothing. */}
          <p class="rest small quiet" id="ringing-stop">
            {words.stopping}
          </p>
        </div>
      </footer>
    </div>
  );
}

function sentence(call: MyCall): string {
  const coming = namesOf(nearby(call.helpers).coming);
  if (coming.length > 0) return words.coming(coming);
  if (call.asked > 0) return words.asking(call.asked);
  return call.targeted > 0 ? words.reaching(call.targeted) : words.looking;
}

function reach(call: MyCall): string {
  if (call.asked === 0) return call.targeted > 0 ? words.noneYet : "";
  return call.asked >= call.targeted ? words.allHave(call.asked) : words.have(call.asked, call.targeted);
}

function stands(call: MyCall): Stand[] {
  const { coming } = nearby(call.helpers);
  const row: Stand[] = [{ marks: ["you"], label: words.markYou }];
  if (coming.length > 0) {
    row.push({ marks: coming.map(() => "coming"), label: namesOf(coming).join(", "), sub: words.markComing, step: 1 });
  }
  const reached = Math.max(0, call.asked - coming.length);
  const silent = Math.max(0, call.targeted - Math.max(call.asked, coming.length));
  if (reached + silent > 0) {
    const marks = [...Array.from({ length: reached }, () => "reached" as const), ...Array.from({ length: silent }, () => "asked" as const)];
    row.push({ marks, label: coming.length > 0 ? words.markReached(reached + silent) : words.markAsked(reached + silent), step: 2 });
  }
  return row;
}

function Asking({ call }: { call: MyCall }) {
  const facts = `${call.saved ? "" : `${words.unsaved} `}${reach(call)}`;
  return (
    <>
      <div class="stack">
        <LineStrip note={words.goesOn} />
        <h1 class="say">{sentence(call)}</h1>
        <CalmStatus says={`${sentence(call)} ${facts}`} />
        {/* Once someone is coming, the row says enough; the plan stays in view on a phone. */}
        {facts && !(call.saved && nearby(call.helpers).coming.length > 0) && <p class="lead">{facts}</p>}
        <Also />
        <Row tall label={words.rowLabel} stands={stands(call)} />
        {!call.saved && <Strip icon="circle-alert">{words.unsavedStrip}</Strip>}
        {call.repeat && <p class="small quiet">{words.repeat}</p>}
        <NextSteps next={call.next} coming={nearby(call.helpers).coming} />
      </div>
      <div class="stack">
        <MainLine lead={lines.free} />
        <PlanCard />
        <Narrow call={call} />
        <Also ask={call} />
      </div>
    </>
  );
}

/** The fail-safe says which is true, puts numbers first, and has not stopped (UC4). */
function Failsafe({ call }: { call: MyCall }) {
  const { coming } = nearby(call.helpers);
  const say = call.failsafe === "pledged_not_here" ? words.failsafePledged(namesOf(coming)) : words.failsafeNobody;
  const facts = `${call.saved ? "" : `${words.unsaved} `}${coming.length > 0 ? words.askingStatus(call.asked) : words.nobodyComing(call.asked)}`;
  return (
    <>
      <div class="stack">
        <LineStrip note={words.goesOn} />
        <h1 class="say">{say}</h1>
        <p class="lead" role="alert">
          {words.failsafeLead}
        </p>
        <Also />
        <MainLine big />
        <PlanLine />
        <EmergencyLine />
      </div>
      <div class="stack">
        <section class="stack" aria-labelledby="failsafe-next">
          <h2 id="failsafe-next">{words.notStopped}</h2>
          <CalmStatus says={facts} />
          <p>{facts}</p>
          <NextSteps next={call.next} coming={coming} />
        </section>
        <Also ask={call} />
        <PlanCard />
      </div>
    </>
  );
}
