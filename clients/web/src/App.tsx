import { effect } from "@preact/signals";
import { CardOverPage } from "./components/UrgentCard/UrgentCard";
import { ShiftNote } from "./components/Bar/Bar";
import { gate, invited, place } from "./app/place";
import { callRuns } from "./app/urgent";
import { myCall } from "./model/model";
import { Ask } from "./screens/Ask/Ask";
import { Call } from "./screens/Call/Call";
import { Codes } from "./screens/Entry/Codes";
import { RecoverScreen, SignIn, SignUp, Welcome, Youth } from "./screens/Entry/Entry";
import { Locked } from "./screens/Entry/Locked";
import { Offline, Starting } from "./screens/Entry/Offline";
import { Groups } from "./screens/Groups/Groups";
import { HelpingOnPage } from "./screens/Helping/Helping";
import { More, Witnessing } from "./screens/More";
import { PersonSheet } from "./screens/Person/PersonSheet";
import { Room } from "./screens/Room/Room";
import { Lines } from "./screens/Settings/Lines";

/*
 * Hooks for browser journeys: roles and names first. Besides: `data-screen` on the root of every screen and sheet
 * (welcome, sign-up, sign-in, codes, groups, room, introduction, ask, sending, unreached, stale, ringing, coming,
 * failsafe, answered, call, stopped, ended, parked, card, pledged, lapsed, stood-down, helping, danger, end, leave,
 * locked, offline, …), `data-call="<id>"` on every card and call screen, `data-group="<id>"` on a room,
 * `data-seq` on a saved message and `data-line="sending|saved|unsaved"` on one's own line before it is in the log,
 * `data-codes` on the list of recovery codes.
 */
export function App() {
  return (
    <>
      <Screen />
      {gate.value.is === "in" && <CardOverPage />}
      {gate.value.is === "in" && <PersonSheet />}
      <ShiftNote />
    </>
  );
}

/** What no invite may lie over: whoever needs someone, or is with someone, comes back to the link afterwards (UC1). */
const CALLS: readonly string[] = ["ask", "call", "helping", "witness"];

function Screen() {
  const state = gate.value;
  switch (state.is) {
    case "starting":
      return <Starting />;
    case "offline":
      return place.value.at === "ask" || place.value.at === "call" ? <Place /> : <Offline />;
    case "locked":
      return asksWhileLocked() ? <Place /> : <Locked />;
    case "codes":
      return <Codes codes={state.codes} />;
    case "in":
      return invited.value && !CALLS.includes(place.value.at) ? <More show={({ Invite }) => <Invite invite={invited.value!} />} /> : <Place />;
    case "out":
      switch (state.show) {
        case "welcome":
          return <Welcome revoked={state.revoked} />;
        case "sign_in":
          return <SignIn revoked={state.revoked} />;
        case "sign_up":
          return <SignUp />;
        case "recover":
          return <RecoverScreen />;
        case "youth":
          return <Youth />;
        case "lines":
          return <Lines onBack={() => (gate.value = { is: "out", show: "welcome", revoked: false })} />;
      }
  }
}

/** A locked device asks and sees how near people are; the room of the call is for reading, and wants the passphrase. */
function asksWhileLocked(): boolean {
  const here = place.value.at;
  const inside = myCall.value?.helpers.some((helper) => helper.answer === "in_room" || helper.answer === "here");
  return here === "ask" || (here === "call" && !inside && myCall.value?.standing !== "held");
}

function Place() {
  const here = place.value;
  switch (here.at) {
    case "groups":
      return <Groups />;
    case "room":
      return <Room group={here.group} />;
    case "ask":
      return <Ask group={here.group} from={here.from} />;
    case "call":
      return <Call />;
    case "helping":
      return <HelpingOnPage key={here.call} call={here.call} />;
    case "witness":
      return <Witnessing show={({ Witness }) => <Witness here={here} />} />;
    case "introduction":
      return <More show={({ Introduction }) => <Introduction group={here.group} />} />;
    case "find":
      return <More show={({ Find }) => <Find />} />;
    case "join":
      return <More show={({ JoinGroup }) => <JoinGroup card={here.card} />} />;
    case "create":
      return <More show={({ CreateGroup }) => <CreateGroup />} />;
    case "moderate":
      return <More show={({ Moderate }) => <Moderate group={here.group} />} />;
    case "plan":
      return <More show={({ PlanScreen }) => <PlanScreen />} />;
    case "lines":
      return <Lines />;
    case "settings":
      return <More show={({ Settings }) => <Settings />} />;
    case "stored":
      return <More show={({ Stored }) => <Stored />} />;
    case "leaving":
      return <More show={({ Leaving }) => <Leaving />} />;
  }
}

/** A caller who loads the page anew is back at their call. */
export function armCallReturn(): void {
  let ran = false;
  effect(() => {
    const runs = gate.value.is === "in" && callRuns();
    if (runs && !ran && place.peek().at === "groups") place.value = { at: "call" };
    ran = runs;
  });
}
