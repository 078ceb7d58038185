import type { MemberKeys, WitnessKeys } from "../../witness/api";
import { safety as words } from "../../text/witness.en";

/** Eight words and a number, equal on both sides when nobody sits in between; and how to compare them (WA3). */
export function Safety({ keys: { word: of, devices } }: { keys: Pick<MemberKeys | WitnessKeys, "word" | "devices"> }) {
  const word = of.value;
  return (
    <details class="safety">
      <summary>{words.title}</summary>
      <div class="stack-2">
        <p>{words.lead}</p>
        {word ? (
          <>
            <p class="safety-word" translate={false}>
              {word.join(" ")}
            </p>
            <p>
              <b>{words.pages(devices.value)}</b>
            </p>
          </>
        ) : (
          <p class="quiet">{words.none}</p>
        )}
        <ul class="rules-list">
          <li>{words.same}</li>
          <li>{words.differ}</li>
        </ul>
        <p class="small quiet">{words.changes}</p>
      </div>
    </details>
  );
}
