import { useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { localNow } from "../../app/start";
import { look } from "../../app/witness";
import { Problem } from "../../components/Field/Field";
import { useDeed } from "../../components/useDeed";
import { Icon } from "../../icons/Icon";
import { LaterIcon } from "../../icons/LaterIcon";
import { watch as words } from "../../text/beside.en";
import { first, mediums } from "../../text/deeds.en";
import type { ActionCard } from "../../wire/frames";
import type { Watching, WitnessKeys } from "../../witness/api";
import { steppedDown } from "./derive";
import { reached } from "./reached";
import { cardOf, media } from "./world";

/** Nothing is shown, and not one byte comes, before the witness chooses to look (WA3). */
export function Picture({ card, keys, away }: { card: ActionCard; keys: WitnessKeys; away: Signal<boolean> }) {
  const { run, busy, trouble } = useDeed();
  const down = steppedDown(card) ? words.medium[card.medium] : "";
  if (card.medium === "text") return <p class="lead">{down || words.textOnly}</p>;
  if (keys.state.value === "wrong") {
    return (
      <p class="problem" role="alert">
        <b>{words.keysWrong}</b>
      </p>
    );
  }
  const choose = () => void run(() => look(card.action, true)).then((well) => well && (away.value = false));
  const turnAway = () => {
    away.value = true; // gone from this page at once; the server hears it when it can
    look(card.action, false).catch(() => {});
  };
  return (
    <section class="stack-2" aria-label={words.canvas(card.member.name)}>
      {card.looking && !away.value ? (
        <Shown card={card} onAway={turnAway} />
      ) : (
        <div class="video">
          <div class="mid-v">
            <p class="lead">
              <b>{words.notLooking}</b>
            </p>
            <button class="btn big" type="button" disabled={busy} onClick={choose}>
              <LaterIcon name="eye" />
              {words.look}
            </button>
          </div>
          <p class="cap">{first(mediums[card.medium])}</p>
        </div>
      )}
      <p role="status">{down}</p>
      <Problem of={trouble} />
      <p class="small quiet">{words.lookNote}</p>
    </section>
  );
}

function Shown({ card, onAway }: { card: ActionCard; onAway: () => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const watching = useSignal<Watching | null>(null);
  useEffect(() => {
    if (!canvas.current) return undefined;
    const one = media().watch(cardOf(card.action), canvas.current);
    watching.value = one;
    const stop = one.shows.subscribe((shows) => shows && reached(card.action, shows));
    return () => {
      stop();
      one.close();
    };
  }, [card.action]);
  const one = watching.value;
  const state = card.cut ? "cut" : (one?.state.value ?? "waiting");
  const shows = one?.shows.value ?? null;
  const sound = one?.sound.value ?? "none";
  return (
    <>
      <div class={shows ? "video" : "video is-cut"}>
        <canvas ref={canvas} role="img" aria-label={words.canvas(card.member.name)} hidden={!shows} />
        <p class="cap">
          <span class="vh" role="status">
            {state === "live" ? words.state.live : words.state[state]}
          </span>
          <span class="num" aria-hidden="true">
            {says(state, shows, one?.arrivedAt.value ?? null, card)}
          </span>
        </p>
      </div>
      <div class="pair">
        <button class="btn" type="button" onClick={onAway}>
          <Icon name="eye-off" />
          {words.lookAway}
        </button>
        {sound !== "none" && (
          <button class="btn" type="button" onClick={() => (sound === "on" ? one?.soundOff() : void one?.soundOn())}>
            <Icon name="volume-2" />
            {sound === "on" ? words.hush : words.hear}
          </button>
        )}
      </div>
    </>
  );
}

function says(state: Watching["state"]["value"], shows: Watching["shows"]["value"], at: number | null, card: ActionCard): string {
  if (state === "waiting" && card.medium === "photo") return words.photoWait;
  if (state !== "live") return words.state[state];
  if (shows === "photo" || shows === "stills") return words.shows[shows];
  return words.liveAge(at === null ? 0 : Math.max(0, Math.floor((localNow.value - at) / 1000)));
}
