import { useSignal } from "@preact/signals";
import { sayStep } from "../../app/witness";
import { Field, Problem } from "../../components/Field/Field";
import { useDeed } from "../../components/useDeed";
import { Icon } from "../../icons/Icon";
import { watch } from "../../text/beside.en";
import { timeOfDay } from "../../text/words";
import { mine as words } from "../../text/witness.en";
import type { MyAction, StepView } from "../../wire/frames";

/** What was told so far, in its order. `label` says whose steps they are. */
export function StepList({ steps, label }: { steps: readonly StepView[]; label: string }) {
  return (
    <div role="log" aria-label={label}>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step.at}>
            <Icon name="check" />
            <span class="words">
              <bdi>{step.text}</bdi> <span class="small quiet num">{timeOfDay(step.at)}</span>
            </span>
          </li>
        ))}
      </ol>
      {steps.length === 0 && <p class="quiet">{watch.noSteps}</p>}
    </div>
  );
}

/** The member tells it as it goes: one tap for what is usual, or their own words (WA2). */
export function OwnSteps({ one }: { one: MyAction }) {
  const { run, busy, trouble } = useDeed();
  const text = useSignal("");
  const tell = (said: string) => void run(() => sayStep(one.action, said)).then((well) => well && said === text.peek().trim() && (text.value = ""));
  const told = new Set(one.steps.map((step) => step.text));
  const next = words.ready[one.deed].filter((said) => !told.has(said));
  return (
    <section class="card" aria-labelledby="steps-title">
      <h2 id="steps-title">{words.steps}</h2>
      <p class="small quiet">{words.stepsLead}</p>
      <StepList steps={one.steps} label={words.steps} />
      {next.length > 0 && (
        <div class="trio">
          {next.map((said) => (
            <button key={said} class="btn" type="button" disabled={busy} onClick={() => tell(said)}>
              {said}
            </button>
          ))}
        </div>
      )}
      <form
        class="stack-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.value.trim()) tell(text.value.trim());
        }}
      >
        <Field label={words.stepLabel} value={text} maxLength={500} />
        <button class="btn wide" type="submit" disabled={busy}>
          {words.stepSend}
        </button>
      </form>
      <Problem of={trouble} />
    </section>
  );
}
