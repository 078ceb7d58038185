import { useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { listMembers } from "../../app/commands";
import { go } from "../../app/place";
import { declareAction } from "../../app/witness";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Field, Problem, Seg } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { LineStrip } from "../../components/LineStrip";
import { useDeed } from "../../components/useDeed";
import { groupOf } from "../../model/model";
import { common } from "../../text/en";
import { declare as words, deeds } from "../../text/witness.en";
import type { Deed, Medium } from "../../text/witness.en";
import type { Person } from "../../wire/frames";
import { Heading } from "./Declare";
import { localMinute } from "./derive";

const MEDIA: readonly Medium[] = ["video", "stills", "photo", "text"];
const COUNTS = ["1", "2", "3", "4", "5"] as const;

/** How much they see, how many, who, when (WA1, WA2). */
export function DeclareHow({ deed, group, onBack }: { deed: Deed; group: string; onBack: () => void }) {
  const { run, busy, trouble, fail } = useDeed();
  const offCamera = deed === "hand_over";
  const medium = useSignal<Medium>(offCamera ? "text" : "video");
  const sound = useSignal(false);
  const pills = useSignal(false);
  const wanted = useSignal<(typeof COUNTS)[number]>("1");
  const choosing = useSignal(false);
  const only = useSignal<readonly string[]>([]);
  const later = useSignal(false);
  const at = useSignal("");
  const text = useSignal("");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const send = () => {
    if (choosing.value && only.value.length === 0) return void fail({ code: "", sentence: words.nobodyChosen, todo: "" });
    if (later.value && !(at.value > localMinute(new Date()))) return void fail({ code: "", sentence: words.atMissing, todo: "" });
    return void run(async () => {
      const action = await declareAction({
        group, deed, words: text.value.trim(), medium: medium.value, sound: medium.value === "video" && sound.value, pills: pills.value,
        wanted: Number(wanted.value), only: choosing.value ? [...only.value] : null, plan: later.value ? { local: at.value, zone } : null,
      });
      go({ at: "witness", show: "mine", action });
    });
  };
  return (
    <div class="screen" data-screen="declare-how">
      <Bar title={deeds[deed]} onBack={onBack} backLabel={words.back} />
      <main class="page">
        <LineStrip />
        <Heading>{words.howSay}</Heading>
        {offCamera ? (
          <p class="lead">{words.handOver}</p>
        ) : (
          <fieldset class="stack-2">
            <legend class="vh">{words.medium}</legend>
            {MEDIA.map((one) => (
              <Choice key={one} name="medium" label={words.media[one][0]} sub={words.media[one][1]} checked={medium.value === one} onChange={() => (medium.value = one)} />
            ))}
          </fieldset>
        )}
        {medium.value === "video" && <Choice label={words.sound} sub={words.soundHint} checked={sound.value} onChange={(on) => (sound.value = on)} />}
        {medium.value !== "text" && <p class="small">{words.film}</p>}
        {deed === "take_back" && <p>{words.pillsAlways}</p>}
        {(deed === "throw_away" || deed === "hand_over") && (
          <Choice label={words.pills} sub={words.pillsHint} checked={pills.value} onChange={(on) => (pills.value = on)} />
        )}
        <Seg legend={words.wanted} value={wanted.value} onChange={(n) => (wanted.value = n)} options={COUNTS.map((n) => [n, n] as const)} />
        <Seg
          legend={words.who}
          value={choosing.value ? "some" : "all"}
          onChange={(who) => (choosing.value = who === "some")}
          options={[["all", words.everyone], ["some", words.choosePeople]]}
        />
        {choosing.value && <Whom group={group} only={only} />}
        <Seg legend={words.when} value={later.value ? "later" : "now"} onChange={(when) => (later.value = when === "later")} options={[["now", words.now], ["later", words.later]]} />
        {later.value && <At at={at} zone={zone} />}
        <Field label={words.words} value={text} rows={2} placeholder={words.wordsEmpty} hint={words.wordsHint} maxLength={1000} />
        <Problem of={trouble} />
        <button class="btn ink big wide" type="button" disabled={busy} onClick={send}>
          {later.value ? words.plan : words.askNow}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}

function At({ at, zone }: { at: Signal<string>; zone: string }) {
  return (
    <div class="field">
      <label for="plan-at">{words.at}</label>
      <input
        class="input"
        id="plan-at"
        type="datetime-local"
        aria-describedby="plan-at-hint"
        min={localMinute(new Date())}
        value={at.value}
        onInput={(event) => (at.value = event.currentTarget.value.slice(0, 16))}
      />
      <p class="small quiet" id="plan-at-hint">
        {words.atHint(zone)}
      </p>
    </div>
  );
}

/** People of the group, to choose from: nobody else is asked, or learns of it (GR4). */
function Whom({ group, only }: { group: string; only: Signal<readonly string[]> }) {
  const { run, trouble } = useDeed();
  const people = useSignal<readonly Person[] | null>(null);
  const me = groupOf(group)?.me;
  useEffect(() => void run(async () => (people.value = (await listMembers(group)).people.filter((one) => one.member !== me))), [group]);
  const set = (member: string, on: boolean) => (only.value = on ? [...only.value, member] : only.value.filter((one) => one !== member));
  return (
    <>
      <Problem of={trouble} />
      {!people.value && !trouble && <p class="quiet">{common.loading}</p>}
      {people.value?.length === 0 && <p>{words.noOthers}</p>}
      {people.value && people.value.length > 0 && (
        <fieldset class="stack-2">
          <legend class="vh">{words.who}</legend>
          {people.value.map((one) => (
            <Choice key={one.member} label={one.name} checked={only.value.includes(one.member)} onChange={(on) => set(one.member, on)} />
          ))}
        </fieldset>
      )}
    </>
  );
}
