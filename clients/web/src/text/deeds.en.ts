// What may be done in front of others (WA8), and how it is carried (WA2). The on-call page says these too.
import type { DeclareAction, MyAction } from "../wire/frames";

export type Deed = MyAction["deed"];
export type RefusedDeed = Exclude<DeclareAction["deed"], Deed>;
export type Medium = MyAction["medium"];

/** As a choice of the member's own. */
export const deeds: Record<Deed, string> = {
  pour_out: "Pour out a bottle",
  take_back: "Take pills to a take-back box",
  throw_away: "Throw something away",
  delete: "Delete something",
  walk_past: "Walk past a place",
  contact: "Get in touch with someone",
  hand_over: "Hand something to someone",
};

/** What goes on: “Ana asks you to watch: pouring out a bottle.” */
export const doing: Record<Deed, string> = {
  pour_out: "pouring out a bottle",
  take_back: "taking pills to a take-back box",
  throw_away: "throwing something away",
  delete: "deleting something",
  walk_past: "walking past a place",
  contact: "getting in touch with someone",
  hand_over: "handing something to someone",
};

export const mediums: Record<Medium, string> = {
  video: "live video",
  stills: "still pictures",
  photo: "one photo",
  text: "words only",
};

/** A sentence or a title begins with it. */
export const first = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
