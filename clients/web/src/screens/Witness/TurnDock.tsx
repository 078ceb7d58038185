import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { callRuns } from "../../app/urgent";
import { LampButton, NeedButton } from "../../components/LampButton";
import { useSettled } from "../../components/useSettled";
import { call } from "../../text/en";
import { mine as words } from "../../text/witness.en";
import type { MyAction } from "../../wire/frames";
import { needSomeone } from "./turn";

/**
 * The bottom edge of one's own action. “I need someone now” owns it, as everywhere: the second tap is on the spot of the
 * first, and turns the action into a call (WA7). What else can be done stands above it.
 */
export function TurnDock({ one, children }: { one: MyAction; children?: ComponentChildren }) {
  const asks = useSignal(false);
  const sending = useSignal(false);
  const settled = useSettled(String(asks.value));
  const turn = () => {
    sending.value = true;
    void needSomeone(one).finally(() => (sending.value = false));
  };
  return (
    <footer class="dock">
      <div class="inner">
        {!asks.value && <div class="acts">{children}</div>}
        {callRuns() ? (
          <NeedButton group={one.group} />
        ) : asks.value ? (
          <>
            <p role="status">{sending.value ? call.sendingSay : words.needLead}</p>
            <button class="btn wide" type="button" onClick={settled(() => (asks.value = false))}>
              {words.needNot}
            </button>
            <LampButton both disabled={sending.value} onClick={settled(turn)}>
              {words.needAgain}
            </LampButton>
          </>
        ) : (
          <LampButton onClick={() => (asks.value = true)}>{words.need}</LampButton>
        )}
      </div>
    </footer>
  );
}
