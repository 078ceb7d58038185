import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { confirmHere, fetchOnCall, refuseHelper } from "../../app/commands";
import { about, go } from "../../app/place";
import { hideRoom, showRoom } from "../../app/rooms";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { markOf, namesOf, nearby } from "../../components/Helpers";
import { LineStrip } from "../../components/LineStrip";
import { Composer } from "../../components/Log/Composer";
import { Log } from "../../components/Log/Log";
import { MainLine } from "../../components/PhoneLine/PhoneLine";
import { PlanCard } from "../../components/PlanCard/PlanCard";
import { Duo } from "../../components/Row/Mark";
import { presenceOf } from "../../components/Presence/Presence";
import { Row } from "../../components/Row/Row";
import type { Stand } from "../../components/Row/Row";
import { Sheet } from "../../components/Sheet/Sheet";
import { Strip } from "../../components/Strip/Strip";
import { useDeed } from "../../components/useDeed";
import { hasPlan, plan } from "../../device/plan";
import { Icon } from "../../icons/Icon";
import { groupOf, rooms } from "../../model/model";
import { call as words, common, danger, lines, person, plan as planWords, room as roomWords } from "../../text/en";
import type { Entry, MyCall } from "../../wire/frames";
import { Also } from "../More";
import { DangerButton } from "./Danger";
import { EndSheet } from "./Ended";
import "../../components/Presence/Presence.css";
import "../Room/Room.css";

/** The call room as the caller sees it, from the moment someone is in it. */
export function CallerRoom({ call }: { call: MyCall }) {
  const sheet = useSignal<"none" | "end" | "people" | "plan">("none");
  const { run, trouble, busy } = useDeed();
  const more = useSignal(false);
  useEffect(() => {
    showRoom(call.room, call.group);
    return () => hideRoom(call.room);
  }, [call.room]);
  const me = groupOf(call.group)?.me ?? "";
  const { here, inRoom } = nearby(call.helpers);
  const close = () => (sheet.value = "none");
  const onMore = (entry: Entry) => {
    if (entry.author) about.value = { person: entry.author, group: call.group, room: call.room, seq: entry.seq, mine: entry.author.member === me };
  };
  const needMore = () => run(() => fetchOnCall(call.call)).then((well) => well && (more.value = true));
  return (
    <div class="screen room call-room" data-screen={call.standing === "held" ? "call" : "answered"} data-call={call.call}>
      <Bar title={words.you(namesOf([...here, ...inRoom]))} backLabel={words.backToGroup} onBack={() => go({ at: "room", group: call.group })} />
      <section class="people" aria-label={words.people}>
        <LineStrip note={words.goesOn} />
        <Also />
        <Truth call={call} more={more.value} />
        <Problem of={trouble} />
        <div class="trio">
          <DangerButton call={call.call} side="caller" />
          <button class="btn" type="button" aria-haspopup="dialog" onClick={() => (sheet.value = "people")}>
            <Icon name="users" />
            {words.peopleShort}
          </button>
          {hasPlan(plan.value) && (
            <button class="btn narrow-only" type="button" aria-haspopup="dialog" onClick={() => (sheet.value = "plan")}>
              <Icon name="notebook-pen" />
              {words.planShort}
            </button>
          )}
        </div>
        <div class="wide-only stack">
          <PlanCard />
        </div>
        <div class={call.standing === "held" ? "wide-only" : ""}>
          <MainLine lead={lines.free} />
        </div>
      </section>
      <Log log={rooms.value.get(call.room)} me={me} label={roomWords.messages} onMore={onMore} empty={<p>{words.canWrite}</p>} />
      <footer class="dock">
        <Composer room={call.room} label={words.compose} />
        <div class="pair">
          <button class="btn lamp big" type="button" disabled={busy} onClick={() => void needMore()}>
            <Duo />
            {words.needMore}
          </button>
          <button class="btn big" type="button" aria-haspopup="dialog" onClick={() => (sheet.value = "end")}>
            {words.end}
          </button>
        </div>
      </footer>
      {sheet.value === "end" && <EndSheet call={call} onClose={close} />}
      {sheet.value === "people" && <HelpersSheet call={call} onClose={close} />}
      {sheet.value === "plan" && (
        <Sheet labelledBy="plan-sheet" onClose={close} data={{ "data-screen": "own-plan" }}>
          <h1 class="vh" id="plan-sheet" tabIndex={-1}>
            {planWords.title}
          </h1>
          <PlanCard />
          <MainLine />
          <button class="btn wide" type="button" onClick={close}>
            {common.close}
          </button>
        </Sheet>
      )}
    </div>
  );
}

