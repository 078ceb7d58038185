import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { onDesk } from "../../app/cards";
import { enterCall, fetchOnCall, leaveCall } from "../../app/commands";
import { about, go } from "../../app/place";
import { hideRoom, showRoom } from "../../app/rooms";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Problem } from "../../components/Field/Field";
import { markOf } from "../../components/Helpers";
import { NeedDock } from "../../components/LampButton";
import { LineStrip } from "../../components/LineStrip";
import { Composer } from "../../components/Log/Composer";
import { Log } from "../../components/Log/Log";
import { Duo } from "../../components/Row/Mark";
import { Row } from "../../components/Row/Row";
import type { Stand } from "../../components/Row/Row";
import { Sheet } from "../../components/Sheet/Sheet";
import { Strip } from "../../components/Strip/Strip";
import { useDeed } from "../../components/useDeed";
import { Icon } from "../../icons/Icon";
import { now, secondsSince } from "../../model/clock";
import { cards, live, rooms } from "../../model/model";
import { card as cardWords, common, danger, helping as words, room as roomWords } from "../../text/en";
import { list } from "../../text/words";
import type { Card, Entry } from "../../wire/frames";
import { DangerButton } from "../Call/Danger";
import "../../components/Presence/Presence.css";
import "../Room/Room.css";

interface HelpingProps {
  call: string;
  /** Where “back” and the end lead: the room on the member page, the desk on the on-call page. */
  onBack: (card: Card | undefined) => void;
  backLabel: string;
  /** What a volunteer may do besides. */
  extra?: ((card: Card) => ComponentChildren) | undefined;
}

/** The call room as the person who answered sees it. */
export function Helping({ call, onBack, backLabel, extra }: HelpingProps) {
  const card = cards.value.get(call);
  const last = useRef(card);
  // Who it was and where “back” leads is all that is kept of a card that goes.
  if (card) last.current = { ...card, words: "", room: null, helpers: [] };
  if (!card) return <Over onBack={() => onBack(last.current)} card={last.current} gone />;
  const over = card.standing === "closed" || card.standing === "cancelled";
  if (over && !card.room) return <Over onBack={() => onBack(card)} card={card} />;
  return <HelpingRoom card={card} onBack={() => onBack(card)} backLabel={backLabel} extra={extra?.(card)} over={over} />;
}

interface HelpingRoomProps {
  card: Card;
  onBack: () => void;
  backLabel: string;
  extra: ComponentChildren;
  over: boolean;
}

function HelpingRoom({ card, onBack, backLabel, extra, over }: HelpingRoomProps) {
  const { run, busy, trouble } = useDeed();
  const entering = useDeed();
  const leaving = useSignal(false);
  const called = useSignal(false);
  const caller = card.caller.name;
  useEntering(card, over, (deed) => void entering.run(deed));
  useEffect(() => {
    const { room, group } = card;
    if (!room) return undefined;
    showRoom(room, group);
    return () => hideRoom(room);
  }, [card.room]);
  const onMore = (entry: Entry) => {
    if (entry.author) about.value = { person: entry.author, group: card.group, room: card.room, seq: entry.seq, mine: entry.author.member === card.me };
  };
  const volunteer = () => run(() => fetchOnCall(card.call)).then((well) => well && (called.value = true));
  return (
    <div class="screen room call-room" data-screen="helping" data-call={card.call}>
      <Bar title={words.title(caller)} backLabel={backLabel} onBack={onBack} />
      <section class="people" aria-label={words.title(caller)}>
        <LineStrip note={words.goesOn} />
        <CallerTruth card={card} />
        {called.value && !card.helpers.some((helper) => helper.person.badge === "volunteer" && helper.answer !== "coming") && (
          <Strip icon="bell-ring" role="status">
            {words.volunteerCalled}
          </Strip>
        )}
        <Problem of={trouble ?? entering.trouble} />
        {over ? (
          <Debrief card={card} onBack={onBack} />
        ) : (
          <div class="pair">
            <DangerButton call={card.call} side="helper" />
            {extra}
          </div>
        )}
        {!card.as_volunteer && <p class="small quiet wide-only">{words.note}</p>}
      </section>
      <Log
        log={card.room ? rooms.value.get(card.room) : undefined}
        me={card.me}
        label={roomWords.messages}
        onMore={onMore}
        empty={<p class="words">{card.words ? `“${card.words}”` : words.nothingYet(caller)}</p>}
      />
      {!over && (
        <footer class="dock">
          {card.room && <Composer room={card.room} label={words.compose(caller)} />}
          <div class="pair">
            <button class="btn lamp big" type="button" disabled={busy} onClick={() => void volunteer()}>
              <Duo />
              {words.volunteer}
            </button>
            <button class="btn big" type="button" aria-haspopup="dialog" onClick={() => (leaving.value = true)}>
              {words.leave}
            </button>
          </div>
        </footer>
      )}
      {leaving.value && <LeaveSheet card={card} onClose={() => (leaving.value = false)} onLeft={onBack} />}
    </div>
  );
}

/** In the room means: on a visible page, and said so again after every look away and every lost line (UC5). */
function useEntering(card: Card, over: boolean, run: (deed: () => Promise<unknown>) => void): void {
  const lively = live.value;
  useEffect(() => {
    if (over || !lively || card.mine === "left") return undefined;
    const enter = () => {
      if (document.visibilityState === "visible") run(() => enterCall(card.call));
    };
    enter();
    document.addEventListener("visibilitychange", enter);
    return () => document.removeEventListener("visibilitychange", enter);
  }, [card.call, over, lively]);
}

