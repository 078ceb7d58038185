import { useSignal } from "@preact/signals";
import { createGroup } from "../../app/commands";
import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Field, Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { useDeed } from "../../components/useDeed";
import { names } from "../../text/en";
import { create as words } from "../../text/more.en";

const parts = (text: string, by: RegExp, most: number) =>
  text
    .split(by)
    .map((part) => part.trim())
    .filter(Boolean)
    .slice(0, most);

export function CreateGroup() {
  const name = useSignal("");
  const blurb = useSignal("");
  const tags = useSignal("");
  const rules = useSignal("");
  const questions = useSignal("");
  const myName = useSignal("");
  const { run, busy, trouble } = useDeed();
  const make = () =>
    run(async () => {
      const { ok } = await createGroup({
        name: name.value.trim(),
        blurb: blurb.value.trim(),
        tags: parts(tags.value, /,/, 12),
        rules: rules.value.trim(),
        questions: parts(questions.value, /\n/, 5),
        my_name: myName.value.trim(),
      });
      go(ok?.group ? { at: "room", group: ok.group } : { at: "groups" });
    });
  return (
    <div class="screen" data-screen="create">
      <Bar title={words.title} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <p class="lead">{words.lead}</p>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <Field label={words.name} value={name} maxLength={32} required />
          <Field label={words.blurb} value={blurb} rows={2} maxLength={1000} />
          <Field label={words.tags} value={tags} maxLength={200} />
          <Field label={words.rules} value={rules} rows={3} maxLength={1000} />
          <Field label={words.questions} value={questions} rows={3} maxLength={1000} />
          <Field label={names.label} value={myName} hint={names.hint} maxLength={32} required />
          <Problem of={trouble} />
          <button class="btn ink big wide" type="submit" disabled={busy}>
            {words.make}
          </button>
        </form>
      </main>
      <NeedDock />
    </div>
  );
}
