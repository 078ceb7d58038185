import { signal, useSignalEffect } from "@preact/signals";
import { go, place } from "../../app/place";
import { Strip } from "../../components/Strip/Strip";
import { actions } from "../../model/witness";
import type { Action } from "../../model/witness";
import { lines as words, mine as mineWords } from "../../text/witness.en";
import type { ActionCard, MyAction } from "../../wire/frames";
import { planWords } from "./derive";

/** What this person said “not now” to: asked no more on this page. Nobody is told. */
export const notNow = signal<ReadonlySet<string>>(new Set());

const here = (one: Action) => {
  const at = place.value;
  return at.at !== "room" || at.group === one.group;
};

/** Witnessed actions beside a room and the groups: a calm line each, no sound, no alarm (WA1). */
/** A notification of a plan was tapped: the page goes to it (WA1). The address says so for a moment only. */
const planWanted = signal(location.search === "?plan");
if (planWanted.value) history.replaceState(null, "", location.pathname);
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (data === "plan") planWanted.value = true;
});

function goToPlan(): void {
  const plans = [...actions.value.values()].filter((one) => one.t === "my_action" && (one.stage === "due" || one.stage === "planned"));
  const next = plans.sort((a, b) => a.since - b.since)[0];
  if (!planWanted.value || !next) return;
  planWanted.value = false;
  go({ at: "witness", show: "mine", action: next.action });
}

export function Lines() {
  useSignalEffect(goToPlan);
  const all = [...actions.value.values()].filter(here);
  return (
    <>
      {all.map((one) => (one.t === "my_action" ? <MineLine key={one.action} one={one} /> : <TheirLine key={one.action} one={one} />))}
    </>
  );
}

function MineLine({ one }: { one: MyAction }) {
  if (one.stage === "ended") return null;
  const says =
    one.stage === "planned"
      ? words.planned(one.deed, one.plan ? planWords(one.plan.local) : "")
      : one.stage === "due"
        ? words.due(one.deed)
        : words.mine(one.deed);
  const more =
    one.stage === "turned" ? mineWords.turnedSay : one.stage === "gathering" || one.stage === "live" ? mineWords.withYou(one.present, one.wanted) : "";
  return (
    <Strip
      icon="users"
      look={one.stage === "planned" ? "" : "note"}
      action={
        <button class="btn" type="button" onClick={() => go({ at: "witness", show: "mine", action: one.action })}>
          {words.mineGo}
        </button>
      }
    >
      <b>{says}</b> {more}
    </Strip>
  );
}

function TheirLine({ one }: { one: ActionCard }) {
  const open = () => go({ at: "witness", show: "theirs", action: one.action });
  if (one.stage === "ended" && !one.joined) return null;
  if (!one.joined && notNow.value.has(one.action)) return null;
  const name = one.member.name;
  return (
    <Strip
      icon={one.joined ? "heart-handshake" : "hand"}
      look={one.joined ? "note" : ""}
      action={
        <button class="btn" type="button" onClick={open}>
          {one.joined ? words.goOn : words.open}
        </button>
      }
    >
      <b>{one.stage === "ended" ? words.overFor(name) : one.joined ? words.withThem(name, one.deed) : words.asks(name, one.deed)}</b>
    </Strip>
  );
}
