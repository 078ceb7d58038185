import { helpingNow, lookedAt, stillAsking } from "../app/cards";
import { go } from "../app/place";
import { card as words, helping } from "../text/en";
import { LineStrip } from "./LineStrip";
import { Strip } from "./Strip/Strip";

/** What goes on beside this screen: the line, calls that this person is in, calls that still ask for someone. */
export function Asides() {
  return (
    <>
      <LineStrip />
      {helpingNow.value.map((card) => (
        <Strip
          key={card.call}
          icon="heart-handshake"
          look="note"
          action={
            <button class="btn" type="button" onClick={() => go({ at: "helping", call: card.call })}>
              {words.go(card.caller.name)}
            </button>
          }
        >
          <b>{helping.title(card.caller.name)}</b>
        </Strip>
      ))}
      {stillAsking.value.map((card) => (
        <Strip
          key={card.call}
          icon="hand"
          look="note"
          action={
            <button class="btn" type="button" onClick={() => (lookedAt.value = card.call)}>
              {words.barOpen}
            </button>
          }
        >
          <b>{words.bar(card.caller.name)}</b>
        </Strip>
      ))}
    </>
  );
}
