import { useSignal } from "@preact/signals";
import { signOut, signedIn } from "../../app/start";
import { gate } from "../../app/place";
import { cancelCall } from "../../app/commands";
import { callRuns, press } from "../../app/urgent";
import { Bar } from "../../components/Bar/Bar";
import { Field, Problem } from "../../components/Field/Field";
import { namesOf, nearby } from "../../components/Helpers";
import { NeedDock } from "../../components/LampButton";
import { MainLine } from "../../components/PhoneLine/PhoneLine";
import { useDeed } from "../../components/useDeed";
import { myCall } from "../../model/model";
import { post } from "../../net/http";
import { call, common, entry, locked as words } from "../../text/en";
import type { Me, Unlock } from "../../wire/frames";

/** After quick exit: reading wants the passphrase, asking for someone does not (CB4). */
export function Locked() {
  const passphrase = useSignal("");
  const { busy, trouble, run } = useDeed();
  const ending = useDeed();
  const open = myCall.value && callRuns() ? myCall.value : null;
  const near = open ? namesOf([...nearby(open.helpers).here, ...nearby(open.helpers).inRoom]) : [];
  const rung = !open && press.value.is === "rung";
  return (
    <div class="screen" data-screen="locked">
      <Bar title={common.name} heading={false} conn={false} />
      <main class="page">
        <h1 class="say">{open ? words.callSay : rung ? call.blindSay : words.say}</h1>
        <p class="lead" role="status">
          {open ? words.callLead(near) : rung ? call.blindLocked : words.lead}
        </p>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            const body: Unlock = { passphrase: passphrase.value };
            void run(async () => signedIn(await post<Me>("/api/unlock", body)));
          }}
        >
          <Field label={entry.passphrase} value={passphrase} type="password" autocomplete="current-password" maxLength={200} required />
          <Problem of={trouble} />
          <button class="btn ink big wide" type="submit" disabled={busy}>
            {open ? words.backIn : words.unlock}
          </button>
        </form>
        {open && (
          <button class="btn wide" type="button" onClick={() => void ending.run(() => cancelCall(open.call, "ok"))}>
            {words.imOk}
          </button>
        )}
        <Problem of={ending.trouble} />
        <MainLine />
        <button
          class="btn bare start"
          type="button"
          onClick={() => void signOut().then(() => (gate.value = { is: "out", show: "welcome", revoked: false }))}
        >
          {words.signOut}
        </button>
      </main>
      {!open && <NeedDock />}
    </div>
  );
}
