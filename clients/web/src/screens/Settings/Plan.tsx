import { useSignal } from "@preact/signals";
import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Field } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { plan, savePlan } from "../../device/plan";
import { Icon } from "../../icons/Icon";
import { common, plan as words } from "../../text/en";
import { AT_MOST, planOf } from "./planForm";

/** The own plan (CB5): in the member's words, on this device alone. */
export function PlanScreen() {
  const now = plan.peek();
  const signs = useSignal(now.signs);
  const steps = useSignal(now.steps.join("\n"));
  const places = useSignal(now.places);
  const people = useSignal(now.people);
  const said = useSignal("");
  const change = (at: number, field: "name" | "number", text: string) =>
    (people.value = people.value.map((one, other) => (other === at ? { ...one, [field]: text } : one)));
  const save = async () => {
    const kept = await savePlan(planOf({ signs: signs.value, steps: steps.value, places: places.value, people: people.value }));
    said.value = kept ? words.keptHere : words.notKept;
  };
  return (
    <div class="screen" data-screen="plan">
      <Bar title={words.title} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <p class="lead">{words.lead}</p>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <Field label={words.steps} value={steps} rows={4} maxLength={AT_MOST.steps} />
          <Field label={words.places} value={places} rows={2} maxLength={AT_MOST.places} />
          <Field label={words.signs} value={signs} rows={2} maxLength={AT_MOST.signs} />
          <fieldset class="stack">
            <legend>
              <b>{words.people}</b>
            </legend>
            {people.value.map((one, at) => (
              <div class="card" key={at}>
                <div class="field">
                  <label for={`name-${at}`}>{words.personName}</label>
                  <input class="input" id={`name-${at}`} autocomplete="off" maxLength={AT_MOST.personName} value={one.name} onInput={(event) => change(at, "name", event.currentTarget.value)} />
                </div>
                <div class="field">
                  <label for={`number-${at}`}>{words.personNumber}</label>
                  <input class="input" id={`number-${at}`} type="tel" dir="ltr" autocomplete="off" maxLength={AT_MOST.personNumber} value={one.number} onInput={(event) => change(at, "number", event.currentTarget.value)} />
                </div>
                <button class="btn" type="button" onClick={() => (people.value = people.value.filter((_, other) => other !== at))}>
                  <Icon name="x" />
                  {words.removePerson(one.name)}
                </button>
              </div>
            ))}
            <button class="btn wide" type="button" onClick={() => (people.value = [...people.value, { name: "", number: "" }])}>
              <Icon name="plus" />
              {words.addPerson}
            </button>
          </fieldset>
          <button class="btn ink big wide" type="submit">
            {common.save}
          </button>
          <p role="status">{said.value}</p>
        </form>
      </main>
      <NeedDock />
    </div>
  );
}