/** Who is how near, and the one question: is someone here? Only the caller's word makes it so, or both writing. */
function Truth({ call, more }: { call: MyCall; more: boolean }) {
  const { run, trouble, busy } = useDeed();
  const { here, inRoom, coming } = nearby(call.helpers);
  const near = [...here, ...inRoom];
  const volunteerNear = near.some((helper) => helper.person.badge === "volunteer");
  const onShift = presenceOf(call.group)?.volunteers;
  const sub = here.length > 0 ? here.map((helper) => words.since(helper.person.name, helper.since)).join(", ") : words.markIn;
  const stands: Stand[] = [
    { marks: ["you", ...near.map(markOf)], label: near.length > 0 ? words.you(namesOf(near)) : words.markYou, sub: near.length > 0 && sub },
  ];
  if (coming.length > 0) {
    stands.push({ marks: coming.map(() => "coming"), label: namesOf(coming).join(", "), sub: words.markComing, step: 1 });
  }
  return (
    <>
      <p class="vh" role="status">
        {here.length > 0 ? words.here(namesOf(here)) : inRoom.length > 0 ? words.inRoom(namesOf(inRoom)) : ""}
      </p>
      <Row label={words.inCall} stands={stands} />
      {here.length > 0 && !volunteerNear && <p class="small quiet">{words.peersNote}</p>}
      {!call.saved && <Strip icon="circle-alert">{words.unsaved}</Strip>}
      {call.danger && <Strip icon="triangle-alert">{danger.calledOn}</Strip>}
      {more && !volunteerNear && (
        <Strip icon="bell-ring" role="status">
          {onShift === 0 ? words.moreNobody : words.moreCalled}
        </Strip>
      )}
      {call.offer_close && <Strip icon="clock">{words.offerClose}</Strip>}
      {call.can_confirm_here && call.standing !== "held" && (
        <Strip
          icon="heart-handshake"
          look="note"
          action={
            <button class="btn lamp" type="button" disabled={busy} onClick={() => void run(() => confirmHere(call.call))}>
              {words.confirmHere}
            </button>
          }
        >
          <b>{words.confirmAsk}</b> <span class="wide-inline">{words.keptRinging}</span>
        </Strip>
      )}
      <Problem of={trouble} />
    </>
  );
}

/** The caller may refuse a helper; they hear “enough people” (UC16). */
function HelpersSheet({ call, onClose }: { call: MyCall; onClose: () => void }) {
  const { run, trouble, busy } = useDeed();
  return (
    <Sheet labelledBy="helpers-title" onClose={onClose} data={{ "data-screen": "helpers" }}>
      <h1 class="say" id="helpers-title" tabIndex={-1}>
        {words.people}
      </h1>
      <p class="small quiet">{words.refuseHint}</p>
      <ul class="stack-2">
        {call.helpers.map(({ person: one }) => (
          <li key={one.member} class="stack-2">
            <button class="btn wide" type="button" disabled={busy} onClick={() => void run(() => refuseHelper(call.call, one.member)).then((well) => well && onClose())}>
              {words.refuse(one.name)}
            </button>
            <button
              class="btn bare start"
              type="button"
              onClick={() => {
                onClose();
                about.value = { person: one, group: call.group, room: null, seq: null, mine: false };
              }}
            >
              {person.say(one.name)}
            </button>
          </li>
        ))}
      </ul>
      <Problem of={trouble} />
      <button class="btn wide" type="button" onClick={onClose}>
        {common.close}
      </button>
    </Sheet>
  );
}
