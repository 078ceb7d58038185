import { useId } from "preact/hooks";
import { hasPlan, plan } from "../../device/plan";
import { telephone } from "../../device/helplines";
import { Icon } from "../../icons/Icon";
import { plan as words } from "../../text/en";
import "./PlanCard.css";

/** The member's own plan in their own words: first when calling, and offline (CB5). */
export function PlanCard() {
  const id = useId();
  const { steps, places, people } = plan.value;
  if (!hasPlan(plan.value)) return null;
  const said = [...steps, ...(places ? [places] : [])];
  return (
    <section class="card" aria-labelledby={id}>
      <div class="line apart">
        <h2 id={id}>{words.title}</h2>
        <span class="small quiet">{words.own}</span>
      </div>
      <ol class="plan">
        {said.map((step, at) => (
          <li key={at}>
            <span class="n" aria-hidden="true">
              {at + 1}
            </span>
            <span class="words">{step}</span>
          </li>
        ))}
        {people.map((person, at) => (
          <li key={`p${at}`}>
            <span class="n" aria-hidden="true">
              {said.length + at + 1}
            </span>
            <span class="line apart">
              <span>{words.ring(person.name)}</span>
              {person.number && (
                <a class="btn" href={telephone(person.number)} aria-label={words.callPerson(person.name)}>
                  <Icon name="phone" />
                  {words.callShort}
                </a>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
