import { useSignal } from "@preact/signals";
import { setAvailability } from "../../app/commands";
import { go } from "../../app/place";
import { now } from "../../model/clock";
import { Icon } from "../../icons/Icon";
import { availability as words, common } from "../../text/en";
import type { MyGroup } from "../../wire/frames";
import type { AvailabilityState } from "../../wire/names";
import { Problem, Seg } from "../Field/Field";
import { Sheet } from "../Sheet/Sheet";
import { useDeed } from "../useDeed";

/** Open to calls, quiet, or on a break until a time: the member's own switch, per group (PR1). */
export function Availability({ group }: { group: MyGroup }) {
  const { run, trouble } = useDeed();
  const choosing = useSignal(false);
  const set = (state: AvailabilityState, until: number | null = null) =>
    run(() => setAvailability(group.group, state, until)).then(() => (choosing.value = false));
  const choose = (state: AvailabilityState) => {
    if (state === "open" && !group.introduced) go({ at: "introduction", group: group.group });
    else if (state === "break") choosing.value = true;
    else void set(state);
  };
  const until = group.availability === "break" && group.break_until ? ` ${words.until(group.break_until)}` : "";
  return (
    <>
      <Seg
        legend={words.legend}
        hideLegend
        value={group.availability}
        onChange={choose}
        options={[
          ["open", <><Icon name="bell" />{words.open}</>],
          ["quiet", <><Icon name="bell-off" />{words.quiet}</>],
          ["break", <><Icon name="coffee" />{words.break}{until}</>],
        ]}
      />
      <Problem of={trouble} />
      <p class="small quiet wide-only">{words.says[group.availability]}</p>
      {choosing.value && (
        <Sheet labelledBy="break-title" onClose={() => (choosing.value = false)} data={{ "data-screen": "break" }}>
          <h1 class="say" id="break-title" tabIndex={-1}>
            {words.breakTitle}
          </h1>
          {words.breaks.map(([minutes, label]) => (
            <button key={minutes} class="btn big wide" type="button" onClick={() => void set("break", Math.round(now.peek()) + minutes * 60_000)}>
              {label}
            </button>
          ))}
          <button class="btn wide" type="button" onClick={() => (choosing.value = false)}>
            {common.cancel}
          </button>
        </Sheet>
      )}
    </>
  );
}
