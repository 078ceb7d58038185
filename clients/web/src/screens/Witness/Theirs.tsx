import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go } from "../../app/place";
import { endForSafety } from "../../app/witness";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { LampButton, NeedDock } from "../../components/LampButton";
import { LineStrip } from "../../components/LineStrip";
import { Badge } from "../../components/Person";
import { Twice } from "../../components/Twice/Twice";
import { useDeed } from "../../components/useDeed";
import { useSettled } from "../../components/useSettled";
import { groupOf } from "../../model/model";
import { putActionAway } from "../../model/witness";
import { first } from "../../text/deeds.en";
import { card as words, over, watch } from "../../text/beside.en";
import type { ActionCard } from "../../wire/frames";
import { runs } from "./derive";
import { notNow } from "./Lines";
import { Watching } from "./Watching";
import { media } from "./world";

/** Someone else's action: asked, with them, or over. */
export function Theirs({ card }: { card: ActionCard }) {
  if (card.stage === "ended") return <Over card={card} />; // also for who was asked and never came
  return card.joined ? <Joined card={card} /> : <Asked card={card} />;
}

const toRoom = (card: ActionCard) => go({ at: "room", group: card.group });

/** Who asks, for what, how it is shown: and nothing of it before they say yes (WA1). */
function Asked({ card }: { card: ActionCard }) {
  const { run, busy, trouble, fail } = useDeed();
  const settled = useSettled();
  const name = card.member.name;
  const join = () =>
    void run(async () => {
      const keys = media().witnessKeys(card.action);
      if (await keys.joined) return;
      const refusal = keys.refusal.peek();
      if (refusal) queueMicrotask(() => fail({ code: "", ...refusal }));
    });
  const no = () => {
    notNow.value = new Set([...notNow.peek(), card.action]);
    toRoom(card);
  };
  return (
    <div class="screen" data-screen="witness-card" data-action={card.action}>
      <Bar title={card.group_name} heading={false} onBack={() => toRoom(card)} />
      <main class="page">
        <LineStrip />
        <h1 class="say">{words.say(name)}</h1>
        <p class="lead">
          <b>{first(words.what(card.deed))}.</b> <Badge of={card.member} />
        </p>
        {card.words && <p class="card words">“{card.words}”</p>}
        <p>
          {words.by[card.medium]} {card.sound && card.medium === "video" && words.sound} {card.stage === "gathering" ? words.notYet : words.begun}
        </p>
        <p>{words.count(card.wanted, card.present)}</p>
        {card.medium !== "text" && <p>{words.hidden}</p>}
        <Problem of={trouble} />
        <div class="stack-2">
          <LampButton both disabled={busy} onClick={settled(join)}>
            {words.join(name)}
          </LampButton>
          <button class="btn big wide" type="button" onClick={settled(no)}>
            {words.no}
          </button>
          <p class="small quiet">{words.noHint}</p>
        </div>
        <p class="small quiet">{words.keep}</p>
        <EndForAll card={card} />
      </main>
      <NeedDock />
    </div>
  );
}

/** Who looks after the group may end it for safety. */
export function EndForAll({ card }: { card: ActionCard }) {
  const { run, busy, trouble } = useDeed();
  if (groupOf(card.group)?.role !== "moderator" || !runs(card.stage)) return null;
  return (
    <>
      <Twice look="wide" again={words.endAgain} disabled={busy} onDo={() => void run(() => endForSafety(card.action))}>
        {words.end}
      </Twice>
      <Problem of={trouble} />
    </>
  );
}

/** The keys of this page for it; a page that was loaded anew makes new ones. */
function Joined({ card }: { card: ActionCard }) {
  const keys = useSignal(media().witnessKeys(card.action));
  useEffect(() => {
    keys.value = media().witnessKeys(card.action);
  }, [card.action]);
  return <Watching card={card} keys={keys.value} />;
}

/** How it ended, in true words, also for who was with them. */
function Over({ card }: { card: ActionCard }) {
  const name = card.member.name;
  const back = () => {
    toRoom(card);
    putActionAway(card.action);
  };
  return (
    <div class="screen" data-screen="witness-over" data-action={card.action}>
      <Bar title={watch.title(name)} heading={false} onBack={back} />
      <main class="page">
        <h1 class="say">{over.say[card.joined ? card.ended : "no"](name)}</h1>
        <p class="lead">{card.joined ? over.lead[card.ended] : over.goneLead}</p>
        {card.joined && <p>{over.yours}</p>}
        <button class="btn ink big wide" type="button" onClick={back}>
          {over.back}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}
