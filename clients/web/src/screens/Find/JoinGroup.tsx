import { useSignal } from "@preact/signals";
import { askToJoin } from "../../app/commands";
import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Field, Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { useDeed } from "../../components/useDeed";
import { groupsText, names } from "../../text/en";
import { find, join as words } from "../../text/more.en";
import type { GroupCard } from "../../wire/frames";

/** Ask a closed group to let one in: its questions, and a pledge to its rules (GR2). */
export function JoinGroup({ card }: { card: GroupCard }) {
  const name = useSignal("");
  const answers = useSignal<readonly string[]>(card.questions.map(() => ""));
  const pledged = useSignal(false);
  const sent = useSignal(false);
  const { run, busy, trouble } = useDeed();
  const send = () =>
    run(() => askToJoin(card.group, name.value.trim(), [...answers.value], pledged.value)).then((well) => well && (sent.value = true));
  if (sent.value) return <Sent />;
  return (
    <div class="screen" data-screen="join">
      <Bar title={words.title} heading={false} onBack={() => go({ at: "find" })} />
      <main class="page">
        <h1 class="say">{card.name}</h1>
        <p class="lead">{words.lead}</p>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <Field label={names.label} value={name} hint={names.hint} maxLength={32} required />
          {card.questions.map((question, at) => (
            <div class="field" key={question}>
              <label for={`answer-${at}`}>{question}</label>
              <textarea
                class="input"
                id={`answer-${at}`}
                rows={3}
                maxLength={1000}
                value={answers.value[at]}
                onInput={(event) => {
                  const text = event.currentTarget.value;
                  answers.value = answers.value.map((one, other) => (other === at ? text : one));
                }}
              />
            </div>
          ))}
          {card.rules && (
            <section class="card" aria-labelledby="join-rules">
              <h2 id="join-rules">{find.rules}</h2>
              <p class="words">{card.rules}</p>
            </section>
          )}
          <Choice label={words.pledge} checked={pledged.value} onChange={(on) => (pledged.value = on)} />
          <Problem of={trouble} />
          <button class="btn ink big wide" type="submit" disabled={busy}>
            {words.send}
          </button>
        </form>
      </main>
      <NeedDock />
    </div>
  );
}

function Sent() {
  return (
    <div class="screen" data-screen="join-sent">
      <Bar title={words.title} heading={false} />
      <main class="page">
        <h1 class="say">{words.sentSay}</h1>
        <p class="lead">{words.sentLead}</p>
        <button class="btn ink big wide" type="button" onClick={() => go({ at: "groups" })}>
          {groupsText.title}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}
