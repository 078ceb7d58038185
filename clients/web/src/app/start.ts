import { signal } from "@preact/signals";
import { Refusal, get, post } from "../net/http";
import { Session } from "../net/session";
import type { Deed } from "../net/session";
import { toBytes, fromBytes } from "../wire/codec";
import type { Event, Me, SignedIn, Ticket } from "../wire/frames";
import { newKey } from "../wire/keys";
import { loadHelplines } from "../device/helplines";
import { loadPlan } from "../device/plan";
import { armExit } from "../device/exit";
import { showTheme, theme, usualGroup } from "../device/prefs";
import { tick } from "../model/clock";
import { applyKeys } from "../model/keys";
import { apply, beginSnapshot, cards, endSnapshot, forgetAll, groups, line, lineLost, live, me, myCall } from "../model/model";
import { armSounds, cardCameAgain, cardGoes, forgetAcks, helpingNow } from "./cards";
import { firstToken, gate, go, invited, place } from "./place";
import { fill, openRoom, reopenRooms } from "./rooms";
import { sendThrough } from "./sender";
import { dropPress, lineCame, press } from "./urgent";

/** This device's own second hand; unlike `now` it moves without a line (next try, Shift). */
export const localNow = signal(performance.now());

let session: Session | null = null;
let snapshotTimer: ReturnType<typeof setTimeout> | undefined;
const SNAPSHOT_MS = 1_500;

/** Wake the page up: who is this, what do they hold, connect. */
export function start(page: "member" | "oncall"): void {
  readAddress();
  theme.value.subscribe(() => showTheme(page));
  void loadPlan();
  void loadHelplines();
  session = new Session(world(), { line: lineChanged, event: eventCame }, page);
  sendThrough(session);
  armExit(() => session?.stop());
  armSounds();
  armWaking(session);
  void whoAmI();
}

/** An invite or first token leaves the address at once, so that nobody reads it over a shoulder or in the history. */
function readAddress(): void {
  const hash = new URLSearchParams(location.hash.slice(1));
  invited.value = hash.get("join");
  firstToken.value = hash.get("first");
  if (location.hash) history.replaceState(null, "", location.pathname);
}

async function whoAmI(): Promise<void> {
  try {
    signedIn(await get<Me>("/api/me", 5_000));
  } catch (error) {
    if (error instanceof Refusal) {
      gate.value = { is: "out", show: "welcome", revoked: false };
    } else {
      gate.value = { is: "offline" };
      setTimeout(whoAmI, 3_000);
    }
  }
}

/** The server said who this is. */
export function signedIn(who: Me): void {
  const wasLocked = gate.peek().is === "locked";
  me.value = who;
  if (wasLocked) go({ at: "groups" }); // from there a running call is shown at once
  gate.value = who.locked ? { is: "locked" } : { is: "in" };
  // A locked device has a line too: it may ask for someone, and sees its own call (CB4).
  if (wasLocked) session?.restart();
  else session?.start();
}

export function signedInWithCodes(answer: SignedIn): void {
  if (answer.recovery_codes && answer.recovery_codes.length > 0) {
    me.value = answer.me;
    gate.value = { is: "codes", codes: answer.recovery_codes };
  } else {
    signedIn(answer.me);
  }
}

export async function signOut(): Promise<void> {
  await post("/api/sign-out").catch(() => {});
  session?.stop();
}

// ---- the line

function world() {
  return {
    ticket: async () => (await post<Ticket>("/api/ticket", {}, 5_000)).ticket,
    open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`),
    encode: toBytes,
    decode: fromBytes,
    key: newKey,
    now: () => performance.now(),
    random: Math.random,
    later: (ms: number, run: () => void) => window.setTimeout(run, ms),
    never: (timer: number) => clearTimeout(timer),
    visible: () => document.visibilityState === "visible",
  };
}

function lineChanged(next: typeof line.value): void {
  const wasLive = live.peek();
  line.value = next;
  if (wasLive && next.is !== "live") lineLost();
  if (next.is !== "ended" || next.why === "protocol") return;
  forgetAll();
  dropPress();
  go({ at: "groups" });
  gate.value = { is: "out", show: next.why === "revoked" ? "sign_in" : "welcome", revoked: next.why === "revoked" };
}

function eventCame(event: Event): void {
  if (event.t === "welcome") beginSnapshot();
  if (event.t === "card") cardCameAgain(event);
  if (event.t === "card_gone") cardGoes(event.call);
  applyKeys(event);
  const todo = apply(event);
  if (todo) void openRoom(todo.reopen);
  if (event.t === "entry_added") void fill(event.room);
  if (event.t === "groups_now") chooseUsualGroup(); // let in, or waiting: a press reaches someone from now on (GR3)
  if (event.t === "welcome") welcomed();
}

/** While reading is locked no group is told; the usual one stays, so that a press still knows whom to ask (CB4). */
function chooseUsualGroup(): void {
  const known = groups.peek();
  const told = gate.peek().is !== "locked";
  if (told && !known.some((group) => group.group === usualGroup.value.peek())) usualGroup.set(known[0]?.group ?? "");
}

function welcomed(): void {
  forgetAcks();
  reopenRooms();
  lineCame();
  chooseUsualGroup();
  // A reconnect is one snapshot: what the server did not send again within a moment is over.
  clearTimeout(snapshotTimer);
  snapshotTimer = setTimeout(() => {
    if (!live.peek()) return;
    endSnapshot();
    if (!myCall.peek() && press.peek().is === "rung") dropPress();
  }, SNAPSHOT_MS);
}

/** Someone in a call who loads the page anew is back in it, whatever else was on the screen. */
export function armReturn(): void {
  let seen = "";
  helpingNow.subscribe((list) => {
    const here = place.peek();
    const first = list[0];
    if (!first || seen === first.call) return;
    seen = first.call;
    if (here.at === "groups" || here.at === "room") go({ at: "helping", call: first.call });
  });
}

// The server's beats come every 6 s to whoever is available or in a call, every 20 s to others (PR3).
const QUIET_COUNTED_MS = 8_000;
const QUIET_MS = 24_000;
const counted = () => myCall.peek() !== null || cards.peek().size > 0 || groups.peek().some((group) => group.availability === "open");

function armWaking(one: Session): void {
  const shown = () => document.visibilityState === "visible";
  document.addEventListener("visibilitychange", () => {
    if (shown()) one.probe();
    else if (live.peek()) one.ask({ t: "visible", visible: false } as Deed).catch(() => {});
  });
  window.addEventListener("pageshow", () => one.probe());
  window.addEventListener("online", () => one.probe());
  window.addEventListener("offline", () => one.probe());
  let last = Date.now();
  setInterval(() => {
    const jumped = Math.abs(Date.now() - last - 1_000) > 4_000;
    last = Date.now();
    localNow.value = performance.now();
    if (jumped) one.probe();
    one.watch(counted() ? QUIET_COUNTED_MS : QUIET_MS);
    if (live.peek()) tick();
  }, 1_000);
}
