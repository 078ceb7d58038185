import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { lookAtInvite, useInvite } from "../../app/commands";
import { go, invited } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Field, Problem } from "../../components/Field/Field";
import { LineStrip } from "../../components/LineStrip";
import { NeedDock } from "../../components/LampButton";
import { useDeed } from "../../components/useDeed";
import { live } from "../../model/model";
import { common, names } from "../../text/en";
import { find, invite as words } from "../../text/more.en";
import type { InvitedTo } from "../../wire/frames";

/** A single-use link: see what it leads to, choose the name that this group shall know, keep to its rules (GR2, GR6). */
export function Invite({ invite }: { invite: string }) {
  const seen = useSignal<InvitedTo | null>(null);
  const { run, busy, trouble } = useDeed();
  const look = () => run(async () => (seen.value = await lookAtInvite(invite)));
  useEffect(() => {
    if (live.value && !seen.peek()) void look();
  }, [live.value]);
  const leave = () => (invited.value = null);
  return (
    <div class="screen" data-screen="invite">
      <Bar title={words.title} heading={false} />
      <main class="page">
        <LineStrip />
        {seen.value ? (
          <Join invite={invite} to={seen.value} onDone={leave} />
        ) : (
          <>
            <h1 class="say">{words.title}</h1>
            <Problem of={trouble} />
            {!trouble && <p class="lead">{common.loading}</p>}
            {trouble && trouble.code !== "invite_spent" && (
              <button class="btn wide" type="button" disabled={busy} onClick={() => void look()}>
                {common.tryAgain}
              </button>
            )}
          </>
        )}
        <button class="btn wide" type="button" onClick={leave}>
          {words.later}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}

function Join({ invite, to, onDone }: { invite: string; to: InvitedTo; onDone: () => void }) {
  const name = useSignal("");
  const pledged = useSignal(false);
  const { run, busy, trouble } = useDeed();
  const join = () =>
    run(async () => {
      const { ok } = await useInvite(invite, name.value.trim(), pledged.value);
      onDone();
      if (ok?.group) go({ at: "room", group: ok.group });
    });
  return (
    <>
      <h1 class="say">{words.say(to.name)}</h1>
      {to.blurb && <p class="lead words">{to.blurb}</p>}
      <section class="card" aria-labelledby="invite-rules">
        <h2 id="invite-rules">{find.rules}</h2>
        <p class="words">{to.rules || words.noRules}</p>
      </section>
      {to.questions.length > 0 && (
        <section class="card" aria-labelledby="invite-questions">
          <h2 id="invite-questions">{words.questions}</h2>
          <ul class="rules-list">
            {to.questions.map((question) => (
              <li key={question}>{question}</li>
            ))}
          </ul>
        </section>
      )}
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
    </>
  );
}
