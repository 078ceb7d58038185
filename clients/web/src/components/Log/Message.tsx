import type { Pending } from "../../model/log";
import { live } from "../../model/model";
import { Icon } from "../../icons/Icon";
import { common, room as words } from "../../text/en";
import { timeOfDay } from "../../text/words";
import type { Entry } from "../../wire/frames";
import { Badge } from "../Person";
import "./Log.css";

interface MessageProps {
  entry: Entry;
  mine: boolean;
  quoted: Entry | undefined;
  onMore: ((entry: Entry) => void) | undefined;
}

/** One entry of a room's log, as far as this reader may see it. */
export function Message({ entry, mine, quoted, onMore }: MessageProps) {
  const name = entry.author?.name ?? "";
  if (entry.kind === "joined" || entry.kind === "left") {
    return <li class="mid">{entry.kind === "joined" ? words.joined(name) : words.left(name)}</li>;
  }
  if (entry.kind !== "said") {
    const gone = { gap: words.gone, deleted: words.deleted, hidden: words.hidden }[entry.kind];
    return <li class="mid">{gone}</li>;
  }
  return (
    <li class={mine ? "msg mine" : "msg"} data-seq={entry.seq}>
      <p class="by">
        <b>{mine ? common.you : name}</b>
        {entry.author && <Badge of={entry.author} />}
        {entry.experience && <span>{words.experience}</span>}
        <time class="num" dateTime={new Date(entry.at).toISOString()}>
          {timeOfDay(entry.at)}
        </time>
        {onMore && (
          <button class="btn bare only" type="button" aria-haspopup="dialog" aria-label={words.more(mine ? common.you : name)} onClick={() => onMore(entry)}>
            <Icon name="ellipsis" />
          </button>
        )}
      </p>
      {quoted && <Quote of={quoted} />}
      <p class="words" dir="auto">{entry.text}</p>
      {mine && <Foot icon="check">{words.saved}</Foot>}
    </li>
  );
}

export function Quote({ of }: { of: Entry }) {
  return (
    <p class="quote">
      {words.replyTo(of.author?.name ?? "")}: {of.text}
    </p>
  );
}

function Foot({ icon, children }: { icon: "check" | "clock" | "circle-alert"; children: string }) {
  return (
    <p class="foot">
      <Icon name={icon} />
      {children}
    </p>
  );
}

interface OwnLineProps {
  line: Pending;
  onAgain: (line: Pending) => void;
  onDrop: (line: Pending) => void;
}

/** A line of one's own that is on its way: sending, waiting for the line, saved, or not saved (CH1). */
export function OwnLine({ line, onAgain, onDrop }: OwnLineProps) {
  return (
    <li class="msg mine" data-line={line.is}>
      <p class="by">
        <b>{common.you}</b>
        <span class="num">{timeOfDay(line.at)}</span>
      </p>
      <p class="words" dir="auto">{line.text}</p>
      {line.is === "saved" && <Foot icon="check">{words.saved}</Foot>}
      {line.is === "sending" && <Foot icon="clock">{live.value ? words.sending : words.waiting}</Foot>}
      {line.is === "unsaved" && (
        <>
          <Foot icon="circle-alert">{words.unsaved(line.why)}</Foot>
          <p class="line">
            <button class="btn" type="button" onClick={() => onAgain(line)}>
              {words.sendAgain}
            </button>
            <button class="btn bare" type="button" onClick={() => onDrop(line)}>
              {words.drop}
            </button>
          </p>
        </>
      )}
    </li>
  );
}
