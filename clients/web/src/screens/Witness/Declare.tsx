import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Problem } from "../../components/Field/Field";
import { LampButton, NeedDock } from "../../components/LampButton";
import { EmergencyLine, MainLine, PhoneLine } from "../../components/PhoneLine/PhoneLine";
import type { Trouble } from "../../components/useDeed";
import { here as country, local } from "../../device/helplines";
import { dayOfText } from "../../text/words";
import { declare as words, deeds } from "../../text/witness.en";
import type { Deed, RefusedDeed } from "../../text/witness.en";
import { DeclareHow } from "./DeclareHow";
import { disposes, steps, wayIn } from "./disposal";

type Step = "what" | "care" | "safe" | "how";
const isRefused = (deed: Deed | RefusedDeed): deed is RefusedDeed => deed in words.refused;

/** “Watch me do this”: what, what is safe, how and with whom (WA1, WA8). */
export function Declare({ group }: { group: string }) {
  const step = useSignal<Step>("what");
  const deed = useSignal<Deed | RefusedDeed | null>(null);
  const chosen = deed.value;
  const back = () => (step.value = step.value === "how" && chosen && !isRefused(chosen) && disposes(chosen) ? "safe" : "what");
  const room = () => go({ at: "room", group });
  const on = () => {
    if (chosen) step.value = isRefused(chosen) ? "care" : disposes(chosen) ? "safe" : "how";
  };
  if (step.value === "what" || !chosen) return <What deed={deed.value} onChoose={(one) => (deed.value = one)} onNext={on} onBack={room} />;
  if (isRefused(chosen)) return <Care deed={chosen} group={group} onBack={back} />;
  if (step.value === "safe") return <Safe deed={chosen} group={group} onBack={back} onNext={() => (step.value = "how")} />;
  return <DeclareHow deed={chosen} group={group} onBack={back} />;
}

/** The heading of a step takes the focus when the step comes: what it says is heard, and Tab goes on from there. */
export function Heading({ children, focus = true }: { children: string; focus?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!focus) return;
    heading.current?.focus();
    window.scrollTo(0, 0);
  }, []);
  return (
    <h2 class="say" tabIndex={-1} ref={heading}>
      {children}
    </h2>
  );
}

interface WhatProps {
  deed: Deed | RefusedDeed | null;
  onChoose: (deed: Deed | RefusedDeed) => void;
  onNext: () => void;
  onBack: () => void;
}

const DEEDS = Object.keys(deeds) as Deed[];
const REFUSED = Object.keys(words.refused) as RefusedDeed[];

function What({ deed, onChoose, onNext, onBack }: WhatProps) {
  const trouble = useSignal<Trouble | null>(null);
  const next = () => {
    if (deed) onNext();
    else trouble.value = { code: "", sentence: words.choose, todo: "" };
  };
  return (
    <div class="screen" data-screen="declare">
      <Bar title={words.title} onBack={onBack} />
      <main class="page">
        <h2 class="say" id="declare-what">
          {words.say}
        </h2>
        <p class="lead">{words.lead}</p>
        <fieldset class="stack-2">
          <legend class="vh">{words.say}</legend>
          {DEEDS.map((one) => (
            <Choice key={one} name="deed" label={deeds[one]} sub={words.subs[one]} checked={deed === one} onChange={() => onChoose(one)} />
          ))}
          <p class="other">
            <b>{words.other}</b>
          </p>
          {REFUSED.map((one) => (
            <Choice key={one} name="deed" label={words.refused[one]} checked={deed === one} onChange={() => onChoose(one)} />
          ))}
        </fieldset>
        <Problem of={trouble.value} />
        <button class="btn ink big wide" type="button" onClick={next}>
          {words.next}
        </button>
        <button class="btn wide" type="button" onClick={() => go({ at: "witness", show: "records" })}>
          {words.records}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}

/** What is not done in front of others leads to care and to people, never to a scolding (WA8). Nothing of it is sent. */
function Care({ deed, group, onBack }: { deed: RefusedDeed; group: string; onBack: () => void }) {
  const me = { at: "witness", show: "declare", group } as const;
  const grave = deed === "self_harm" || deed === "ingest";
  const lines = local.value?.lines.filter((line) => line.kind === "substance") ?? [];
  return (
    <div class="screen" data-screen="declare-care">
      <Bar title={words.title} onBack={onBack} backLabel={words.back} />
      <main class="page">
        <Heading>{words.careSay[deed]}</Heading>
        <p class="lead">{words.careLead[deed]}</p>
        <LampButton onClick={() => go({ at: "ask", group, from: me })}>{words.careAsk}</LampButton>
        <MainLine big={deed === "self_harm"} />
        {(deed === "taper" || deed === "ingest") && lines.map((line) => <PhoneLine key={line.number} number={line.number} sub={line.name} />)}
        {grave && <EmergencyLine />}
        <button class="btn wide" type="button" onClick={onBack}>
          {words.careOther}
        </button>
        <p class="small quiet">{words.careNothing}</p>
      </main>
      <NeedDock />
    </div>
  );
}

/** Before it is got rid of: the warning before pouring out, and the safe way for the member's country (WA8). */
function Safe({ deed, group, onBack, onNext }: { deed: Deed; group: string; onBack: () => void; onNext: () => void }) {
  const way = wayIn(country.value, deed);
  const pours = deed === "pour_out";
  const lines = local.value?.lines.filter((line) => line.kind === "substance") ?? [];
  const me = { at: "witness", show: "declare", group } as const;
  return (
    <div class="screen" data-screen="declare-safe">
      <Bar title={words.title} onBack={onBack} backLabel={words.back} />
      <main class="page wide">
        <div class="stack">
          <Heading>{pours ? words.pourSay : words.safeSay}</Heading>
          {pours && (
            <div class="problem stack-2">
              <p class="lead">
                <b>{words.pourWarning}</b>
              </p>
              <p>{words.pourSigns}</p>
            </div>
          )}
          {way && (
            <section class="card" aria-labelledby="safe-country">
              <h3 id="safe-country">{words.safeWay(local.value?.name ?? "")}</h3>
              <p>{way.medicine}</p>
              <p class="small quiet">
                {way.checked ? words.checked(dayOfText(way.checked)) : words.notChecked} {words.source}: {way.source.replace(/^https?:\/\/(www\.)?/, "").replace(/\/.*$/, "")}
              </p>
            </section>
          )}
          <section class="card" aria-labelledby="safe-anywhere">
            <h3 id="safe-anywhere">{pours ? words.safeSay : words.safeAnywhere}</h3>
            <ul class="rules-list">
              {steps(deed).map((one) => (
                <li key={one}>{one}</li>
              ))}
            </ul>
          </section>
        </div>
        <div class="stack">
          {pours && (
            <>
              {lines.map((line) => (
                <PhoneLine key={line.number} number={line.number} sub={line.name} />
              ))}
              <MainLine />
              <EmergencyLine />
            </>
          )}
          <button class="btn ink big wide" type="button" onClick={onNext}>
            {words.next}
          </button>
          <button class="btn wide" type="button" onClick={() => go({ at: "ask", group, from: me })}>
            {words.callFirst}
          </button>
        </div>
      </main>
      <NeedDock />
    </div>
  );
}