/** How the caller is, as far as the server knows: here, lost, stepped away, silent. */
function CallerTruth({ card }: { card: Card }) {
  const caller = card.caller.name;
  const lost = card.caller_lost_since;
  const others = card.helpers.filter((helper) => helper.person.member !== card.me && ["here", "in_room", "coming"].includes(helper.answer));
  const near = others.filter((helper) => helper.answer !== "coming");
  const coming = others.filter((helper) => helper.answer === "coming");
  const inside = card.mine === "here" || card.mine === "in_room";
  const stands: Stand[] = [
    card.caller_stepped_away
      ? { marks: ["asked"], label: caller, sub: words.steppedAway }
      : lost !== null
        ? { marks: ["lost"], label: caller, sub: words.lostAt(lost) }
        : { marks: ["you"], label: caller },
  ];
  const names = [...(inside ? [words.you] : []), ...near.map((helper) => helper.person.name)];
  if (names.length > 0) {
    const mine = inside ? [card.mine === "here" ? ("lit" as const) : ("reached" as const)] : [];
    const since = card.helpers.find((helper) => helper.person.member === card.me)?.since ?? card.now;
    const sub = card.mine === "here" ? words.hereSince(since) : words.inRoom;
    stands.push({ marks: [...mine, ...near.map(markOf)], label: list(names), sub, step: 1 });
  }
  if (coming.length > 0) {
    const label = list(coming.map((helper) => helper.person.name));
    stands.push({ marks: coming.map(() => "coming" as const), label, sub: cardWords.coming.toLowerCase(), step: 1 });
  }
  return (
    <>
      {card.caller_stepped_away ? (
        <Strip icon="eye-off" look="note" role="status">
          <b>{words.away(caller)}</b>
          <br />
          {words.awayLead}
        </Strip>
      ) : (
        lost !== null && (
          <Strip icon="wifi-off" look="lost">
            <span class="vh" role="alert">
              {words.lost(caller, secondsSince(lost, card.now))}
            </span>
            <b class="num" aria-hidden="true">
              {words.lost(caller, secondsSince(lost, now.value))}
            </b>
            <br />
            {words.lostLead}
          </Strip>
        )
      )}
      {card.danger && (
        <Strip icon="triangle-alert" look="lost" role="alert">
          {danger.calledOn}
        </Strip>
      )}
      {card.prompt !== "none" && (
        <Strip icon="clock" look="note" role="status">
          {{ you_are_silent: words.youSilent, they_are_silent: words.theySilent(caller), offer_close: words.offerClose }[card.prompt]}
        </Strip>
      )}
      <Row label={words.title(caller)} stands={stands} />
    </>
  );
}

/** Leaving is said, never guessed; “we parted well” parks a call whose caller is away (UC12). */
function LeaveSheet({ card, onClose, onLeft }: { card: Card; onClose: () => void; onLeft: () => void }) {
  const { run, busy, trouble } = useDeed();
  const well = useSignal(false);
  const caller = card.caller.name;
  const leave = () => void run(() => leaveCall(card.call, well.value)).then((done) => done && onLeft());
  const away = card.caller_lost_since !== null || card.caller_stepped_away;
  return (
    <Sheet labelledBy="leave-title" onClose={onClose} data={{ "data-screen": "leave" }}>
      <h1 class="say" id="leave-title" tabIndex={-1}>
        {words.leaveSay}
      </h1>
      <p class="lead">{words.leaveLead(caller)}</p>
      {away && <Choice label={words.leaveWell} sub={words.leaveWellHint(caller)} checked={well.value} onChange={(on) => (well.value = on)} />}
      <Problem of={trouble} />
      <button class="btn ink big wide" type="button" disabled={busy} onClick={leave}>
        {words.leaveNow}
      </button>
      <button class="btn wide" type="button" onClick={onClose}>
        {words.stay}
      </button>
    </Sheet>
  );
}

/** The caller's own word for stopping, and no other: how it went for them is theirs to tell (UC8, UC9). */
function endSay(card: Card | undefined): string {
  if (card?.stood_down === "mistake") return cardWords.mistakeSay;
  return card?.stood_down === "they_are_ok" ? cardWords.okSay(card.caller.name) : words.endedSay;
}

function Debrief({ card, onBack }: { card: Card; onBack: () => void }) {
  return (
    <div class="card" role="status">
      <h2>{endSay(card)}</h2>
      <p>{card.debrief ? words.debrief : words.endedLead}</p>
      {/* They may have read it in the last words: danger can be said for an hour after the end (UC17). */}
      {card.debrief && <DangerButton call={card.call} side="helper" />}
      <button class="btn ink wide" type="button" onClick={onBack}>
        {cardWords.gotIt}
      </button>
    </div>
  );
}

interface OverProps {
  onBack: () => void;
  card: Card | undefined;
  /** The call is not this person's to see any more; it may well go on without them (UC16). */
  gone?: boolean;
}

function Over({ onBack, card, gone = false }: OverProps) {
  const lead = gone ? cardWords.goBack : card?.debrief ? words.debrief : words.endedLead;
  return (
    <div class="screen" data-screen="call-over">
      <Bar title={card ? words.title(card.caller.name) : common.name} heading={false} onBack={onBack} />
      <main class="page">
        <h1 class="say">{gone ? cardWords.enoughSay : endSay(card)}</h1>
        <p class="lead">{lead}</p>
        <button class="btn ink big wide" type="button" onClick={onBack}>
          {cardWords.gotIt}
          <Icon name="arrow-right" />
        </button>
      </main>
      {!onDesk.value && <NeedDock />}
    </div>
  );
}

/** On the member page, back leads to the group's room. */
export function HelpingOnPage({ call }: { call: string }) {
  return (
    <Helping
      call={call}
      backLabel={roomWords.messages}
      onBack={(card) => go(card ? { at: "room", group: card.group } : { at: "groups" })}
    />
  );
}
