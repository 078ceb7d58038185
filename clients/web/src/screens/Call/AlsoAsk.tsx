import { press, pressCall } from "../../app/urgent";
import { go } from "../../app/place";
import { namesOf, nearby } from "../../components/Helpers";
import { presenceOf } from "../../components/Presence/Presence";
import { Strip } from "../../components/Strip/Strip";
import { useSettled } from "../../components/useSettled";
import { groups, otherCalls, showCall } from "../../model/model";
import { call as callWords, presenceText } from "../../text/en";
import { alsoAsk as words } from "../../text/more.en";
import type { Press } from "../../model/press";
import type { MyCall } from "../../wire/frames";
import { groupName } from "./Press";

/** Calls of the caller's own that run in other groups meanwhile: what is true of each, and the way there (UC18). */
export function OtherCalls() {
  return (
    <>
      {otherCalls.value.map((other) => (
        <Strip
          key={other.call}
          icon="bell-ring"
          look="note"
          role="status"
          action={
            <button class="btn" type="button" onClick={() => (showCall(other.call), go({ at: "call" }))}>
              {words.look}
            </button>
          }
        >
          <b>{words.also(groupName(other.group))}</b> {now(other)}
        </Strip>
      ))}
    </>
  );
}

/**
 * While nobody is in the room: another group of the caller's own, a call and a room apart, under the name they have there
 * (UC18). The words of this call are not taken along: whoever is in both groups could tell by them that it is one person
 * (GR6).
 */
export function AlsoAsk({ call }: { call: MyCall }) {
  const settled = useSettled(call.standing);
  const free = groups.value.filter((one) => one.state === "active" && one.group !== call.group && !callIn(one.group));
  const pressed = press.value;
  const asked = pressed.is !== "none" && pressed.is !== "rung" ? pressed : null;
  return (
    <>
      {free.map((one) => (
        <section key={one.group} class="stack-1" data-also={one.group}>
          <button
            class="btn wide"
            type="button"
            disabled={asked?.is === "sending"}
            onClick={settled(() => pressCall({ group: one.group, words: "", only: null, volunteersToo: true }))}
          >
            {words.ask(one.name)}
          </button>
          <p class="small quiet" role="status">
            {asked?.ask.group === one.group ? became(asked) : `${words.apart(one.my_name)} ${canCome(one.group)}`}
          </p>
        </section>
      ))}
    </>
  );
}

function became(asked: Extract<Press, { is: "sending" | "stale" | "refused" }>): string {
  switch (asked.is) {
    case "sending":
      return asked.unreached ? words.trying : words.sending;
    case "stale":
      return words.notSent;
    case "refused":
      return `${asked.sentence} ${asked.todo}`;
  }
}

const callIn = (group: string) => otherCalls.value.some((other) => other.group === group);

function canCome(group: string): string {
  const view = presenceOf(group);
  return view && view.can_come > 0 ? `${presenceText.some(view.can_come)}.` : "";
}

/** What is true of the other call now, in the words of its own screen. */
function now(other: MyCall): string {
  const { here, inRoom, coming } = nearby(other.helpers);
  if (other.standing === "parked") return callWords.parkedSay;
  if (here.length > 0) return callWords.here(namesOf(here));
  if (inRoom.length > 0) return callWords.inRoom(namesOf(inRoom));
  if (coming.length > 0) return callWords.coming(namesOf(coming));
  return other.failsafe !== "none" ? callWords.failsafeNobody : other.asked > 0 ? callWords.asking(other.asked) : callWords.looking;
}
