import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { dropLine, fetchHistory, sayAgain } from "../../app/rooms";
import type { RoomLog } from "../../model/log";
import { hasHistory } from "../../model/log";
import { live, typing } from "../../model/model";
import { now } from "../../model/clock";
import { room as words } from "../../text/en";
import { dayOf, timeOfDay } from "../../text/words";
import type { Entry } from "../../wire/frames";
import { Message, OwnLine } from "./Message";
import "./Log.css";

interface LogProps {
  log: RoomLog | undefined;
  /** The reader's own membership id in this group. */
  me: string;
  label: string;
  empty: ComponentChildren;
  onMore?: (entry: Entry) => void;
}

const TYPING_MS = 5_000;

/** A room's messages. What is missing is shown as missing until it came; a line is “saved” only after the server’s ok. */
export function Log({ log, me, label, empty, onMore }: LogProps) {
  const scroller = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  const entries = log?.entries ?? [];
  const pending = log?.pending ?? [];
  useLayoutEffect(() => {
    const one = scroller.current;
    if (one && atEnd.current) one.scrollTop = one.scrollHeight;
  }, [entries, pending]);
  // The keyboard opens, a strip appears: what was at the end stays at the end.
  useEffect(() => {
    const one = scroller.current;
    if (!one || !("ResizeObserver" in globalThis)) return undefined;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) one.scrollTop = one.scrollHeight;
    });
    observer.observe(one);
    return () => observer.disconnect();
  }, []);
  const watch = () => {
    const one = scroller.current;
    if (one) atEnd.current = one.scrollHeight - one.scrollTop - one.clientHeight < 80;
  };
  return (
    <main class="log" tabIndex={0} ref={scroller} onScroll={watch} aria-label={label}>
      <h2 class="vh">{label}</h2>
      {log && hasHistory(log) && (
        <button class="btn bare" type="button" onClick={() => void fetchHistory(log.room)}>
          {words.earlier}
        </button>
      )}
      <div role="log" aria-label={words.newMessages}>
        <ol class="msgs">
          {log && items(log, me, onMore)}
          {(!log || (log.stale && entries.length === 0)) && live.value && <li class="mid">{words.opening}</li>}
          {log && !log.stale && entries.length === 0 && pending.length === 0 && <li class="msg whole">{empty}</li>}
        </ol>
      </div>
      {log && <Typing room={log.room} me={me} />}
    </main>
  );
}

function items(log: RoomLog, me: string, onMore: LogProps["onMore"]): ComponentChildren[] {
  const shown: ComponentChildren[] = [];
  const bySeq = new Map(log.entries.map((entry) => [entry.seq, entry]));
  let before: Entry | null = null;
  for (const entry of log.entries) {
    if (before && entry.seq > before.seq + 1) shown.push(<Hole key={`h${entry.seq}`} after={before} />);
    const day = entry.at ? dayOf(entry.at) : "";
    if (day && (!before?.at || dayOf(before.at) !== day)) {
      shown.push(
        <li class="mid" key={`d${entry.seq}`}>
          {day === dayOf(now.peek()) ? words.today : day}
        </li>,
      );
    }
    const quoted = entry.reply_to === null ? undefined : bySeq.get(entry.reply_to);
    const mine = entry.author?.member === me;
    shown.push(<Message key={entry.seq} entry={entry} mine={mine} quoted={quoted} onMore={onMore} />);
    before = entry;
  }
  if (before && (log.head > before.seq || (log.stale && !live.value))) shown.push(<Hole key="end" after={before} />);
  for (const line of log.pending) {
    shown.push(
      <OwnLine key={line.k} line={line} onAgain={(one) => sayAgain(log.room, one)} onDrop={(one) => dropLine(log.room, one.k)} />,
    );
  }
  return shown;
}

function Hole({ after }: { after: Entry }) {
  return <li class="gap">{live.value ? words.filling : words.missing(timeOfDay(after.at))}</li>;
}

function Typing({ room, me }: { room: string; me: string }) {
  void now.value; // looks again each second, so that it goes away by itself
  const who = typing.value.get(room);
  const shows = who && who.person.member !== me && performance.now() - who.at < TYPING_MS;
  return <p class="mid">{shows ? words.typing(who.person.name) : ""}</p>;
}
