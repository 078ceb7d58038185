// What the screens of a witnessed action use of live media, as types (docs/media.md says how it works underneath).
//
//   import { attend, memberKeys, send, watch, witnessKeys } from "../witness/media";    // only from a lazy chunk
//
// Everything here follows signals that the caller holds (the newest `my_action` or `action_card`, or null when it is
// gone), keeps to what they say, and ends by `close()` or when the action is over. Nothing throws: what went wrong is a
// state that can be shown.
import type { ReadonlySignal } from "@preact/signals";
import type { ActionCard, MyAction, SetMedium } from "../wire/frames";

export type Medium = SetMedium["medium"];
/** Why the medium changed, for `set_medium` and for the words on the page. */
export type MediumWhy = SetMedium["why"];

// ---- the member

export interface SendOptions {
  /** Where the member sees their own picture, also before anything is sent. It is muted and plays inline. */
  preview: HTMLVideoElement;
  /** A front or a back camera, where the device has both. The back one when left out: it shows what is done. */
  facing?: "user" | "environment";
}

/**
 * - `starting`: the camera is being asked for; nothing is sent
 * - `ready`: the picture is in the preview and goes nowhere, because the member is not live yet
 * - `alone`: live, but nobody looks: nothing is encoded or sent
 * - `sending`: at least one witness looks
 * - `cut`: the member cut it; nothing leaves this device
 * - `lost`: the media socket is away and being opened again; nothing is sent
 * - `elsewhere`: another page of the member's took over
 * - `none`: the medium is text: there is no picture
 * - `ended`: closed, or the action is over
 */
export type SendState = "starting" | "ready" | "alone" | "sending" | "cut" | "lost" | "elsewhere" | "none" | "ended";

/** `refused`: the person or the browser said no. `missing`: no camera. `busy`: another program holds it. */
export type CameraState = "off" | "asking" | "on" | "refused" | "missing" | "busy";

/** A picture that was taken or chosen, made small and bare of metadata, and not sent yet. */
export interface Photo {
  readonly width: number;
  readonly height: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
  /** Show it, before it is sent. */
  draw(canvas: HTMLCanvasElement): Promise<void>;
}

export interface Sending {
  readonly state: ReadonlySignal<SendState>;
  readonly camera: ReadonlySignal<CameraState>;
  /** Whether sound is being taken up: false as well when it was wanted and the microphone was refused. */
  readonly sound: ReadonlySignal<boolean>;
  /** The step of the ladder this page is on. It is down before the server said `ok`, and never above what it said. */
  readonly medium: ReadonlySignal<Medium>;
  readonly why: ReadonlySignal<MediumWhy>;
  /** At once on this device, then `cut_picture`. Resolves when the server has it; rejects like any command. */
  cut(): Promise<void>;
  /** Let it go on. Nothing is sent before the server's `ok`. */
  uncut(): Promise<void>;
  /** Another step of the ladder, by the member's own tap: up or down, `why: "choice"`. */
  choose(medium: Medium): Promise<void>;
  /** Ask for the camera once more (after it was refused, missing or busy). Where it stepped down to text for that:
   * `choose("video")`, which asks too. */
  askAgain(): void;
  /** A photo from a file the member chose, or from the camera. Rejects with `NotAPhoto` when it is no picture. */
  photo(from: Blob | null): Promise<Photo>;
  /** Show it to those who look, now and whoever looks later. False: there is no line; it goes when there is one. */
  sendPhoto(photo: Photo): boolean;
  /** Camera and microphone off, socket closed, keys kept. */
  close(): void;
}

export class NotAPhoto extends Error {}

export type Send = (action: ReadonlySignal<MyAction | null>, options: SendOptions) => Sending;

// ---- a witness

/**
 * - `off`: not looking (or not live yet): not one byte of the picture comes
 * - `waiting`: looking, and nothing arrived yet
 * - `live`: what is on the canvas is from the last seconds
 * - `behind`: it comes, but late or with gaps; or nothing came for 10 s
 * - `cut`: the member cut it; the canvas is empty
 * - `sealed-wrong`: something came that cannot be opened; nothing of it is shown
 * - `lost`: the media socket is away and being opened again
 * - `unable`: this browser cannot show the medium (video without WebCodecs)
 * - `ended`: closed, the right to look ended, or the action is over; the canvas is empty
 */
export type WatchState =
  | "off" | "waiting" | "live" | "behind" | "cut" | "sealed-wrong" | "lost" | "unable" | "ended";

export interface Watching {
  readonly state: ReadonlySignal<WatchState>;
  /** What the canvas shows, or null while it is empty. */
  readonly shows: ReadonlySignal<"video" | "stills" | "photo" | null>;
  /** `performance.now()` of what arrived last, or null. */
  readonly arrivedAt: ReadonlySignal<number | null>;
  /** `none`: no sound came. `off`: there is sound; it is heard after `soundOn()`. */
  readonly sound: ReadonlySignal<"none" | "off" | "on">;
  /** Call from inside a tap. Resolves with whether it is heard now. */
  soundOn(): Promise<boolean>;
  soundOff(): void;
  close(): void;
}

/** Begins when the card says `looking`, stops and empties the canvas when it does not: `look` is the screen's to send. */
export type Watch = (card: ReadonlySignal<ActionCard | null>, canvas: HTMLCanvasElement) => Watching;

/**
 * Tells the server every 4 s what truly reaches this page (`got`, WA4), while the page is visible: the picture that came
 * in the last 10 s, or before it is live and in text and photo the newest step. Start it while the witness's own screen
 * stands, with or without a picture. `shown` says whether the steps can be seen (not behind a sheet); yes, if left out.
 */
export type Attend = (card: ReadonlySignal<ActionCard | null>, shown?: () => boolean) => { close(): void };

// ---- keys, either side

/** Eight short words. Equal on both sides, and so many pages as people have open: the server did not put itself between. */
export type SafetyWord = readonly string[];

export interface MemberKeys {
  /** Null while there is no witness or it is being worked out. It changes when a witness comes or goes. */
  readonly word: ReadonlySignal<SafetyWord | null>;
  /** How many pages of witnesses hold the key. */
  readonly devices: ReadonlySignal<number>;
  close(): void;
}

/** `wrong`: the list of devices that the server sent lacks this page, or the key cannot be unwrapped. Say so. */
export type WitnessKeyState = "joining" | "waiting" | "ready" | "wrong" | "left" | "refused";

export interface WitnessKeys {
  readonly state: ReadonlySignal<WitnessKeyState>;
  readonly word: ReadonlySignal<SafetyWord | null>;
  /** How many pages of witnesses hold the key, by the list that the word is over: one too many is somebody else's. */
  readonly devices: ReadonlySignal<number>;
  /** What the server said when it refused; null else. */
  readonly refusal: ReadonlySignal<{ sentence: string; todo: string } | null>;
  /** Resolves when `join_action` was accepted or refused (see `state`). */
  readonly joined: Promise<boolean>;
  /** Say `leave_action` and forget the keys. */
  leave(): Promise<void>;
  /** Forget the keys of this page without leaving. */
  close(): void;
}

/** The member's side. One per action and page, the same each time; `send` uses it too. Start it when gathering begins. */
export type MakeMemberKeys = (action: string) => MemberKeys;
/** A witness's side: it sends `join_action`, and again by itself after the line came back. One per action and page, the
 * same each time: call it on the tap, and on a page that was loaded anew and whose card says `joined`. */
export type MakeWitnessKeys = (action: string) => WitnessKeys;
