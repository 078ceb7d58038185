// Stands in until src/witness/media.ts is there: no camera, no picture, no keys.
import { signal } from "@preact/signals";
import type { MediaWorld } from "./world";

export const noMedia: MediaWorld = {
  send: () => ({
    state: signal("none" as const), camera: signal("missing" as const), sound: signal(false), medium: signal("text" as const), why: signal("camera" as const),
    cut: async () => {}, uncut: async () => {}, choose: async () => {}, askAgain() {}, photo: () => Promise.reject(new Error("no camera")), sendPhoto: () => false, close() {},
  }),
  watch: () => ({ state: signal("unable" as const), shows: signal(null), arrivedAt: signal(null), sound: signal("none" as const), soundOn: async () => false, soundOff() {}, close() {} }),
  attend: () => ({ close() {} }),
  memberKeys: () => ({ word: signal(null), devices: signal(0), close() {} }),
  witnessKeys: () => ({ state: signal("waiting" as const), word: signal(null), refusal: signal(null), joined: Promise.resolve(false), leave: async () => {}, close() {} }),
};
