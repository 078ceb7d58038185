import { useId } from "preact/hooks";
import { now, secondsUntil } from "../../model/clock";
import { Icon } from "../../icons/Icon";
import { call as words } from "../../text/en";
import type { Helper, NextStep } from "../../wire/frames";
import "./NextSteps.css";

interface NextStepsProps {
  next: readonly NextStep[];
  /** Those with a running pledge. */
  coming: readonly Helper[];
}

/** What comes next and when, counted down by the server's clock (UC8). Never a live region. */
export function NextSteps({ next, coming }: NextStepsProps) {
  const id = useId();
  const names = coming.map((helper) => helper.person.name);
  const pledge = Math.min(...coming.map((helper) => helper.until ?? Number.POSITIVE_INFINITY));
  const [first, ...rest] = next;
  return (
    <section class="card" aria-labelledby={id}>
      <h2 class="vh" id={id}>
        {words.next}
      </h2>
      <ol class="next">
        {Number.isFinite(pledge) ? (
          <li aria-current="step">
            <Icon name="arrow-right" />
            <span>
              <b class="when num">{words.within(secondsUntil(pledge, now.value))}</b>
              {words.joins(names)}
            </span>
          </li>
        ) : (
          first && <Step step={first} names={names} first />
        )}
      </ol>
      {(rest.length > 0 || (Number.isFinite(pledge) && first)) && (
        <details>
          <summary>{words.andThen}</summary>
          <ol class="next">
            {(Number.isFinite(pledge) ? next : rest).map((step) => (
              <Step key={`${step.ring} ${step.at}`} step={step} names={names} />
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

function Step({ step, names, first = false }: { step: NextStep; names: readonly string[]; first?: boolean }) {
  const when =
    step.waits_for_pledge && names.length > 0 ? words.waitsForPledge(names) : words.inTime(secondsUntil(step.at, now.value));
  return (
    <li aria-current={first ? "step" : undefined}>
      <Icon name={first ? "arrow-right" : "clock"} />
      <span>
        <b class="when num">{when}</b>
        {words.nextWords[step.ring](step.people)}
      </span>
    </li>
  );
}
