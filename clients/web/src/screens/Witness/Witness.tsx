import { useEffect } from "preact/hooks";
import { go } from "../../app/place";
import type { WitnessPlace } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { NeedDock } from "../../components/LampButton";
import { actions } from "../../model/witness";
import { over } from "../../text/beside.en";
import { mine as words } from "../../text/witness.en";
import { common } from "../../text/en";
import { Declare } from "./Declare";
import { Mine } from "./Mine";
import { RecordScreen } from "./Record";
import { RecordsScreen } from "./Records";
import { Theirs } from "./Theirs";
import "./Witness.css";

/** The screen of a witnessed action that is true now. */
export function Witness({ here }: { here: WitnessPlace }) {
  const one = "action" in here ? actions.value.get(here.action) : undefined;
  useArriving(`${here.show} ${one?.stage ?? ""} ${one?.t === "action_card" ? one.joined : ""}`);
  switch (here.show) {
    case "declare":
      return <Declare key={here.group} group={here.group} />;
    case "records":
      return <RecordsScreen />;
    case "record":
      return <RecordScreen key={here.action} action={here.action} />;
    case "mine":
      return one?.t === "my_action" ? <Mine key={one.action} action={one} /> : <Gone say={words.gone} />;
    case "theirs":
      return one?.t === "action_card" ? <Theirs key={one.action} card={one} /> : <Gone say={over.goneSay} />;
  }
}

/** The button that led here is gone with its screen: then the focus is on what the new one says, and Tab goes on there. */
function useArriving(key: string): void {
  useEffect(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const heading = document.querySelector<HTMLElement>("[data-screen] main :is(h1, h2)");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }, [key]);
}

/** Not this person's to see any more, or put away: not a word of it stays. */
function Gone({ say }: { say: string }) {
  return (
    <div class="screen" data-screen="action-gone">
      <Bar title={common.name} heading={false} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <h1 class="say">{say}</h1>
        <p class="lead">{over.goneLead}</p>
        <button class="btn big wide" type="button" onClick={() => go({ at: "groups" })}>
          {common.back}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}
