import { useSignal } from "@preact/signals";
import { signOut, signedIn } from "../../app/start";
import { gate } from "../../app/place";
import { press } from "../../app/urgent";
import { Bar } from "../../components/Bar/Bar";
import { Field, Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { MainLine } from "../../components/PhoneLine/PhoneLine";
import { useDeed } from "../../components/useDeed";
import { post } from "../../net/http";
import { call, common, entry, locked as words } from "../../text/en";
import type { Me, Unlock } from "../../wire/frames";

/** After quick exit: reading wants the passphrase, asking for someone does not (CB4). */
export function Locked() {
  const passphrase = useSignal("");
  const { busy, trouble, run } = useDeed();
  const rung = press.value.is === "rung";
  return (
    <div class="screen" data-screen="locked">
      <Bar title={common.name} heading={false} conn={false} />
      <main class="page">
        <h1 class="say">{rung ? call.blindSay : words.say}</h1>
        <p class="lead" role="status">
          {rung ? call.blindLocked : words.lead}
        </p>
        {!rung && <p class="quiet">{words.callOpen}</p>}
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
            {words.unlock}
          </button>
        </form>
        <MainLine />
        <button
          class="btn bare start"
          type="button"
          onClick={() => void signOut().then(() => (gate.value = { is: "out", show: "welcome", revoked: false }))}
        >
          {words.signOut}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}
