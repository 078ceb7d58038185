import type { SafetyWord } from "../../witness/api";
import { safety as words } from "../../text/witness.en";

/** Four words, equal on both sides when nobody sits in between; and how to compare them, said plainly (WA3). */
export function Safety({ word }: { word: SafetyWord | null }) {
  return (
    <details class="safety">
      <summary>{words.title}</summary>
      <div class="stack-2">
        <p>{words.lead}</p>
        {word ? (
          <p class="safety-word" translate={false}>
            {word.join(" ")}
          </p>
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
