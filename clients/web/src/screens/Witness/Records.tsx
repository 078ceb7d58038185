import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go } from "../../app/place";
import { listRecords } from "../../app/witness";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { LineStrip } from "../../components/LineStrip";
import { useDeed } from "../../components/useDeed";
import { Icon } from "../../icons/Icon";
import { live } from "../../model/model";
import { common } from "../../text/en";
import { records as words } from "../../text/witness.en";
import { dayOf, timeOfDay } from "../../text/words";
import type { RecordLine, Records } from "../../wire/frames";
import { Days } from "./Days";

/** The member's own records: look, take out, delete; and the key that seals them (WA6). */
export function RecordsScreen() {
  const { run, trouble } = useDeed();
  const found = useSignal<Records | null>(null);
  const load = () => run(async () => (found.value = await listRecords()));
  useEffect(() => void (live.value && !found.peek() && load()), [live.value]);
  return (
    <div class="screen" data-screen="records">
      <Bar title={words.title} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <LineStrip />
        <p class="lead">{words.lead}</p>
        <Problem of={trouble} />
        {trouble && (
          <button class="btn wide" type="button" onClick={() => void load()}>
            {common.tryAgain}
          </button>
        )}
        {!found.value && !trouble && <p role="status">{words.loading}</p>}
        {found.value?.records.length === 0 && <p>{words.none}</p>}
        {found.value && found.value.records.length > 0 && (
          <ul class="stack-2">
            {found.value.records.map((one) => (
              <li key={one.action}>{one.deleted || !one.deed ? <p class="quiet">{words.deleted(one.at)}</p> : <Line one={one} />}</li>
            ))}
          </ul>
        )}
        {found.value && <KeyOf key_={found.value.key} />}
        <Days />
      </main>
      <NeedDock />
    </div>
  );
}

function Line({ one }: { one: RecordLine }) {
  const what = one.deed ? words.line(one.deed) : "";
  return (
    <button class="btn big wide group-item" type="button" onClick={() => go({ at: "witness", show: "record", action: one.action })}>
      <span>
        {what}
        <span class="sub">
          {dayOf(one.at)}, {timeOfDay(one.at)}: {words.ended[one.ended]}
          {one.witnesses > 0 && `, ${words.witnesses(one.witnesses)}`}
        </span>
      </span>
      <Icon name="chevron-right" />
    </button>
  );
}

export function KeyOf({ key_ }: { key_: string }) {
  return (
    <section class="card" aria-labelledby="key-title">
      <h2 id="key-title">{words.keyTitle}</h2>
      <p class="fingerprint" dir="ltr" translate={false}>
        {key_}
      </p>
      <p class="small quiet">{words.keyLead}</p>
    </section>
  );
}
