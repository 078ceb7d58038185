import { useSignal } from "@preact/signals";
import { readRoomsAnew } from "../../app/rooms";
import { blockMember, deleteEntry, hideEntry, removeMember, reportMember, setRole } from "../../app/commands";
import { about } from "../../app/place";
import type { About } from "../../app/place";
import { Choice, Field, Problem } from "../../components/Field/Field";
import { Sheet } from "../../components/Sheet/Sheet";
import { useDeed } from "../../components/useDeed";
import { groupOf, replying, rooms } from "../../model/model";
import { common, person as words, room as roomWords } from "../../text/en";
import type { ReportReason } from "../../wire/names";

/** What one can do about a person or their message: reply, take back, block, report; a moderator also hides. */
export function PersonSheet() {
  const one = about.value;
  return one && <OpenSheet key={`${one.person.member} ${one.seq}`} one={one} />;
}

const close = () => (about.value = null);

function OpenSheet({ one }: { one: About }) {
  const { run, busy, trouble } = useDeed();
  const reporting = useSignal(false);
  const removing = useSignal(false);
  const done = useSignal("");
  const { person, room, seq, mine } = one;
  const group = groupOf(one.group);
  const inGroupRoom = room !== null && room === group?.room;
  const moderates = group?.role === "moderator";
  const entry = room && seq !== null ? rooms.value.get(room)?.entries.find((other) => other.seq === seq) : undefined;
  const act = (deed: () => Promise<unknown>, said = "") =>
    void run(deed).then((well) => {
      if (!well) return;
      if (said) done.value = said;
      else close();
    });
  if (reporting.value) return <Report one={one} />;
  return (
    <Sheet labelledBy="about-title" onClose={close} data={{ "data-screen": "about" }}>
      <h1 class="say" id="about-title" tabIndex={-1}>
        {words.say(mine ? common.you : person.name)}
      </h1>
      {entry && <p class="card words">{entry.text}</p>}
      <p role="status">{done.value}</p>
      <Problem of={trouble} />
      <div class="stack-2">
        {entry && inGroupRoom && (
          <button
            class="btn wide"
            type="button"
            onClick={() => {
              replying.value = { room: room as string, entry };
              close();
            }}
          >
            {roomWords.reply}
          </button>
        )}
        {mine && entry && (
          <button class="btn wide" type="button" disabled={busy} onClick={() => act(() => deleteEntry(room as string, entry.seq))}>
            {roomWords.takeBack}
          </button>
        )}
        {!mine && moderates && entry && inGroupRoom && (
          <button class="btn wide" type="button" disabled={busy} onClick={() => act(() => hideEntry(room as string, entry.seq))}>
            {roomWords.hide}
          </button>
        )}
        {!mine && (
          <>
            <button class="btn wide" type="button" onClick={() => (reporting.value = true)}>
              {words.report}
            </button>
            <button class="btn wide" type="button" disabled={busy} onClick={() => act(() => blockMember(person.member).then(readRoomsAnew), words.blocked)}>
              {words.block}
            </button>
            <p class="small quiet">{words.blockHint}</p>
          </>
        )}
        {!mine && moderates && (
          <>
            <button class="btn wide" type="button" disabled={busy} onClick={() => act(() => setRole(person.member, person.badge === "moderator" ? "member" : "moderator"))}>
              {person.badge === "moderator" ? words.makeMember : words.makeModerator}
            </button>
            <button
              class="btn wide"
              type="button"
              disabled={busy}
              onClick={() => (removing.value ? act(() => removeMember(person.member)) : (removing.value = true))}
            >
              {removing.value ? words.removeAgain : words.remove}
            </button>
          </>
        )}
        <button class="btn wide" type="button" onClick={close}>
          {common.close}
        </button>
      </div>
    </Sheet>
  );
}

const REASONS: readonly ReportReason[] = ["fixing", "dumping", "pressuring", "judging", "unwanted"];

function Report({ one }: { one: About }) {
  const { run, busy, trouble } = useDeed();
  const reason = useSignal<ReportReason | null>(null);
  const text = useSignal("");
  const sent = useSignal(false);
  const send = () =>
    reason.value &&
    void run(() => reportMember(one.person.member, reason.value as ReportReason, text.value.trim(), one.room, one.seq)).then(
      (well) => well && (sent.value = true),
    );
  return (
    <Sheet labelledBy="report-title" onClose={close} data={{ "data-screen": "report" }}>
      <h1 class="say" id="report-title" tabIndex={-1}>
        {words.reportSay}
      </h1>
      {!sent.value && (
        <>
          <fieldset class="stack-2">
            <legend class="vh">{words.reportSay}</legend>
            {REASONS.map((one_) => (
              <Choice key={one_} name="report-reason" label={words.reasons[one_]} checked={reason.value === one_} onChange={() => (reason.value = one_)} />
            ))}
          </fieldset>
          <Field label={words.reportWords} value={text} rows={2} maxLength={1000} />
          <Problem of={trouble} />
          <button class="btn ink big wide" type="button" disabled={busy || !reason.value} onClick={send}>
            {words.reportSend}
          </button>
        </>
      )}
      <p role="status">{sent.value && words.reported}</p>
      <button class="btn wide" type="button" onClick={close}>
        {common.close}
      </button>
    </Sheet>
  );
}
