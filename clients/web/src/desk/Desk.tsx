import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { rowInPage, soundBlocked } from "../app/cards";
import { answerCall, reopenCall, setShift } from "../app/commands";
import { go } from "../app/place";
import { localNow } from "../app/start";
import { ExitButton } from "../components/Bar/Bar";
import { Choice, Problem } from "../components/Field/Field";
import { LineStrip } from "../components/LineStrip";
import { Logo, Mark } from "../components/Row/Mark";
import { Strip } from "../components/Strip/Strip";
import { useDeed } from "../components/useDeed";
import { soundReady, wakeSound } from "../device/sound";
import { Icon } from "../icons/Icon";
import { now, secondsSince } from "../model/clock";
import { cards, desk, line, live, me } from "../model/model";
import { common } from "../text/en";
import { oncall as words } from "../text/oncall.en";
import { duration, timeOfDay } from "../text/words";
import type { DeskNow, DeskRow } from "../wire/frames";
import { Actions } from "./Actions";
import { AuditLog } from "./AuditLog";
import { DeskRowView } from "./Row";
import { WaitingReports } from "./WaitingReports";
import { keepOrder, wantsSomeone } from "./rows";
import "./Desk.css";

/** The on-call dashboard: one table of calls, the shift, the health of the machine with its date. */
export function Desk() {
  const view = desk.value;
  return (
    <div class="desk" data-screen="desk">
      <Header view={view} />
      <Sound />
      <main class="grid">
        <section class="stack-2" aria-labelledby="calls-title">
          <LineStrip />
          <h2 id="calls-title">
            {words.calls} <span class="quiet">{words.callsNote}</span>
          </h2>
          {view ? <Calls view={view} /> : <p class="quiet">{common.loading}</p>}
          <Actions actions={view?.actions ?? []} />
          {me.value?.coordinator && <WaitingReports waiting={view?.reports ?? 0} />}
          {me.value?.coordinator && <AuditLog />}
        </section>
        <aside class="stack-2" aria-label={words.onTime}>
          {view && <Health view={view} />}
        </aside>
      </main>
    </div>
  );
}

function Header({ view }: { view: DeskNow | null }) {
  const { run, busy, trouble } = useDeed();
  const backup = useSignal(false);
  const on = (view?.on_shift || view?.backup) ?? false;
  const since = view?.shift_since ?? null;
  const minutes = since === null ? 0 : Math.floor(secondsSince(since, now.value) / 60);
  const shift = minutes === 0 ? words.justBegan : duration(minutes * 60);
  const says = !on ? (me.value?.coordinator ? words.offShiftCoordinator : words.offShift) : view?.backup ? words.onBackup(shift) : words.onShift(shift);
  return (
    <header class="bar">
      <span class="wordmark">
        <Logo />
        {common.name}
      </span>
      <div class="bar-title">
        <h1>{words.title}</h1>
        <Freshness view={view} />
      </div>
      <div class="shift">
        {on && <Mark is="lit" />}
        <p class="small num" role="status">
          <b>{says}</b>
        </p>
        {!on && <Choice label={words.backup} checked={backup.value} onChange={(next) => (backup.value = next)} />}
        <button class="btn" type="button" disabled={busy || !live.value} onClick={() => void run(() => setShift(!on, backup.value && !on))}>
          <Icon name="moon" />
          {on ? words.goOff : words.goOn}
        </button>
      </div>
      <ExitButton />
      <Problem of={trouble} />
    </header>
  );
}

/** Health is dated. If updates stop, it says since when, and every time on the page stands still. */
function Freshness({ view }: { view: DeskNow | null }) {
  const at = line.value;
  if (live.value) {
    return (
      <p class="conn num">
        <Icon name="wifi" />
        {view ? words.live(secondsSince(view.now, now.value)) : common.loading}
      </p>
    );
  }
  const since = "since" in at ? performance.timeOrigin + at.since : performance.timeOrigin + localNow.peek();
  return (
    <p class="conn num" role="alert">
      <Icon name="wifi-off" />
      {words.frozen(timeOfDay(since))}
    </p>
  );
}

