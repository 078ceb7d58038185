import { dismissed, press } from "../../app/urgent";
import { go } from "../../app/place";
import { nearby } from "../../components/Helpers";
import { myCall } from "../../model/model";
import { CallerRoom } from "./CallerRoom";
import { Ended, Parked } from "./Ended";
import { Blind, PressRefused, Sending, Stale, Unreached } from "./Press";
import { Ringing } from "./Ringing";

/** The caller's own call, from the thumb to the end: whichever of its screens is true now. */
export function Call() {
  const call = myCall.value;
  const pressed = press.value;
  if (call && dismissed.value !== call.call) {
    if (call.standing === "cancelled" || call.standing === "closed") return <Ended call={call} />;
    if (call.standing === "parked" || call.ask_still_need) return <Parked call={call} />;
    const { here, inRoom } = nearby(call.helpers);
    return here.length + inRoom.length > 0 || call.standing === "held" ? <CallerRoom call={call} /> : <Ringing call={call} />;
  }
  if (pressed.is === "sending") return pressed.unreached ? <Unreached press={pressed} /> : <Sending />;
  if (pressed.is === "stale") return <Stale press={pressed} />;
  if (pressed.is === "refused") return <PressRefused press={pressed} />;
  if (pressed.is === "rung") return <Blind />;
  queueMicrotask(() => go({ at: "groups" }));
  return null;
}
