import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Command, Event } from "../wire/frames";
import { Refusal, Unreached } from "./http";
import { Session } from "./session";
import type { Line, World } from "./session";

/** A socket that the test holds the other end of. */
class FakeSocket {
  readyState = 1;
  binaryType = "";
  sent: Command[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: Event }) => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;
  send(command: unknown): void {
    this.sent.push(command as Command);
  }
  close(): void {
    this.closed = true;
  }
  hear(event: Partial<Event> & { t: Event["t"] }): void {
    this.onmessage?.({ data: event as Event });
  }
  of<T extends Command["t"]>(t: T): Extract<Command, { t: T }>[] {
    return this.sent.filter((command): command is Extract<Command, { t: T }> => command.t === t);
  }
}

let sockets: FakeSocket[];
let lines: Line[];
let heard: Event[];
let ticket: () => Promise<string>;
let session: Session;
const line = () => lines.at(-1);
const socket = () => sockets.at(-1) as FakeSocket;
const settle = () => vi.advanceTimersByTimeAsync(0);

function aWorld(): World {
  let keys = 0;
  return {
    ticket: () => ticket(),
    open: () => (sockets.push(new FakeSocket()), socket() as unknown as WebSocket),
    encode: (command) => command as unknown as Uint8Array,
    decode: (bytes) => bytes as unknown as Event,
    key: () => `key-${++keys}`,
    now: () => Date.now(),
    random: () => 0.5,
    later: (ms, run) => setTimeout(run, ms) as unknown as number,
    never: (timer) => clearTimeout(timer),
    visible: () => true,
  };
}

async function connect(): Promise<void> {
  await settle();
  socket().onopen?.();
  const hello = socket().of("hello")[0];
  socket().hear({ t: "welcome", re: hello?.k ?? "" } as Event);
}
const drop = (code = 1006, reason = "") => socket().onclose?.({ code, reason });

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  lines = [];
  heard = [];
  ticket = () => Promise.resolve("ticket");
  session = new Session(aWorld(), { line: (next) => lines.push(next), event: (event) => heard.push(event) }, "member");
  session.start();
});

describe("the line", () => {
  test("hello carries the ticket; after welcome it is live", async () => {
    await connect();
    expect(socket().of("hello")[0]).toMatchObject({ ticket: "ticket", version: 1, page: "member", visible: true });
    expect(line()?.is).toBe("live");
    expect(heard.map((event) => event.t)).toEqual(["welcome"]);
  });

  test("pr03 a beat is answered at once, with its own number", async () => {
    await connect();
    socket().hear({ t: "beat", n: 7 });
    expect(socket().of("beat")).toEqual([{ t: "beat", n: 7 }]);
  });

  test("a lost line comes back by itself, after a wait with jitter", async () => {
    await connect();
    drop();
    expect(line()).toMatchObject({ is: "waiting", unreached: false });
    await vi.advanceTimersByTimeAsync(5_200);
    await connect();
    expect(sockets).toHaveLength(2);
    expect(line()?.is).toBe("live");
  });

  test("a server that gives no ticket is unreached, and tried again", async () => {
    await connect();
    ticket = () => Promise.reject(new Unreached("down"));
    drop();
    await vi.advanceTimersByTimeAsync(400);
    expect(line()).toMatchObject({ is: "waiting", unreached: true });
    ticket = () => Promise.resolve("again");
    await vi.advanceTimersByTimeAsync(6_000);
    await connect();
    expect(line()?.is).toBe("live");
  });

  test.each([
    [4001, "revoked"],
    [4003, "protocol"],
  ])("close code %i does not come back: %s", async (code, why) => {
    await connect();
    drop(code);
    expect(line()).toEqual({ is: "ended", why });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
  });

  test("a draining server says when to come back", async () => {
    await connect();
    drop(1012, "1500");
    expect(line()).toMatchObject({ is: "waiting", unreached: false });
    await vi.advanceTimersByTimeAsync(1_499);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(sockets).toHaveLength(2);
  });

  test("a probe that nobody answers in 3 s drops the socket", async () => {
    await connect();
    session.probe();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sockets[0]?.closed).toBe(true);
    expect(line()?.is).toBe("waiting");
  });

  test("a line that says nothing is probed, and dropped if it stays silent", async () => {
    await connect();
    await vi.advanceTimersByTimeAsync(7_000);
    session.watch(8_000);
    expect(socket().of("visible")).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(2_000);
    session.watch(8_000);
    session.watch(8_000);
    expect(socket().of("visible")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(line()?.is).toBe("waiting");
  });

  test("a command that nobody answers for 3 s is a reason to ask too", async () => {
    await connect();
    void session.ask({ t: "say", room: "r", text: "words" }, true);
    await vi.advanceTimersByTimeAsync(3_100);
    session.watch(60_000);
    expect(socket().of("visible")).toHaveLength(1);
  });

  test("a probe that is answered leaves the line alone", async () => {
    await connect();
    session.probe();
    socket().hear({ t: "ok", re: socket().of("visible")[0]?.k ?? "" } as Event);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(line()?.is).toBe("live");
  });
});

describe("commands", () => {
  test("uc01 a kept command goes out again with the same key after a lost line, and resolves once", async () => {
    await connect();
    const answer = session.ask({ t: "say", room: "r", text: "words" }, true);
    const first = socket().of("say")[0];
    drop();
    await vi.advanceTimersByTimeAsync(5_200);
    await connect();
    const second = socket().of("say")[0];
    expect(second).toEqual(first);
    socket().hear({ t: "ok", re: second?.k ?? "", seq: 4 } as Event);
    await expect(answer).resolves.toMatchObject({ ok: { seq: 4 } });
  });

  test("a kept command waits for the first line too", async () => {
    const answer = session.ask({ t: "say", room: "r", text: "words" }, true);
    await connect();
    socket().hear({ t: "ok", re: socket().of("say")[0]?.k ?? "" } as Event);
    await expect(answer).resolves.toBeTruthy();
  });

  test("a question fails when the line goes", async () => {
    await connect();
    const answer = session.ask({ t: "list_members", group: "g" });
    answer.catch(() => {});
    drop();
    await expect(answer).rejects.toBeInstanceOf(Unreached);
  });

  test("a question is answered by the event that names its key", async () => {
    await connect();
    const answer = session.ask({ t: "list_members", group: "g" });
    const k = socket().of("list_members")[0]?.k ?? "";
    socket().hear({ t: "members", re: k, group: "g", people: [], roles: [] });
    socket().hear({ t: "ok", re: k } as Event);
    await expect(answer).resolves.toMatchObject({ event: { t: "members" } });
  });

  test("a refusal carries its sentence and what to do", async () => {
    await connect();
    const answer = session.ask({ t: "take_part", group: "g" }, true);
    answer.catch(() => {});
    socket().hear({ t: "refused", re: socket().of("take_part")[0]?.k ?? "", code: "too_fast", sentence: "That was a lot.", do: "Wait.", retry_after_ms: 1_000 });
    await expect(answer).rejects.toMatchObject({ code: "too_fast", sentence: "That was a lot.", todo: "Wait.", retryAfterMs: 1_000 });
    await expect(answer).rejects.toBeInstanceOf(Refusal);
  });
});
