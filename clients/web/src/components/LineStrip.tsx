import { localNow } from "../app/start";
import { tryNow } from "../app/sender";
import { line as lineNow } from "../model/model";
import { line as words } from "../text/en";
import { Strip } from "./Strip/Strip";

/** What is wrong with the line and when the next try is; `note` says what that means here. Nothing while it is live. */
export function LineStrip({ note = "" }: { note?: string }) {
  const line = lineNow.value;
  if (line.is === "ended" && line.why === "protocol") {
    return (
      <Strip
        icon="refresh-cw"
        role="alert"
        action={
          <button class="btn" type="button" onClick={() => location.reload()}>
            {words.reload}
          </button>
        }
      >
        <b>{words.protocol}</b> {words.protocolDo}
      </Strip>
    );
  }
  if ((line.is !== "waiting" && line.is !== "connecting") || line.tries === 0) return null;
  const seconds = line.is === "waiting" ? Math.max(0, Math.ceil((line.nextAt - localNow.value) / 1000)) : 0;
  return (
    <>
      <Strip
        icon="refresh-cw"
        action={
          <button class="btn" type="button" onClick={tryNow}>
            {words.tryNow}
          </button>
        }
      >
        <b role="status">{words.lineDropped}</b> {seconds > 0 ? words.tryingIn(seconds) : words.trying}
      </Strip>
      {note && <p class="small quiet">{note}</p>}
    </>
  );
}
