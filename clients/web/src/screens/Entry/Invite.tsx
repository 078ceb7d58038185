import { useSignal } from "@preact/signals";
import { useInvite } from "../../app/commands";
import { go, invited } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Field, Problem } from "../../components/Field/Field";
import { LineStrip } from "../../components/LineStrip";
import { useDeed } from "../../components/useDeed";
import { invite as words, names } from "../../text/en";

/** A single-use link: choose the name that this group shall know, keep to its rules, come in (GR2, GR6). */
export function Invite({ invite }: { invite: string }) {
  const name = useSignal("");
  const pledged = useSignal(false);
  const { run, busy, trouble } = useDeed();
  const leave = () => (invited.value = null);
  const join = () =>
    run(async () => {
      const { ok } = await useInvite(invite, name.value.trim(), pledged.value);
      leave();
      if (ok?.group) go({ at: "room", group: ok.group });
    });
  return (
    <div class="screen" data-screen="invite">
      <Bar title={words.title} heading={false} />
      <main class="page">
        <LineStrip />
        <h1 class="say">{words.say}</h1>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void join();
          }}
        >
          <Field label={names.label} value={name} hint={names.hint} maxLength={32} required />
          <Choice label={words.pledge} sub={words.pledgeHint} checked={pledged.value} onChange={(on) => (pledged.value = on)} />
          <Problem of={trouble} />
          <button class="btn ink big wide" type="submit" disabled={busy}>
            {words.join}
          </button>
        </form>
        <button class="btn wide" type="button" onClick={leave}>
          {words.later}
        </button>
      </main>
    </div>
  );
}
