import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { NeedDock } from "../../components/LampButton";
import { Checked, EmergencyLine, PhoneLine } from "../../components/PhoneLine/PhoneLine";
import { countries, here, local } from "../../device/helplines";
import { country } from "../../device/prefs";
import { lines as words } from "../../text/en";
import type { Helpline } from "../../wire/frames";

const KINDS: readonly Helpline["kind"][] = ["crisis", "text", "youth", "substance"];

/** The site that a number was found at, without the rest of its address. */
function siteOf(source: string): string {
  return source.replace(/^https?:\/\/(www\.)?/, "").replace(/\/.*$/, "");
}

/** Numbers of one country, each with its source and the day it was checked (CB6). */
export function Lines({ onBack }: { onBack?: () => void }) {
  const known = Object.entries(countries.value).sort(([, a], [, b]) => a.name.localeCompare(b.name));
  const mine = local.value;
  return (
    <div class="screen" data-screen="lines">
      <Bar title={words.title} conn={!onBack} onBack={onBack ?? (() => go({ at: "groups" }))} />
      <main class="page">
        <div class="field">
          <label for="country">{words.country}</label>
          <select class="input" id="country" value={here.value} onChange={(event) => country.set(event.currentTarget.value)}>
            {known.length === 0 && <option value="">{words.chooseCountry}</option>}
            {known.map(([code, one]) => (
              <option key={code} value={code}>
                {one.name}
              </option>
            ))}
          </select>
        </div>
        {mine?.lines.some((line) => !line.verified) && (
          <p class="small quiet">{mine.lines.some((line) => line.verified) ? words.someChecked : words.noneChecked}</p>
        )}
        {!mine && <p class="lead">{words.none}</p>}
        {mine && (
          <section class="stack-2">
            <h2>{words.dangerNow}</h2>
            <EmergencyLine big />
          </section>
        )}
        {KINDS.map((kind) => {
          const some = mine?.lines.filter((line) => line.kind === kind) ?? [];
          if (some.length === 0) return null;
          return (
            <section class="stack-2" key={kind}>
              <h2>{words.kinds[kind]}</h2>
              {some.map((line) => (
                <div class="stack-1" key={line.number}>
                  <PhoneLine number={line.number} sub={line.name} byText={kind === "text"} />
                  {line.verified && <Checked line={line} />}
                  <p class="small quiet">
                    {words.source}: {siteOf(line.source)}
                  </p>
                </div>
              ))}
            </section>
          );
        })}
      </main>
      {!onBack && <NeedDock />}
    </div>
  );
}
