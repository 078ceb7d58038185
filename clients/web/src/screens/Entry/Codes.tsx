import { useSignal } from "@preact/signals";
import { signedIn } from "../../app/start";
import { Bar } from "../../components/Bar/Bar";
import { Icon } from "../../icons/Icon";
import { me } from "../../model/model";
import { common, entry as words } from "../../text/en";

/** The recovery codes, shown once. */
export function Codes({ codes }: { codes: readonly string[] }) {
  const copied = useSignal(false);
  const copy = () => {
    navigator.clipboard?.writeText(codes.join("\n")).then(
      () => (copied.value = true),
      () => {},
    );
  };
  return (
    <div class="screen" data-screen="codes">
      <Bar title={common.name} heading={false} conn={false} />
      <main class="page">
        <h1 class="say">{words.codesSay}</h1>
        <p class="lead">{words.codesLead}</p>
        <ul class="card" data-codes>
          {codes.map((code) => (
            <li key={code} class="lead num" dir="ltr">
              {code}
            </li>
          ))}
        </ul>
        <p class="small quiet">{words.codesHint}</p>
        <div class="stack-2">
          <button class="btn wide" type="button" onClick={copy}>
            <Icon name={copied.value ? "check" : "copy"} />
            <span role="status">{copied.value ? words.copied : words.copyCodes}</span>
          </button>
          <button class="btn ink big wide" type="button" onClick={() => me.value && signedIn(me.value)}>
            {words.codesKept}
          </button>
        </div>
      </main>
    </div>
  );
}
