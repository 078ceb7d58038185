import type { Command, Event, Ok, Welcome } from "../wire/frames";
import { backoff } from "./backoff";
import { endedBy, waitHint } from "./close";
import { Refusal, Unreached } from "./http";

/** What is known about the line. `since` and `nextAt` are this device's own clock, in ms. */
export type Line =
  | { is: "off" }
  | { is: "connecting"; since: number; tries: number; unreached: boolean }
  | { is: "waiting"; since: number; tries: number; nextAt: number; unreached: boolean }
  | { is: "live"; since: number }
  | { is: "ended"; why: "revoked" | "protocol" | "signed_out" };

export interface Answer {
  ok: Ok | null;
  /** The event that carries what a question asked for (`members`, `entries`, …). */
  event: Event | null;
}

/** The world as the session needs it: the page gives the real one, a test gives its own. */
export interface World {
  ticket(): Promise<string>;
  open(): WebSocket;
  encode(command: Command): Uint8Array;
  decode(bytes: ArrayBuffer): Event | null;
  key(): string;
  now(): number;
  random(): number;
  later(ms: number, run: () => void): number;
  never(timer: number): void;
  visible(): boolean;
}

export interface Listener {
  line(line: Line): void;
  event(event: Event): void;
}

/** A command without its key: the session gives it one. */
export type Deed = Command extends infer C ? (C extends { k: string } ? Omit<C, "k"> & { k?: string } : never) : never;

interface Waiting {
  command: Command;
  /** Kept over a lost line and sent again with the same key. */
  keep: boolean;
  /** When it went out, or null while it waits for the line. */
  sentAt: number | null;
  timer: number | null;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

const HELLO_LIMIT_MS = 8_000;
const PROBE_LIMIT_MS = 3_000;
const ANSWER_LIMIT_MS = 10_000;

/**
 * One socket to the server, opened again whenever it is lost.
 *
 * `ask` resolves on `ok` and rejects with `Refusal`; a kept command waits for the line as long as the page lives and
 * is sent again with the same key, anything else rejects with `Unreached` when the line goes or after 10 s. Events
 * reach the listener in the order in which the server sent them.
 */
export class Session {
  #socket: WebSocket | null = null;
  #line: Line = { is: "off" };
  #waiting = new Map<string, Waiting>();
  #timer: number | null = null;
  #tries = 0;
  #lostAt = 0;
  #attempt = 0;
  #heardAt = 0;
  #probing = false;
  #world: World;
  #listener: Listener;
  #page: "member" | "oncall";

  constructor(world: World, listener: Listener, page: "member" | "oncall") {
    this.#world = world;
    this.#listener = listener;
    this.#page = page;
  }

  get line(): Line {
    return this.#line;
  }