/** Browsers keep a page silent until it is tapped. Until then the page says so, loudly: a silent desk is a dead one. */
function Sound() {
  const on = useSignal(soundReady());
  useEffect(() => {
    const look = () => (on.value = soundReady());
    document.addEventListener("pointerdown", look);
    return () => document.removeEventListener("pointerdown", look);
  }, []);
  if (on.value && !soundBlocked.value) return null;
  const wake = () => void wakeSound().then((ready) => ((on.value = ready), (soundBlocked.value = !ready)));
  return (
    <div class="sound">
      <Strip
        icon="volume-2"
        look="lost"
        role="alert"
        action={
          <button class="btn ink" type="button" onClick={wake}>
            {words.soundOn}
          </button>
        }
      >
        <b>{words.soundBlocked}</b>
      </Strip>
    </div>
  );
}

function Calls({ view }: { view: DeskNow }) {
  const { run, busy, trouble } = useDeed();
  const order = useRef<readonly string[]>([]);
  const held = useSignal(false); // pointer or focus is on the table: rows stay where they are
  const rows = held.value ? keepOrder(order.current, view.rows) : view.rows;
  order.current = rows.map((row) => row.call);
  useEffect(() => {
    const look = () => view.rows.forEach(rowInPage);
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [view.rows, cards.value]);
  const accept = (row: DeskRow) =>
    void run(() => answerCall(row.call, "coming")).then((well) => well && go({ at: "helping", call: row.call }));
  const open = (row: DeskRow) => go({ at: "helping", call: row.call });
  const reopen = (row: DeskRow) => void run(() => reopenCall(row.call));
  return (
    <>
      <Announce rows={view.rows} />
      <Problem of={trouble} />
      {rows.length === 0 && (
        <p class="card">
          <b>{words.none}</b>
          <span>{view.on_shift || view.backup || me.value?.coordinator ? words.noneLead : words.noneOff}</span>
        </p>
      )}
      {rows.length > 0 && (
        <table
          class="calls"
          onPointerEnter={() => (held.value = true)}
          onPointerLeave={() => (held.value = false)}
          onFocusIn={() => (held.value = true)}
          onFocusOut={() => (held.value = false)}
        >
          <caption class="vh">{words.caption}</caption>
          <thead>
            <tr>
              <th scope="col">{words.columns.time}</th>
              <th scope="col">{words.columns.who}</th>
              <th scope="col">{words.columns.ring}</th>
              <th scope="col">{words.columns.reach}</th>
              <th scope="col">
                <span class="vh">{words.columns.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <DeskRowView key={row.call} row={row} busy={busy} onAccept={accept} onOpen={open} onReopen={reopen} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** A new call, or one that lost its human again, is said once. */
function Announce({ rows }: { rows: readonly DeskRow[] }) {
  const known = useRef<ReadonlyMap<string, number>>(new Map());
  const said = useSignal("");
  useEffect(() => {
    for (const row of rows) {
      const attempt = known.current.get(row.call);
      if (attempt === undefined && wantsSomeone(row)) said.value = words.alertNew(row.caller_name);
      else if (attempt !== undefined && row.attempt > attempt) said.value = words.alertLapsed(row.caller_name);
    }
    known.current = new Map(rows.map((row) => [row.call, row.attempt]));
  }, [rows]);
  return (
    <p class="vh" role="alert">
      {said.value}
    </p>
  );
}

function Health({ view }: { view: DeskNow }) {
  const late = (view.worst_lateness_ms / 1000).toFixed(1);
  const wrong = view.worst_lateness_ms > 5_000 || view.deadlines_late > 0 || view.auditor_silent;
  return (
    <section class="card" aria-labelledby="health-title">
      <h2 id="health-title">
        <Icon name={wrong ? "triangle-alert" : "check"} /> {words.onTime}
      </h2>
      <p class="small num">
        {words.late(late)} {words.looked(timeOfDay(view.now))}
      </p>
      {view.deadlines_late > 0 && (
        <p class="small" role="alert">
          <b>{words.lateNow}</b>
        </p>
      )}
      {view.auditor_silent && <p class="small">{words.auditorSilent}</p>}
      <p class="small">
        <b>{words.reachable(view.volunteers_reachable)}</b>
      </p>
    </section>
  );
}
