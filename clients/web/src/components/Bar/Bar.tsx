import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { leaveNow, shiftCount } from "../../device/exit";
import { Icon } from "../../icons/Icon";
import { line as lineNow } from "../../model/model";
import { common, exit, line as words } from "../../text/en";
import { Logo } from "../Row/Mark";
import "./Bar.css";

/** What is true of the line, in two words. */
export function Conn() {
  const line = lineNow.value;
  const [icon, says] =
    line.is === "live"
      ? (["wifi", words.live] as const)
      : "unreached" in line && line.unreached
        ? (["cloud-off", words.unreached] as const)
        : line.is === "connecting" && line.tries === 0
          ? (["wifi", words.connecting] as const)
          : (["wifi-off", words.dropped] as const);
  return (
    <p class="conn">
      <Icon name={icon} />
      {says}
    </p>
  );
}

export function ExitButton() {
  return (
    <button class="btn exit" type="button" aria-label={exit.label} aria-keyshortcuts="Shift" onClick={leaveNow}>
      <Icon name="log-out" />
      {exit.button}
    </button>
  );
}

/** Says how often Shift came, so that nobody leaves without having been told. */
export function ShiftNote() {
  const times = shiftCount.value;
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A popover lies over dialogs too.
    if (times > 0) note.current?.showPopover?.();
    else note.current?.hidePopover?.();
  }, [times > 0]);
  return (
    <div role="status" popover="manual" class="card shift-note" ref={note}>
      {times > 0 && (
        <>
          <p class="lead">
            <b>{exit.shift(times)}</b>
          </p>
          <p class="small quiet">{times === 1 ? exit.shiftTwice : exit.shiftOnce}</p>
        </>
      )}
    </div>
  );
}

interface BarProps {
  title: string;
  /** False where the screen's own sentence is the heading. */
  heading?: boolean;
  onBack?: (() => void) | undefined;
  backLabel?: string;
  /** Instead of back: the menu. */
  children?: ComponentChildren;
  conn?: boolean;
}

export function Bar({ title, heading = true, onBack, backLabel = common.back, children, conn = true }: BarProps) {
  const Title = heading ? "h1" : "p";
  const mark = title === common.name && !conn;
  return (
    <header class="bar">
      {children}
      {onBack && (
        <button class="btn bare only" type="button" aria-label={backLabel} onClick={onBack}>
          <Icon name="chevron-left" />
        </button>
      )}
      <div class="bar-title">
        <Title class={mark ? "wordmark" : undefined}>
          {mark && <Logo />}
          {title}
        </Title>
        {conn && <Conn />}
      </div>
      <ExitButton />
    </header>
  );
}
