import { useSignal } from "@preact/signals";
import { reportAction } from "../../app/witness";
import { Choice, Field, Problem } from "../../components/Field/Field";
import { Sheet } from "../../components/Sheet/Sheet";
import { useDeed } from "../../components/useDeed";
import { watch as words } from "../../text/beside.en";
import { common, person } from "../../text/en";
import type { ActionCard } from "../../wire/frames";
import type { ReportReason } from "../../wire/names";

const REASONS: readonly ReportReason[] = ["fixing", "dumping", "pressuring", "judging", "unwanted"];

/** Reported: the picture stops for who reported it, at once (WA3, CB3). */
export function ReportSheet({ card, onSend, onClose }: { card: ActionCard; onSend: () => void; onClose: () => void }) {
  const { run, busy, trouble } = useDeed();
  const reason = useSignal<ReportReason | null>(null);
  const text = useSignal("");
  const send = () => {
    const why = reason.value;
    if (!why) return;
    onSend();
    void run(() => reportAction(card.action, why, text.value.trim())).then((well) => well && onClose());
  };
  return (
    <Sheet labelledBy="witness-report-title" onClose={onClose} data={{ "data-screen": "witness-report" }}>
      <h1 class="say" id="witness-report-title" tabIndex={-1}>
        {words.reportSay}
      </h1>
      <p class="lead">{words.reportLead}</p>
      <fieldset class="stack-2">
        <legend class="vh">{words.reportSay}</legend>
        {REASONS.map((one) => (
          <Choice key={one} name="witness-reason" label={person.reasons[one]} checked={reason.value === one} onChange={() => (reason.value = one)} />
        ))}
      </fieldset>
      <Field label={words.reportWords} value={text} rows={2} maxLength={1000} />
      <Problem of={trouble} />
      <button class="btn ink big wide" type="button" disabled={busy || !reason.value} onClick={send}>
        {words.reportSend}
      </button>
      <button class="btn wide" type="button" onClick={onClose}>
        {common.cancel}
      </button>
    </Sheet>
  );
}
