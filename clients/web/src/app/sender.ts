import type { Answer, Deed } from "../net/session";
import { Unreached } from "../net/http";
import type { Command } from "../wire/frames";

/** What commands need of a session. Tests give their own. */
export interface Sender {
  ask(deed: Deed, keep?: boolean): Promise<Answer>;
  tell(command: Command): void;
  tryNow(): void;
}

let sender: Sender = { ask: () => Promise.reject(new Unreached()), tell() {}, tryNow() {} };

export function sendThrough(one: Sender): void {
  sender = one;
}

/** A deed that fails when the line goes: a question, or a state that is told again after the line came back. */
export const ask = (deed: Deed) => sender.ask(deed);
/** A deed that carries a person's words or acts in a call: it waits for the line and goes out once. */
export const keep = (deed: Deed) => sender.ask(deed, true);
export const tell = (command: Command) => sender.tell(command);
export const tryNow = () => sender.tryNow();
