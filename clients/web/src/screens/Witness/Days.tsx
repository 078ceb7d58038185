import { Choice } from "../../components/Field/Field";
import { countFrom } from "./dayCount";
import { days as words } from "../../text/witness.en";
import { daysBetween, localMinute, milestones } from "./derive";

const today = () => localMinute(new Date()).slice(0, 10);

/** A count of days, only for who wants one, on this device alone. Nothing else ever changes it. */
export function Days() {
  const from = countFrom.value.value;
  const count = from ? daysBetween(from, today()) : null;
  const { reached, next } = milestones(count ?? -1, Object.keys(words.milestones).map(Number));
  const name = (n: number) => words.milestones[n] ?? "";
  return (
    <section class="card" aria-labelledby="days-title">
      <h2 id="days-title">{words.title}</h2>
      <p class="small quiet">{words.lead}</p>
      <Choice label={words.on} checked={from !== ""} onChange={(on) => countFrom.set(on ? today() : "")} />
      {from !== "" && (
        <div class="field">
          <label for="days-from">{words.since}</label>
          <input class="input" id="days-from" type="date" max={today()} value={from} onInput={(event) => event.currentTarget.value && countFrom.set(event.currentTarget.value)} />
        </div>
      )}
      {count !== null && (
        <p role="status">
          <b>{words.count(count)}</b> {reached !== null && words.countReached(name(reached))} {next !== null && words.next(name(next), next - count)}
        </p>
      )}
    </section>
  );
}
