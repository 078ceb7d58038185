import { removeWitness } from "../../app/witness";
import { CalmStatus } from "../../components/CalmStatus";
import { Problem } from "../../components/Field/Field";
import { Badge } from "../../components/Person";
import { Mark } from "../../components/Row/Mark";
import { Twice } from "../../components/Twice/Twice";
import { useDeed } from "../../components/useDeed";
import { mine as words } from "../../text/witness.en";
import type { MyAction, WitnessView } from "../../wire/frames";
import { company, taps } from "./derive";

/** Who is truly there, by name; who said yes and gets nothing just now is not counted, and it says so (WA4). */
export function Company({ one, title }: { one: MyAction; title: string }) {
  const { present, joined } = company(one.witnesses);
  const { run, busy, trouble } = useDeed();
  const with_ = taps(one.witnesses);
  const remove = (witness: WitnessView) => void run(() => removeWitness(one.action, witness.person.member));
  const row = (witness: WitnessView, lit: boolean) => (
    <li key={witness.person.member}>
      <Mark is={lit ? "lit" : "reached"} />
      <span>
        <b>{witness.person.name}</b> <Badge of={witness.person} /> {lit ? words.here : words.joined}
        {lit && witness.looking && `, ${words.looking}`}
      </span>
    </li>
  );
  return (
    <section class="card" aria-labelledby="company-title">
      <h2 id="company-title">{title}</h2>
      {present.length + joined.length === 0 && <p class="quiet">{words.nobodyYet}</p>}
      <ul class="facts">
        {present.map((witness) => row(witness, true))}
        {joined.map((witness) => row(witness, false))}
      </ul>
      {with_.length > 0 && (
        <p class="words">
          <b>{words.withYouTaps(with_)}</b>
        </p>
      )}
      {present.length + joined.length > 0 && (
        <details>
          <summary>{words.removeTitle}</summary>
          <div class="stack-2">
            {[...present, ...joined].map((witness) => (
              <Twice key={witness.person.member} look="wide" again={words.removeAgain(witness.person.name)} disabled={busy} onDo={() => remove(witness)}>
                {words.remove(witness.person.name)}
              </Twice>
            ))}
          </div>
        </details>
      )}
      <CalmStatus says={with_.length > 0 ? `${words.watching(one.present)} ${words.withYouTaps(with_)}` : words.watching(one.present)} />
      <Problem of={trouble} />
    </section>
  );
}
