import { computed, effect, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { live } from "../model/model";
import type { ActionCard } from "../wire/frames";
import type { Watching, WatchState } from "./api";
import { drawn, undrawn } from "./attend";
import type { Bytes } from "./bytes";
import { contentOf } from "./chunk";
import type { Content } from "./chunk";
import { VideoIn } from "./decode";
import { witnessKeys } from "./keys";
import type { Witness } from "./keys";
import { draw, empty, paint } from "./picture";
import { MediaSocket } from "./socket";
import { Ear } from "./sound";
import { Lateness, wantsPicture, watchState } from "./watching";
import type { Seen } from "./watching";
import { worldOf } from "./world";

/** So much may wait to be opened: some seconds of video. What is over it is let go, and a whole picture is asked for. */
const UNOPENED_AT_MOST = 200;
/** A key may be on its way on the other socket. */
const KEY_WITHIN_MS = 2_000;
/** Without a whole picture for so long a new line is opened, the only way to ask for one… */
const ANEW_AFTER_MS = 1_500;
/** …and no more often than this. */
const ANEW_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 500;

/** A witness's side of live media: see `Watching` in api.ts. */
export function watch(card: ReadonlySignal<ActionCard | null>, canvas: HTMLCanvasElement): Watching {
  return new Watcher(card, canvas);
}

class Watcher implements Watching {
  readonly state: ReadonlySignal<WatchState>;
  readonly shows: ReadonlySignal<"video" | "stills" | "photo" | null>;
  readonly arrivedAt = signal<number | null>(null);
  readonly sound = signal<"none" | "off" | "on">("none");
  #card: ReadonlySignal<ActionCard | null>;
  #canvas: HTMLCanvasElement;
  #action: string;
  #keys: Witness;
  #socket: MediaSocket;
  #ear = new Ear();
  #video: VideoIn;
  #lateness = new Lateness();
  #member = "";
  #seen = signal<Seen>({ line: "off", shown: null, late: 0, wrongSince: null, unable: false, closed: false });
  #now = signal(performance.now());
  /** Rises whenever what is on its way here must not be shown any more. */
  #turn = 0;
  #unopened: Bytes[] = [];
  #opening = false;
  #anewAt = -Infinity;
  #beganAt = performance.now();
  #wasCut = false;
  #stops: (() => void)[];

  constructor(card: ReadonlySignal<ActionCard | null>, canvas: HTMLCanvasElement) {
    this.#card = card;
    this.#canvas = canvas;
    this.#action = card.peek()?.action ?? "";
    this.#keys = witnessKeys(this.#action);
    this.#video = new VideoIn((frame) => this.#frame(frame), () => this.#anew());
    this.state = computed(() => watchState(this.#card.value, this.#seen.value, this.#now.value));
    this.shows = computed(() => this.#seen.value.shown?.medium ?? null);
    this.#socket = new MediaSocket(worldOf(this.#action), {
      up: (sends) => {
        if (sends) return this.#socket.stop();
        this.#beganAt = performance.now();
        this.#see({ line: "up" });
      },
      down: () => this.#see({ line: "away" }),
      over: () => {
        this.#see({ line: "over" });
        this.#clear();
      },
      message: (bytes) => this.#came(bytes),
    });
    const look = setInterval(() => (this.#now.value = performance.now()), LOOK_EVERY_MS);
    this.#stops = [
      () => clearInterval(look),
      effect(() => this.#follow(this.#card.value)),
      effect(() => {
        if (live.value) this.#socket.tryNow();
      }),
    ];
  }

  async soundOn(): Promise<boolean> {
    const heard = await this.#ear.open();
    if (this.#seen.peek().closed) this.#ear.close();
    else if (heard && this.sound.peek() === "off") this.sound.value = "on";
    return heard;
  }

  soundOff(): void {
    this.#ear.close();
    if (this.sound.peek() === "on") this.sound.value = "off";
  }

  close(): void {
    if (this.#seen.peek().closed) return;
    for (const stop of this.#stops) stop();
    this.#socket.stop();
    this.#clear();
    this.#ear.close();
    this.#see({ closed: true, line: "off" });
  }

  #see(change: Partial<Seen>): void {
    this.#now.value = performance.now();
    this.#seen.value = { ...this.#seen.peek(), ...change };
  }

  #follow(card: ActionCard | null): void {
    if (wantsPicture(card)) {
      const line = this.#seen.peek().line;
      if (line === "off" || (line === "over" && card!.version >= 0)) this.#begin();
    } else if (this.#seen.peek().line !== "off") {
      this.#socket.stop();
      this.#see({ line: "off" });
      this.#clear();
    }
    if (card?.cut) this.#clear();
    else if (this.#wasCut) this.#beganAt = performance.now();
    this.#wasCut = card?.cut ?? false;
    const shown = this.#seen.peek().shown;
    // Down a step, what was moving is not left standing there as if it were a still of now.
    if (shown && card && shown.medium !== card.medium && rank(shown.medium) < rank(card.medium)) this.#clear();
  }

  #begin(): void {
    this.#see({ line: "opening", wrongSince: null, unable: false });
    this.#socket.stop();
    this.#socket.start();
  }

  /** Nothing stays on the canvas, and nothing that is on its way comes onto it. */
  #clear(): void {
    this.#turn++;
    this.#unopened = [];
    this.#video.close();
    empty(this.#canvas);
    undrawn(this.#action);
    if (this.#seen.peek().shown) this.#see({ shown: null, late: 0 });
  }

  // ---- what comes

  #came(chunk: Bytes): void {
    if (this.#card.peek()?.cut) return;
    if (this.#unopened.length >= UNOPENED_AT_MOST) {
      this.#unopened = [];
      return this.#anew();
    }
    this.#unopened.push(chunk);
    if (!this.#opening) void this.#openAll();
  }

  /** One after the other: a counter that was opened shuts out all below it. */
  async #openAll(): Promise<void> {
    this.#opening = true;
    for (let chunk = this.#unopened.shift(); chunk; chunk = this.#unopened.shift()) {
      const turn = this.#turn;
      const opener = this.#keys.opener;
      let opened = await opener.open(chunk);
      if (opened === "no_key" && (await this.#keyCame())) opened = await opener.open(chunk);
      if (turn !== this.#turn) continue;
      if (opened === "old") continue;
      const content = typeof opened === "string" ? null : contentOf(opened.kind, opened.content);
      if (content) await this.#show(content, turn);
      else this.#wrong();
    }
    this.#opening = false;
  }

  /** Whether another key came within a moment. */
  #keyCame(): Promise<boolean> {
    const had = this.#keys.keys.peek();
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), KEY_WITHIN_MS);
      const stop = effect(() => {
        if (this.#keys.keys.value !== had) queueMicrotask(() => done(true));
      });
      const done = (came: boolean) => {
        clearTimeout(timer);
        stop();
        resolve(came);
      };
    });
  }

  #wrong(): void {
    const { wrongSince } = this.#seen.peek();
    if (wrongSince === null) this.#see({ wrongSince: performance.now() });
    this.arrivedAt.value = performance.now();
    if (wrongSince !== null && performance.now() - wrongSince > ANEW_EVERY_MS) this.#anew();
  }

  async #show(content: Content, turn: number): Promise<void> {
    if (this.#member !== this.#keys.opener.member) {
      this.#member = this.#keys.opener.member;
      this.#lateness.anew();
    }
    if (content.kind === "sound") return this.#hear(content.timestamp, content.data);
    const at = performance.now();
    this.arrivedAt.value = at;
    const late = this.#lateness.of(content.timestamp, at);
    this.#see({ wrongSince: null, late });
    if (content.kind === "still" || content.kind === "photo") {
      this.#video.close();
      const medium = content.kind === "still" ? "stills" : "photo";
      const wanted = () => turn === this.#turn;
      try {
        await draw(content.data, this.#canvas, wanted);
        if (wanted()) this.#drawn(medium);
      } catch {
        this.#wrong(); // more than a picture, or none: not shown
      }
    } else if (!VideoIn.able) {
      this.#see({ unable: true });
    } else if (content.kind === "key") {
      this.#video.key(content.config, content.timestamp, content.data);
    } else {
      this.#video.delta(content.timestamp, content.data);
      if (this.#video.needsKey && at - this.#beganAt > ANEW_AFTER_MS) this.#anew();
    }
  }

  #frame(frame: VideoFrame): void {
    paint(this.#canvas, frame, frame.displayWidth, frame.displayHeight);
    this.#drawn("video");
  }

  #drawn(medium: "video" | "stills" | "photo"): void {
    this.#see({ shown: { medium, at: performance.now() }, unable: false });
    drawn(this.#action, medium);
  }

  #hear(timestamp: number, data: Bytes): void {
    if (this.sound.peek() === "none") this.sound.value = this.#ear.on ? "on" : "off";
    this.#ear.packet(timestamp, data);
  }

  /** A whole picture is wanted. A watcher says nothing: the relay asks for one when it comes. */
  #anew(): void {
    const now = performance.now();
    if (now - this.#anewAt < ANEW_EVERY_MS) return;
    this.#anewAt = now;
    this.#video.close();
    this.#socket.renew();
  }
}

const rank = (medium: string) => ["video", "stills", "photo", "text"].indexOf(medium);
