import { describe, expect, test } from "vitest";
import { Refusal, Unreached } from "../net/http";
import type { Bytes } from "./bytes";
import { MediaSocket } from "./socket";

/** A socket that a test plays the server of. */
class Wire {
  binaryType = "";
  readyState = 1;
  bufferedAmount = 0;
  sent: Bytes[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;
  send(bytes: Bytes) {
    this.sent.push(bytes);
  }
  close() {
    this.closed = true;
  }
  says(...bytes: number[]) {
    this.onmessage?.({ data: Uint8Array.from(bytes).buffer });
  }
  ends(code: number, reason = "") {
    this.onclose?.({ code, reason });
  }
}

function scene() {
  const wires: Wire[] = [];
  const heard: string[] = [];
  const timers = new Map<number, { ms: number; run: () => void }>();
  const state = { now: 0, tickets: 0, refuse: null as Error | null };
  const socket = new MediaSocket(
    {
      ticket: async () => {
        state.tickets++;
        if (state.refuse) throw state.refuse;
        return `ticket ${state.tickets}`;
      },
      open: () => {
        const wire = new Wire();
        wires.push(wire);
        return wire as unknown as WebSocket;
      },
      now: () => state.now,
      random: () => 1,
      later: (ms, run) => {
        timers.set(timers.size + 1, { ms, run });
        return timers.size;
      },
      never: (timer) => void timers.set(timer, { ms: 0, run() {} }),
    },
    {
      up: (sends) => heard.push(sends ? "up to send" : "up to watch"),
      down: () => heard.push("down"),
      over: (why) => heard.push(`over ${why}`),
      message: (bytes) => heard.push(`message ${bytes.join(" ")}`),
    },
  );
  const settled = () => new Promise<void>((done) => setTimeout(done));
  /** The pause before the next try is over. */
  const wait = async () => {
    const last = [...timers.values()].at(-1)!;
    last.run();
    await settled();
    return last.ms;
  };
  const up = async (first = 1) => {
    socket.start();
    await settled();
    wires.at(-1)!.onopen!();
    wires.at(-1)!.says(first);
  };
  return { socket, wires, heard, state, settled, wait, up };
}

const refusal = (code: string) => new Refusal({ code, sentence: "", do: "" });

describe("WA3: the media socket", () => {
  test("test_wa03_the_ticket_is_the_first_message_and_never_in_the_address", async () => {
    const { wires, heard, up } = scene();
    await up(2);
    expect(new TextDecoder().decode(wires[0]!.sent[0])).toBe("ticket 1");
    wires[0]!.says(1, 2, 3);
    expect(heard).toEqual(["up to watch", "message 1 2 3"]);
  });

  test("test_wa03_nothing_goes_out_before_it_was_let_in_or_after_it_stopped", async () => {
    const { socket, wires, settled } = scene();
    socket.start();
    await settled();
    wires[0]!.onopen!();
    expect(socket.send(Uint8Array.of(9))).toBe(false);
    wires[0]!.says(1);
    expect(socket.send(Uint8Array.of(9))).toBe(true);
    socket.stop();
    expect(socket.send(Uint8Array.of(9))).toBe(false);
    expect([wires[0]!.sent.length, wires[0]!.closed]).toEqual([2, true]);
  });

  test("test_wa03_a_lost_line_comes_back_with_a_new_ticket_and_longer_pauses", async () => {
    const { wires, heard, wait, settled, up } = scene();
    await up();
    wires[0]!.ends(1006);
    expect(heard).toEqual(["up to send", "down"]);
    const pauses = [await wait()];
    for (let at = 0; at < 3; at++) {
      wires.at(-1)!.ends(1006);
      await settled();
      pauses.push(await wait());
    }
    expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
    expect(new Set(pauses).size).toBe(4);
    wires.at(-1)!.onopen!();
    expect(new TextDecoder().decode(wires.at(-1)!.sent[0])).toBe("ticket 5");
  });

  test("test_wa03_a_restart_says_when_to_come_back", async () => {
    const { wires, wait, up } = scene();
    await up();
    wires[0]!.ends(1012, "4200");
    expect(await wait()).toBe(4_200);
  });

  test("test_wa03_taken_over_does_not_take_back", async () => {
    const { wires, heard, settled, up } = scene();
    await up();
    wires[0]!.ends(4010);
    await settled();
    expect([heard.at(-1), wires.length]).toEqual(["over elsewhere", 1]);
  });

  test("test_wa03_a_right_that_ended_is_asked_for_once_more_and_a_no_is_the_end", async () => {
    const { wires, heard, state, wait, up } = scene();
    await up(2);
    state.refuse = refusal("not_allowed");
    wires[0]!.ends(4011);
    await wait();
    expect([heard.at(-1), wires.length]).toEqual(["over no_right", 1]);
  });

  test("test_wa03_a_right_that_was_not_ended_after_all_comes_back", async () => {
    const { wires, heard, wait, up } = scene();
    await up(2);
    wires[0]!.ends(4011); // what waited at a cut was thrown away, and the line with it
    await wait();
    wires[1]!.onopen!();
    wires[1]!.says(2);
    expect(heard).toEqual(["up to watch", "down", "up to watch"]);
  });

  test.each([
    ["no line", new Unreached("no line")],
    ["too fast", refusal("too_fast")],
  ])("test_wa03_no_ticket_for_now_is_tried_again: %s", async (_name, error) => {
    const { wires, heard, state, socket, settled, wait } = scene();
    state.refuse = error;
    socket.start();
    await settled();
    state.refuse = null;
    await wait();
    expect([wires.length, heard]).toEqual([1, []]);
  });

  test("test_wa03_a_signed_out_device_stays_out", async () => {
    const { wires, heard, up } = scene();
    await up(2);
    wires[0]!.ends(4001);
    expect(heard.at(-1)).toBe("over revoked");
  });

  test("test_wa03_what_an_old_line_still_says_is_not_heard", async () => {
    const { socket, wires, heard, up } = scene();
    await up(2);
    const old = wires[0]!.onmessage!;
    socket.stop();
    old({ data: Uint8Array.of(1, 2).buffer });
    expect(heard).toEqual(["up to watch"]);
  });
});
