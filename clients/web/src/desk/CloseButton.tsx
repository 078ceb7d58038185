import { useSignal } from "@preact/signals";
import { closeAsVolunteer } from "../app/commands";
import { Problem } from "../components/Field/Field";
import { Sheet } from "../components/Sheet/Sheet";
import { useDeed } from "../components/useDeed";
import { common } from "../text/en";
import { oncall as words } from "../text/oncall.en";

const REASONS = ["caller_safe", "handed_to_service", "no_answer"] as const;

/** An accepted volunteer closes with a reason after the caller's silence (UC16). */
export function CloseButton({ call, onClosed }: { call: string; onClosed: () => void }) {
  const { run, busy, trouble } = useDeed();
  const open = useSignal(false);
  const close = (reason: (typeof REASONS)[number]) =>
    void run(() => closeAsVolunteer(call, reason)).then((well) => well && onClosed());
  return (
    <>
      <button class="btn" type="button" aria-haspopup="dialog" onClick={() => (open.value = true)}>
        {words.closeCall}
      </button>
      {open.value && (
        <Sheet labelledBy="close-title" onClose={() => (open.value = false)} data={{ "data-screen": "close-call" }}>
          <h1 class="say" id="close-title" tabIndex={-1}>
            {words.closeSay}
          </h1>
          <p class="small quiet">{words.closeHint}</p>
          <Problem of={trouble} />
          <div class="stack-2">
            {REASONS.map((reason) => (
              <button key={reason} class="btn big wide" type="button" disabled={busy} onClick={() => close(reason)}>
                {words.closeReasons[reason]}
              </button>
            ))}
            <button class="btn wide" type="button" onClick={() => (open.value = false)}>
              {common.cancel}
            </button>
          </div>
        </Sheet>
      )}
    </>
  );
}
