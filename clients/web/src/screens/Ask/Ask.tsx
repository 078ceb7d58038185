import { useSignal } from "@preact/signals";
import { go } from "../../app/place";
import type { Place } from "../../app/place";
import { pressCall } from "../../app/urgent";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Field, Problem } from "../../components/Field/Field";
import { LampButton } from "../../components/LampButton";
import { Checked, EmergencyLine, MainLine, PlanLine } from "../../components/PhoneLine/PhoneLine";
import { PlanCard } from "../../components/PlanCard/PlanCard";
import { WhoCanCome, presenceOf } from "../../components/Presence/Presence";
import { useSettled } from "../../components/useSettled";
import type { Trouble } from "../../components/useDeed";
import { mainLine } from "../../device/helplines";
import { usualGroup } from "../../device/prefs";
import { groupOf, groups, live } from "../../model/model";
import { ask as words, common } from "../../text/en";
import { people } from "../../text/words";
import type { PresenceView } from "../../wire/frames";

interface AskProps {
  group: string | null;
  from: Place;
}

/** The second tap, on the very same spot as the first: who can come, words if wanted, ask (UC1, PR6). */
export function Ask({ group: wanted, from }: AskProps) {
  const chosen = useSignal(wanted ?? usualGroup.value.value);
  const group = groupOf(chosen.value);
  const view = group?.state === "active" ? presenceOf(chosen.value) : null;
  const text = useSignal("");
  const choosing = useSignal(false);
  const only = useSignal<readonly string[]>([]);
  const volunteersToo = useSignal(true);
  const trouble = useSignal<Trouble | null>(null);
  const settled = useSettled();
  const nobody = view !== null && view.can_come === 0;
  if (chosen.value === "") return <NoGroup from={from} />;
  const press = settled(() => {
    if (choosing.value && only.value.length === 0) {
      trouble.value = { code: "", sentence: words.nobodyChosen, todo: "" };
      return;
    }
    pressCall({
      group: chosen.value,
      words: text.value.trim(),
      only: choosing.value ? [...only.value] : null,
      volunteersToo: choosing.value ? volunteersToo.value : true,
    });
    go({ at: "call" });
  });
  return (
    <div class="screen" data-screen="ask">
      <Bar title={group?.name ?? common.name} heading={false} onBack={() => go(from)} />
      <main class="page wide">
        <div class="stack">
          <h1 class="say">{!view ? words.unknown : nobody ? words.nobody : words.some(view.can_come)}</h1>
          {view && <WhoCanCome view={view} />}
          <p class="lead">{lead(view, group?.state === "pending")}</p>
          <Field label={words.words} value={text} rows={2} placeholder={words.wordsHint} maxLength={1000} />
          <Problem of={trouble.value} />
        </div>
        <div class="stack">
          <section class="card" aria-labelledby="ask-phone">
            <h2 id="ask-phone">{nobody ? words.phoneFirst : words.orPhone}</h2>
            <MainLine big={nobody} />
            {mainLine.value && <Checked line={mainLine.value} />}
          </section>
          {view && view.people.some((one) => one.open_to_calls) && (
            <Whom view={view} choosing={choosing} only={only} volunteersToo={volunteersToo} />
          )}
          {groups.value.length > 1 && (
            <fieldset class="stack-2">
              <legend>
                <b>{words.inGroup}</b>
              </legend>
              {groups.value.map((one) => (
                <Choice
                  key={one.group}
                  name="ask-group"
                  label={one.name}
                  sub={one.my_name}
                  checked={one.group === chosen.value}
                  onChange={() => {
                    chosen.value = one.group;
                    choosing.value = false;
                    only.value = [];
                  }}
                />
              ))}
            </fieldset>
          )}
          {nobody && <PlanCard />}
        </div>
      </main>
      <footer class="dock">
        <div class="inner flow">
          <button class="btn wide" type="button" onClick={() => go(from)}>
            {words.notNow}
          </button>
          <LampButton onClick={press}>{!view ? words.confirmAny : nobody ? words.confirmNobody : words.confirmSome}</LampButton>
        </div>
      </footer>
    </div>
  );
}

function lead(view: PresenceView | null, pending: boolean): string {
  if (pending) return words.leadPending;
  if (!view) return live.value ? words.leadSoon : words.leadUnknown;
  return view.can_come > 0 ? words.leadSome(view.can_come) : words.leadNobody(view.volunteers, view.away_opted_in);
}

interface WhomProps {
  view: PresenceView;
  choosing: { value: boolean };
  only: { value: readonly string[] };
  volunteersToo: { value: boolean };
}

/** The caller may narrow whom to ask, and says whether volunteers may come if none of them can (GR4). */
function Whom({ view, choosing, only, volunteersToo }: WhomProps) {
  const open = view.people.filter((one) => one.open_to_calls);
  const toggle = (member: string, on: boolean) =>
    (only.value = on ? [...only.value, member] : only.value.filter((one) => one !== member));
  return (
    <fieldset class="stack-2">
      <legend>
        <b>{words.whom}</b>
      </legend>
      <Choice name="ask-whom" label={words.everyone} sub={people(view.can_come)} checked={!choosing.value} onChange={() => (choosing.value = false)} />
      <Choice name="ask-whom" label={words.choose} checked={choosing.value} onChange={() => (choosing.value = true)} />
      {choosing.value && (
        <>
          {open.map(({ person }) => (
            <Choice
              key={person.member}
              label={person.name}
              checked={only.value.includes(person.member)}
              onChange={(on) => toggle(person.member, on)}
            />
          ))}
          <Choice label={words.volunteersToo} checked={volunteersToo.value} onChange={(on) => (volunteersToo.value = on)} />
        </>
      )}
    </fieldset>
  );
}

/** Someone in no group can be asked for by nobody here: numbers, their own plan, and the truth. */
function NoGroup({ from }: { from: Place }) {
  return (
    <div class="screen" data-screen="no-group">
      <Bar title={common.name} heading={false} onBack={() => go(from)} />
      <main class="page">
        <h1 class="say">{words.noGroup}</h1>
        <p class="lead">{words.noGroupLead}</p>
        <div class="stack-2">
          <MainLine big />
          <PlanLine />
          <EmergencyLine />
        </div>
        <PlanCard />
      </main>
    </div>
  );
}
