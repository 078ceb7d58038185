import { useSignal } from "@preact/signals";
import { narrowCall } from "../../app/commands";
import { Choice, Problem } from "../../components/Field/Field";
import { presenceOf } from "../../components/Presence/Presence";
import { useDeed } from "../../components/useDeed";
import { ask, call as words } from "../../text/en";
import type { MyCall } from "../../wire/frames";

/** The caller narrows whom a running call may still ask, and says whether volunteers may come (UC16, GR4). */
export function Narrow({ call }: { call: MyCall }) {
  const { run, busy, trouble, fail } = useDeed();
  const only = useSignal<readonly string[]>([]);
  const volunteersToo = useSignal(true);
  const done = useSignal(false);
  const open = presenceOf(call.group)?.people.filter((one) => one.open_to_calls) ?? [];
  if (open.length < 2) return null;
  const toggle = (member: string, on: boolean) => {
    done.value = false;
    only.value = on ? [...only.value, member] : only.value.filter((one) => one !== member);
  };
  const narrow = () => {
    if (only.value.length === 0) return void fail({ code: "", sentence: ask.nobodyChosen, todo: "" });
    return void run(() => narrowCall(call.call, [...only.value], volunteersToo.value)).then((well) => (done.value = well));
  };
  return (
    <details>
      <summary>{words.narrow}</summary>
      <div class="stack-2">
        {open.map(({ person }) => (
          <Choice key={person.member} label={person.name} checked={only.value.includes(person.member)} onChange={(on) => toggle(person.member, on)} />
        ))}
        <Choice label={ask.volunteersToo} checked={volunteersToo.value} onChange={(on) => (volunteersToo.value = on)} />
        <Problem of={trouble} />
        <button class="btn wide" type="button" disabled={busy} onClick={narrow}>
          {words.narrowNow}
        </button>
        <p role="status">{done.value && words.narrowed}</p>
      </div>
    </details>
  );
}
