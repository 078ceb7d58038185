// The media of a witnessed action as the screens use it (src/witness/api.ts), and what of it outlives a screen: a member
// who looks at their call, or at the room, does not lose the picture of those who are with them (WA7).
import { computed, effect, signal, untracked } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { beforeLeaving } from "../../device/exit";
import { actions } from "../../model/witness";
import { tell } from "../../app/sender";
import { newKey } from "../../wire/keys";
import type { ActionCard, MyAction } from "../../wire/frames";
import { runs } from "./derive";
import type { Attend, MakeMemberKeys, MakeWitnessKeys, Send, Sending, Watch } from "../../witness/api";
import * as real from "../../witness/media";

export interface MediaWorld {
  send: Send;
  watch: Watch;
  attend: Attend;
  memberKeys: MakeMemberKeys;
  witnessKeys: MakeWitnessKeys;
}

let world: MediaWorld = real;

/** Tests and the gallery bring their own. */
export function mediaThrough(one: MediaWorld): void {
  for (const id of [...pictures.peek().keys()]) endPicture(id);
  world = one;
}
export const media = (): MediaWorld => world;

/** One's own action by id, or null when it is gone. */
export const myAction = (id: string): ReadonlySignal<MyAction | null> => computed(() => {
  const one = actions.value.get(id);
  return one?.t === "my_action" ? one : null;
});
export const cardOf = (id: string): ReadonlySignal<ActionCard | null> => computed(() => {
  const one = actions.value.get(id);
  return one?.t === "action_card" ? one : null;
});

// ---- the member's own picture

export interface OwnPicture {
  video: HTMLVideoElement;
  sending: Sending;
  facing: "user" | "environment";
  end(): void;
}

const pictures = signal<ReadonlyMap<string, OwnPicture>>(new Map());

/** The picture of this page for this action, if it was begun. */
export const pictureOf = (id: string): OwnPicture | undefined => pictures.value.get(id);

/** Ask for the camera; nothing is sent before the member is live (WA3). */
export function beginPicture(id: string, facing: "user" | "environment" = "environment"): OwnPicture {
  const held = pictures.peek().get(id);
  if (held?.facing === facing) return held;
  held?.end();
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  const action = myAction(id);
  const sending = world.send(action, { preview: video, facing });
  const cutFirst = () => {
    if (action.peek()?.stage !== "gathering") tell({ t: "cut_picture", k: newKey(), action: id, cut: true });
    end();
  };
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    pictures.value = new Map([...pictures.peek()].filter(([other]) => other !== id));
    beforeLeaving.delete(cutFirst);
    over();
    sending.close();
    video.srcObject = null;
  };
  const over = effect(() => {
    const stage = action.value?.stage;
    if (!stage || stage === "ended") queueMicrotask(end);
  });
  beforeLeaving.add(cutFirst);
  const one = { video, sending, facing, end };
  pictures.value = new Map([...pictures.peek(), [id, one]]);
  return one;
}

export function endPicture(id: string): void {
  pictures.peek().get(id)?.end();
}

// Whoever joins needs the key, whichever screen the member is on (docs/media.md).
effect(() => {
  for (const one of actions.value.values()) {
    if (one.t === "my_action" && runs(one.stage)) untracked(() => world.memberKeys(one.action));
  }
});
