import { useSignal } from "@preact/signals";
import { closeCall, stillNeed, undoCancel } from "../../app/commands";
import { go } from "../../app/place";
import { dismissed, dropPress, press } from "../../app/urgent";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Problem } from "../../components/Field/Field";
import { namesOf, nearby } from "../../components/Helpers";
import { LampButton, NeedButton } from "../../components/LampButton";
import { EmergencyLine, MainLine, PlanLine } from "../../components/PhoneLine/PhoneLine";
import { PlanCard } from "../../components/PlanCard/PlanCard";
import { Duo } from "../../components/Row/Mark";
import { Sheet } from "../../components/Sheet/Sheet";
import { useDeed } from "../../components/useDeed";
import { useSettled } from "../../components/useSettled";
import { now, secondsUntil } from "../../model/clock";
import { otherCalls, showCall } from "../../model/model";
import { call as words } from "../../text/en";
import type { MyCall } from "../../wire/frames";
import type { Feeling } from "../../wire/names";
import { Also } from "../More";
import { groupName } from "./Press";

/** How is it now? “More” goes straight to on-call and ends nothing (UC12). */
export function EndSheet({ call, onClose }: { call: MyCall; onClose: () => void }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled();
  const checkIn = useSignal(false);
  const names = namesOf([...nearby(call.helpers).here, ...nearby(call.helpers).inRoom]);
  const end = (feeling: Feeling) =>
    settled(() => void run(() => closeCall(call.call, feeling, checkIn.value)).then((well) => well && onClose()));
  return (
    <Sheet labelledBy="end-title" onClose={onClose} data={{ "data-screen": "end" }}>
      <h1 class="say" id="end-title" tabIndex={-1}>
        {words.endSay}
      </h1>
      <Problem of={trouble} />
      <div class="stack-2">
        {(["better", "same", "worse"] as const).map((feeling) => (
          <button key={feeling} class="btn big wide" type="button" disabled={busy} onClick={end(feeling)}>
            {words.feelings[feeling]}
          </button>
        ))}
        <button class="btn lamp big wide" type="button" disabled={busy} onClick={end("more")}>
          <Duo />
          {words.feelings.more}
        </button>
      </div>
      <p class="small quiet">{words.moreHint(names)}</p>
      <Choice label={words.checkIn} sub={words.checkInHint} checked={checkIn.value} onChange={(on) => (checkIn.value = on)} />
      <button class="btn wide" type="button" onClick={onClose}>
        {words.dontEnd}
      </button>
    </Sheet>
  );
}

function leave(call: MyCall): void {
  dismissed.value = call.call;
  const pressed = press.peek();
  if (!("ask" in pressed) || pressed.ask.group === call.group) dropPress(); // one for another group is still on its way
  showCall(otherCalls.peek()[0]?.call);
  go({ at: "room", group: call.group });
}

/** It ended by a person's word. A cancel can be taken back for a minute, as the same call (UC9). */
export function Ended({ call }: { call: MyCall }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled(call.standing);
  const stopped = call.standing === "cancelled";
  const left = call.undo_until ? secondsUntil(call.undo_until, now.value) : 0;
  const lead = stopped
    ? call.ended === "mistake"
      ? words.stoppedMistake
      : words.stoppedLead
    : call.ended === "worse"
      ? words.endedWorse
      : call.ended === "volunteer"
        ? words.endedVolunteer
        : words.endedLead;
  return (
    <div class="screen" data-screen={stopped ? "stopped" : "ended"} data-call={call.call}>
      <Bar title={groupName(call.group)} heading={false} onBack={() => leave(call)} />
      <main class="page">
        <h1 class="say">{stopped ? words.stoppedSay : words.endedSay}</h1>
        <p class="lead" role="status">
          {lead}
        </p>
        <Problem of={trouble} />
        <Also />
        {stopped && left > 0 && (
          <button class="btn wide" type="button" disabled={busy} onClick={settled(() => void run(() => undoCancel(call.call)))}>
            <span class="num">{words.undo(left)}</span>
          </button>
        )}
        <button class="btn ink big wide" type="button" onClick={settled(() => leave(call))}>
          {words.toRoom}
        </button>
        {call.ended === "worse" && <EmergencyLine />}
        <MainLine />
      </main>
      <footer class="dock">
        <div class="inner">
          <NeedButton group={call.group} />
        </div>
      </footer>
    </div>
  );
}

/** The caller came back to a call that was set aside: still need someone? (UC12) */
export function Parked({ call }: { call: MyCall }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled();
  const answer = (need: boolean) => settled(() => void run(() => stillNeed(call.call, need)));
  return (
    <div class="screen" data-screen="parked" data-call={call.call}>
      <Bar title={groupName(call.group)} heading={false} onBack={() => go({ at: "room", group: call.group })} />
      <main class="page">
        <h1 class="say">{words.parkedSay}</h1>
        <p class="lead" role="alert">
          {words.parkedLead}
        </p>
        <Problem of={trouble} />
        <Also />
        <MainLine />
        <PlanLine />
        <PlanCard />
      </main>
      <footer class="dock">
        <div class="inner">
          <button class="btn wide" type="button" disabled={busy} onClick={answer(false)}>
            {words.parkedNo}
          </button>
          <LampButton disabled={busy} onClick={answer(true)}>
            {words.parkedYes}
          </LampButton>
        </div>
      </footer>
    </div>
  );
}
