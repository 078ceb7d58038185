import { computed } from "@preact/signals";
import { start } from "../app/start";
import { ask, keep } from "../app/sender";
import { live } from "../model/model";
import { actions } from "../model/witness";
import type { Action } from "../model/witness";
import type { ActionCard, MyAction } from "../wire/frames";
import * as media from "./media";

// `media.html`: the page's own session and live media without a screen, for journeys and measuring to drive from
// outside. Built beside the gallery (`./do gallery`), and no part of what is served.

/** One's own action, or the card of another's, as the screens hold it. */
const view = <A extends Action>(id: string) => computed(() => (actions.value.get(id) ?? null) as A | null);

const harness = { ...media, ask, keep, live, actions, mine: (id: string) => view<MyAction>(id), card: (id: string) => view<ActionCard>(id) };
declare global {
  interface Window {
    harness: typeof harness;
  }
}
window.harness = harness;
start("member");
