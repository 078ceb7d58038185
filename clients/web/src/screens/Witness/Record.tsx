import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go } from "../../app/place";
import { deleteRecord, exportRecord, listRecords } from "../../app/witness";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { LineStrip } from "../../components/LineStrip";
import { Sheet } from "../../components/Sheet/Sheet";
import { useDeed } from "../../components/useDeed";
import { useSettled } from "../../components/useSettled";
import { LaterIcon } from "../../icons/LaterIcon";
import { live } from "../../model/model";
import { common } from "../../text/en";
import { recordWords, records as words } from "../../text/witness.en";
import { dayOf, timeOfDay } from "../../text/words";
import type { RecordFile } from "../../wire/frames";
import { KeyOf } from "./Records";
import { readRecord } from "./recordFile";
import type { RecordEntry } from "./recordFile";

const back = () => go({ at: "witness", show: "records" });

/** One record: what is in it, as a file, on paper, and gone (WA6). */
export function RecordScreen({ action }: { action: string }) {
  const { run, trouble } = useDeed();
  const file = useSignal<RecordFile | null>(null);
  const key = useSignal("");
  const deleting = useSignal(false);
  const load = () =>
    run(async () => {
      file.value = await exportRecord(action);
      key.value = (await listRecords()).key;
    });
  useEffect(() => void (live.value && !file.peek() && load()), [live.value]);
  const record = file.value && readRecord(file.value.text);
  return (
    <div class="screen record" data-screen="record" data-action={action}>
      <Bar title={words.oneTitle} onBack={back} />
      <main class="page">
        <LineStrip />
        <Problem of={trouble} />
        {trouble && (
          <button class="btn wide" type="button" onClick={() => void load()}>
            {common.tryAgain}
          </button>
        )}
        {!file.value && !trouble && <p role="status">{words.loading}</p>}
        {record && (
          <section class="card" aria-labelledby="record-facts">
            <h2 id="record-facts">
              {words.facts}
              {record.entries[0] && `, ${dayOf(record.entries[0].at)}`}
            </h2>
            <ol class="entries">
              {record.entries.map((entry) => (
                <li key={entry.n}>
                  <span class="small quiet num">{timeOfDay(entry.at)}</span>
                  <bdi class="words">{say(entry)}</bdi>
                </li>
              ))}
            </ol>
            {record.sealedAt !== null && <p class="small quiet">{words.sealed(record.sealedAt)}</p>}
          </section>
        )}
        {file.value && <Take file={file.value} />}
        {key.value && <KeyOf key_={key.value} />}
        {file.value && (
          <button class="btn wide on-page" type="button" aria-haspopup="dialog" onClick={() => (deleting.value = true)}>
            <LaterIcon name="trash-2" />
            {words.delete}
          </button>
        )}
      </main>
      <NeedDock />
      {deleting.value && <DeleteSheet action={action} onClose={() => (deleting.value = false)} />}
    </div>
  );
}

/** An entry of a kind that this page does not know is shown as it stands. */
const say = (entry: RecordEntry) => recordWords[entry.what]?.(entry.more) ?? entry.what;

function Take({ file }: { file: RecordFile }) {
  const href = useSignal("");
  useEffect(() => {
    const address = URL.createObjectURL(new Blob([file.text], { type: "application/json" }));
    href.value = address;
    return () => URL.revokeObjectURL(address);
  }, [file]);
  return (
    <section class="stack-2 on-page" aria-labelledby="record-take">
      <h2 id="record-take">{words.take}</h2>
      <div class="pair">
        <a class="btn big" href={href.value} download={file.name}>
          <LaterIcon name="download" />
          {words.download}
        </a>
        <button class="btn big" type="button" onClick={() => window.print()}>
          <LaterIcon name="printer" />
          {words.print}
        </button>
      </div>
      <p class="small quiet">{words.names}</p>
      <p class="small quiet">{words.check(file.name)}</p>
    </section>
  );
}

/** A real question on its own sheet: what goes, what stays (WA6: only a tombstone stays). */
function DeleteSheet({ action, onClose }: { action: string; onClose: () => void }) {
  const { run, busy, trouble } = useDeed();
  const settled = useSettled();
  return (
    <Sheet labelledBy="delete-title" onClose={onClose} data={{ "data-screen": "record-delete" }}>
      <h1 class="say" id="delete-title" tabIndex={-1}>
        {words.deleteSay}
      </h1>
      <p class="lead">{words.deleteLead}</p>
      <Problem of={trouble} />
      <button class="btn big wide" type="button" onClick={onClose}>
        {words.deleteNo}
      </button>
      <button class="btn ink big wide" type="button" disabled={busy} onClick={settled(() => void run(() => deleteRecord(action)).then((well) => well && back()))}>
        {words.deleteYes}
      </button>
    </Sheet>
  );
}
