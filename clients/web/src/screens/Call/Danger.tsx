import { useSignal } from "@preact/signals";
import { dangerNow } from "../../app/commands";
import { EmergencyLine, MainLine } from "../../components/PhoneLine/PhoneLine";
import { Sheet } from "../../components/Sheet/Sheet";
import { Icon } from "../../icons/Icon";
import { danger as words } from "../../text/en";

interface DangerProps {
  call: string;
  side: "caller" | "helper";
}

/** Danger now: one tap by either side. The number comes first; people are called whatever the state (UC17). */
export function DangerButton({ call, side }: DangerProps) {
  const open = useSignal(false);
  const called = useSignal<"sending" | "yes" | "no">("sending");
  const press = () => {
    open.value = true;
    called.value = "sending";
    const slow = setTimeout(() => (called.value = "no"), 5_000);
    dangerNow(call)
      .then(
        () => (called.value = "yes"),
        () => (called.value = "no"),
      )
      .finally(() => clearTimeout(slow));
  };
  const close = () => (open.value = false);
  return (
    <>
      <button class="btn" type="button" aria-haspopup="dialog" onClick={press}>
        <Icon name="triangle-alert" />
        {words.button}
      </button>
      {open.value && (
        <Sheet labelledBy="danger-title" onClose={close} data={{ "data-screen": "danger" }}>
          <h1 class="say" id="danger-title" tabIndex={-1}>
            {words.say}
          </h1>
          <EmergencyLine big sub={words.lead} />
          <p role="status">
            <b>{called.value === "yes" ? words.called : called.value === "no" ? words.notCalled : ""}</b>
          </p>
          <section class="stack-2">
            <h2>{side === "helper" ? words.scriptTitle : words.selfTitle}</h2>
            <ul class="rules-list">
              {(side === "helper" ? words.script : words.self).map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </section>
          <MainLine />
          <button class="btn big wide" type="button" onClick={close}>
            {words.back}
          </button>
        </Sheet>
      )}
    </>
  );
}
