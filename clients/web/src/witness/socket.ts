import { backoff } from "../net/backoff";
import { endedBy, waitHint } from "../net/close";
import { Refusal } from "../net/http";
import { CLOSE_NO_RIGHT, CLOSE_TAKEN_OVER } from "../wire/frames";
import { ascii } from "./bytes";
import type { Bytes } from "./bytes";

// The media socket of one action (docs/media.md): a ticket from the main socket, then chunks. It comes back by itself.

/** The world as the socket needs it: the page gives the real one, a test gives its own. */
export interface World {
  /** From `open_media`. Rejects with `Refusal` or `Unreached`. */
  ticket(): Promise<string>;
  open(): WebSocket;
  now(): number;
  random(): number;
  later(ms: number, run: () => void): number;
  never(timer: number): void;
}

/** `elsewhere`: another page sends now. `no_right`: what gave the right has ended, or never was. */
export type Over = "elsewhere" | "no_right" | "revoked";

export interface Listener {
  /** It was let in: to send, or to watch. */
  up(sends: boolean): void;
  /** It is away and being opened again. */
  down(): void;
  over(why: Over): void;
  message(bytes: Bytes): void;
}

const OPEN_LIMIT_MS = 8_000;
/** After so long the line is thought to be good, and the next loss is tried again at once. */
const STEADY_MS = 10_000;
/** Refusals that pass: the others say that there is no right. */
const PASSING = ["too_fast", "not_saved"];

export class MediaSocket {
  #world: World;
  #listener: Listener;
  #socket: WebSocket | null = null;
  #state: "off" | "opening" | "up" | "waiting" = "off";
  #timer: number | null = null;
  #attempt = 0;
  #tries = 0;
  #upAt = 0;

  constructor(world: World, listener: Listener) {
    this.#world = world;
    this.#listener = listener;
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  /** Bytes that were given to `send` and have not left this device. */
  get unsent(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  start(): void {
    if (this.#state !== "off") return;
    this.#tries = 0;
    void this.#connect();
  }

  /** Nothing more comes or goes, from this call on. What was given to the browser already may still leave. */
  stop(): void {
    this.#drop();
    this.#state = "off";
  }

  /** Do not wait for the end of the pause. */
  tryNow(): void {
    if (this.#state === "waiting") void this.#connect();
  }

  /** Open it anew: the only way in which a watcher asks for a whole picture. */
  renew(): void {
    if (this.#state === "up") this.#lost(0, "");
  }

  /** False when there is no line: nothing is kept for later. */
  send(chunk: Bytes): boolean {
    if (this.#state !== "up" || this.#socket?.readyState !== 1) return false;
    this.#socket.send(chunk);
    return true;
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#clear();
    this.#state = "opening";
    let ticket: string;
    try {
      ticket = await this.#world.ticket();
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error instanceof Refusal && !PASSING.includes(error.code)) return this.#over("no_right");
      return this.#wait(null);
    }
    if (attempt !== this.#attempt) return;
    const socket = this.#world.open();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#timer = this.#world.later(OPEN_LIMIT_MS, () => this.#lost(0, ""));
    socket.onopen = () => socket.send(ascii(ticket));
    socket.onmessage = (message: MessageEvent<unknown>) => {
      if (this.#socket !== socket || !(message.data instanceof ArrayBuffer)) return;
      const bytes = new Uint8Array(message.data);
      if (this.#state === "up") this.#listener.message(bytes);
      else this.#letIn(bytes);
    };
    socket.onclose = (close: CloseEvent) => {
      if (this.#socket === socket) this.#lost(close.code, close.reason);
    };
  }

  #letIn(bytes: Bytes): void {
    const sends = bytes[0] === 1;
    if (bytes.length !== 1 || (!sends && bytes[0] !== 2)) return this.#lost(0, "");
    this.#clear();
    this.#state = "up";
    this.#upAt = this.#world.now();
    this.#listener.up(sends);
  }

  #lost(code: number, reason: string): void {
    const was = this.#state;
    if (was === "up" && this.#world.now() - this.#upAt >= STEADY_MS) this.#tries = 0;
    this.#drop();
    if (code === CLOSE_TAKEN_OVER) return this.#over("elsewhere");
    // The next ticket says whether the right is truly gone, or only what was on its way was thrown away (a cut).
    if (code !== CLOSE_NO_RIGHT && endedBy(code)) return this.#over(endedBy(code) === "revoked" ? "revoked" : "no_right");
    if (was === "up") this.#listener.down();
    this.#wait(waitHint(code, reason));
  }

  #wait(hint: number | null): void {
    this.#state = "waiting";
    const delay = hint ?? backoff(this.#tries++, this.#world.random);
    this.#timer = this.#world.later(delay, () => void this.#connect());
  }

  #over(why: Over): void {
    this.#drop();
    this.#state = "off";
    this.#listener.over(why);
  }

  #drop(): void {
    this.#attempt++;
    this.#clear();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #clear(): void {
    if (this.#timer !== null) this.#world.never(this.#timer);
    this.#timer = null;
  }
}
