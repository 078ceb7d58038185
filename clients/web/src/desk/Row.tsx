import { Icon } from "../icons/Icon";
import type { IconName } from "../icons/Icon";
import { now, secondsSince, secondsUntil } from "../model/clock";
import { oncall as words } from "../text/oncall.en";
import { digits, timeOfDay } from "../text/words";
import type { DeskRow, Helper } from "../wire/frames";
import { RAIL_SECONDS, RINGS_AT, bigTime, pinnedNow, wantsSomeone } from "./rows";

const TIMES = {
  no_human: words.noHuman,
  lost: words.sinceLost,
  held: words.held,
  parked: words.parked,
  over: words.over,
} as const;

const FLAG_ICONS: Partial<Record<DeskRow["pinned"][number], IconName>> = { lost: "wifi-off", follow_up: "clock", parked: "clock" };

interface RowProps {
  row: DeskRow;
  busy: boolean;
  onAccept: (row: DeskRow) => void;
  onOpen: (row: DeskRow) => void;
  onReopen: (row: DeskRow) => void;
}

/** One call: facts, no words. Accept names the person, so that nobody accepts the wrong row. */
export function DeskRowView({ row, busy, onAccept, onOpen, onReopen }: RowProps) {
  const big = bigTime(row, now.value);
  const free = wantsSomeone(row);
  const inside = row.mine === "in_room" || row.mine === "here" || row.mine === "coming";
  const over = row.standing === "closed" || row.standing === "cancelled";
  const look = [pinnedNow(row) && "pinned", free && pinnedNow(row) && "act", row.standing === "held" && "held"];
  return (
    <tr class={look.filter(Boolean).join(" ")} data-call={row.call} data-standing={row.standing}>
      <td>
        <span class="t">{digits(big.seconds)}</span>
        <span class="small quiet">{TIMES[big.of]}</span>
      </td>
      <td>
        <span class="line">
          <b>{row.caller_name}</b>
          {row.pinned.map((pin) => (
            <span class="flag" key={pin}>
              <Icon name={FLAG_ICONS[pin] ?? "triangle-alert"} />
              {words.pins[pin]}
            </span>
          ))}
          {!row.saved && <span class="tag">{words.unsaved}</span>}
        </span>
        <span class="small quiet">
          {row.group_name}
          {row.attempt > 1 && `, ${words.attempt(row.attempt)}`}
        </span>
      </td>
      <td>
        <RingCell row={row} />
      </td>
      <td>
        <ReachCell row={row} />
      </td>
      <td>
        {inside ? (
          <button class="btn" type="button" onClick={() => onOpen(row)}>
            {words.follow(row.caller_name)}
          </button>
        ) : over || row.standing === "parked" ? (
          <button class="btn" type="button" disabled={busy} onClick={() => onReopen(row)}>
            {words.reopen(row.caller_name)}
          </button>
        ) : (
          row.can_accept && (
            <button class={free ? "btn lamp big" : "btn big"} type="button" disabled={busy} onClick={() => onAccept(row)}>
              {words.accept(row.caller_name)}
            </button>
          )
        )}
      </td>
    </tr>
  );
}

function RingCell({ row }: { row: DeskRow }) {
  if (row.standing === "held") {
    const names = row.helpers.filter((helper) => helper.answer === "here").map((helper) => helper.person.name);
    return (
      <>
        <b>{words.heldBy(names)}</b>
        <Deadline row={row} />
      </>
    );
  }
  if (row.standing !== "open" && row.standing !== "coming") {
    return (
      <>
        <b>{row.standing === "parked" ? words.parked : words.over}</b>
        <Deadline row={row} />
      </>
    );
  }
  const waited = row.no_human_since === null ? 0 : secondsSince(row.no_human_since, now.value);
  return (
    <>
      <b>{row.ring > 4 ? words.again : words.ring(row.ring, words.rings[row.ring] ?? "")}</b>
      <svg class={waited >= 180 ? "rail over" : "rail"} viewBox={`0 0 ${RAIL_SECONDS} 10`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="done" width={Math.min(waited, RAIL_SECONDS)} height="10" />
        {RINGS_AT.map((at) => (
          <rect class="at" key={at} x={at} y="-3" width="2" height="16" />
        ))}
      </svg>
      <Deadline row={row} />
    </>
  );
}

function Deadline({ row }: { row: DeskRow }) {
  const next = row.next
    ? `${words.nextIn[row.next.ring]} ${digits(secondsUntil(row.next.at, now.value))}`
    : row.follow_up_at !== null
      ? words.followUp(timeOfDay(row.follow_up_at))
      : words.noNext;
  return <span class="under small quiet num">{next}</span>;
}

function ReachCell({ row }: { row: DeskRow }) {
  const shown = row.helpers.filter((helper) => ["here", "in_room", "coming"].includes(helper.answer));
  return (
    <span class="num">
      {row.standing !== "held" && words.reach(row.delivered, row.targeted, row.seen, row.cant)}
      {shown.map((helper) => (
        <span class="under small quiet" key={helper.person.member}>
          {helperWords(helper)}
        </span>
      ))}
      {shown.length === 0 && row.no_human_since !== null && (
<span class="under small quiet">{words.nobodyComing}</span>
      )}
    </span>
  );
}

function helperWords(helper: Helper): string {
  const name = helper.person.name;
  if (helper.answer === "coming") return words.lease(name, helper.until === null ? 0 : secondsUntil(helper.until, now.value));
  if (helper.answer === "in_room") return words.inRoom(name);
  return words.here(name, secondsSince(helper.since, now.value));
}