  start(): void {
    if (this.#line.is !== "off" && this.#line.is !== "ended") return;
    this.#tries = 0;
    this.#lostAt = this.#world.now();
    void this.#connect();
  }

  /** Close for good; what waited is dropped. */
  stop(why: "signed_out" | "revoked" = "signed_out"): void {
    this.#drop();
    for (const key of [...this.#waiting.keys()]) this.#fail(key, new Unreached("stopped"));
    this.#tell({ is: "ended", why });
  }

  /** Begin anew: what this device may read has changed. */
  restart(): void {
    if (this.#line.is === "off" || this.#line.is === "ended") return this.start();
    this.#lost(0);
    this.tryNow();
  }

  /** Try at once instead of at the end of the wait. */
  tryNow(): void {
    if (this.#line.is === "waiting") void this.#connect();
  }

  /** Is the line truly there? Asked when the page comes back, the network changes or the clock jumped. */
  probe(): void {
    if (this.#line.is === "waiting") return this.tryNow();
    if (this.#line.is !== "live") return;
    const socket = this.#socket;
    const dead = () => {
      if (this.#socket === socket) this.#lost(0);
    };
    const timer = this.#world.later(PROBE_LIMIT_MS, dead);
    this.#probing = true;
    const done = () => {
      this.#world.never(timer);
      if (this.#socket === socket) this.#probing = false;
    };
    this.ask({ t: "visible", visible: this.#world.visible() }).then(done, done);
  }

  /**
   * Called every second: a line that says nothing is asked whether it lives. A phone that lost its network keeps its
   * socket open for minutes, and the page would go on saying “live”. `quietMs` is how long silence is normal.
   */
  watch(quietMs: number): void {
    if (this.#line.is !== "live" || this.#probing) return;
    const now = this.#world.now();
    const unanswered = [...this.#waiting.values()].some(({ sentAt }) => sentAt !== null && now - sentAt > PROBE_LIMIT_MS);
    if (unanswered || now - this.#heardAt > quietMs) this.probe();
  }

  ask(deed: Deed, keep = false): Promise<Answer> {
    const command = { ...deed, k: deed.k ?? this.#world.key() } as Command & { k: string };
    const key = command.k;
    const running = this.#waiting.get(key);
    return new Promise((resolve, reject) => {
      if (this.#line.is !== "live" && !keep) return reject(new Unreached("no line"));
      const timer = keep ? null : this.#world.later(ANSWER_LIMIT_MS, () => this.#fail(key, new Unreached("no answer")));
      if (running) {
        // The same deed again: both callers hear the one answer.
        const { resolve: first, reject: no } = running;
        running.resolve = (answer) => (first(answer), resolve(answer));
        running.reject = (error) => (no(error), reject(error));
      } else {
        this.#waiting.set(key, { command, keep, sentAt: null, timer, resolve, reject });
      }
      this.#flush();
    });
  }

  /** For frames that nobody answers. */
  tell(command: Command): void {
    if (this.#line.is === "live") this.#send(command);
  }

  // ---- the line

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#clearTimer();
    const unreached = "unreached" in this.#line && this.#line.unreached;
    this.#tell({ is: "connecting", since: this.#lostAt, tries: this.#tries, unreached });
    let ticket: string;
    try {
      ticket = await this.#world.ticket();
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error instanceof Refusal && error.code === "not_signed_in") return this.stop();
      return this.#wait(error instanceof Unreached);
    }
    if (attempt !== this.#attempt) return;
    const socket = this.#world.open();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const hello = this.#world.key();
    this.#timer = this.#world.later(HELLO_LIMIT_MS, () => this.#lost(0));
    socket.onopen = () => {
      const visible = this.#world.visible();
      this.#send({ t: "hello", k: hello, ticket, version: 1, page: this.#page, visible });
    };
    socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
      if (this.#socket !== socket) return;
      const event = this.#world.decode(message.data);
      if (!event) return;
      this.#heardAt = this.#world.now();
      // Answered here and now: a hung page must stop counting as present (PR3).
      if (event.t === "beat") return this.#send(event);
      this.#heard(event, hello);
    };
    socket.onclose = (close: CloseEvent) => {
      if (this.#socket === socket) this.#lost(close.code, close.reason);
    };
  }

  #heard(event: Event, hello: string): void {
    if (event.t === "welcome") this.#welcome(event);
    else if (event.t === "revoked") return this.stop("revoked");
    else if (event.t === "refused" && event.re === hello) return this.#lost(0);
    if ("re" in event && event.re) this.#answered(event.re, event);
    if (event.t !== "ok") this.#listener.event(event);
  }

  #welcome(_event: Welcome): void {
    this.#clearTimer();
    this.#tries = 0;
    this.#tell({ is: "live", since: this.#world.now() });
    for (const waiting of this.#waiting.values()) waiting.sentAt = null;
    this.#flush();
  }

  #lost(code: number, reason = ""): void {
    const wasLive = this.#line.is === "live";
    this.#drop();
    if (wasLive) this.#lostAt = this.#world.now();
    for (const [key, waiting] of [...this.#waiting]) if (!waiting.keep) this.#fail(key, new Unreached("line lost"));
    const end = endedBy(code);
    if (end) return this.#tell({ is: "ended", why: end });
    this.#wait(!wasLive && code !== 1012, waitHint(code, reason));
  }

  #wait(unreached: boolean, hint: number | null = null): void {
    const delay = hint ?? backoff(this.#tries, this.#world.random);
    this.#tries++;
    const nextAt = this.#world.now() + delay;
    this.#tell({ is: "waiting", since: this.#lostAt, tries: this.#tries, nextAt, unreached });
    this.#clearTimer();
    this.#timer = this.#world.later(delay, () => void this.#connect());
  }

  #drop(): void {
    this.#attempt++;
    this.#probing = false;
    this.#clearTimer();
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#world.never(this.#timer);
    this.#timer = null;
  }

  #tell(line: Line): void {
    this.#line = line;
    this.#listener.line(line);
  }

  // ---- commands

  #flush(): void {
    if (this.#line.is !== "live") return;
    for (const waiting of this.#waiting.values()) {
      if (waiting.sentAt !== null) continue;
      waiting.sentAt = this.#world.now();
      this.#send(waiting.command);
    }
  }

  #send(command: Command): void {
    if (this.#socket?.readyState === 1) this.#socket.send(this.#world.encode(command) as Uint8Array<ArrayBuffer>);
  }

  #answered(key: string, event: Event): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    if (event.t === "refused") return this.#fail(key, refusalOf(event));
    this.#forget(key, waiting);
    // A question is answered by the event that carries what it asked for; the `ok` behind it says nothing more.
    waiting.resolve(event.t === "ok" ? { ok: event, event: null } : { ok: null, event });
  }

  #fail(key: string, error: unknown): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    this.#forget(key, waiting);
    waiting.reject(error);
  }

  #forget(key: string, waiting: Waiting): void {
    this.#waiting.delete(key);
    if (waiting.timer !== null) this.#world.never(waiting.timer);
  }
}

function refusalOf(event: Extract<Event, { t: "refused" }>): Refusal {
  return new Refusal({ code: event.code, sentence: event.sentence, do: event.do }, event.retry_after_ms);
}
