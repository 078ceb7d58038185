import { useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { decideJoin, leaveGroup, listJoinRequests, listMembers, listReports, makeInvite, resolveReport } from "../../app/commands";
import { about, go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Field, Problem, Seg } from "../../components/Field/Field";
import { LineStrip } from "../../components/LineStrip";
import { NeedDock } from "../../components/LampButton";
import { Badge } from "../../components/Person";
import { useDeed } from "../../components/useDeed";
import { Icon } from "../../icons/Icon";
import { LaterIcon } from "../../icons/LaterIcon";
import { groupOf, live } from "../../model/model";
import { common, groupsText, person as personWords } from "../../text/en";
import { moderate as words } from "../../text/more.en";
import { dayOf, timeOfDay } from "../../text/words";
import type { JoinRequest, Members, MyGroup, ReportView } from "../../wire/frames";

/** Looking after a group. Members see invites and people; moderators also requests and reports. */
export function Moderate({ group: id }: { group: string }) {
  const group = groupOf(id);
  if (!group) return null;
  const moderates = group.role === "moderator";
  return (
    <div class="screen" data-screen="moderate">
      <Bar title={moderates ? words.title : groupsText.aboutGroup} onBack={() => go({ at: "room", group: id })} />
      <main class="page">
        <LineStrip />
        <h2 class="say">{group.name}</h2>
        {live.value && (
          <>
            {moderates && <Requests group={id} />}
            {group.role !== "observer" && <Invites group={id} />}
            {moderates && <Reports group={id} />}
            <People group={group} />
          </>
        )}
        {group.rules && (
          <section class="card">
            <h2>{words.rules}</h2>
            <p class="words">{group.rules}</p>
          </section>
        )}
        <Leave group={id} />
      </main>
      <NeedDock />
    </div>
  );
}

function useList<T>(load: () => Promise<T>) {
  const list: Signal<T | null> = useSignal<T | null>(null);
  const deed = useDeed();
  const again = () => deed.run(async () => (list.value = await load()));
  useEffect(() => void again(), []);
  return { list: list.value, again, ...deed };
}

function Requests({ group }: { group: string }) {
  const { list, again, run, busy, trouble } = useList(() => listJoinRequests(group));
  const decide = (request: JoinRequest, admit: boolean, role: "observer" | "member", reason: string) =>
    void run(() => decideJoin(request.request, admit, reason, role)).then((well) => well && again());
  return (
    <section class="card" aria-labelledby="requests-title">
      <h2 id="requests-title">{words.requests}</h2>
      <Problem of={trouble} />
      {list?.requests.length === 0 && <p class="quiet">{words.noRequests}</p>}
      <ul class="stack">
        {list?.requests.map((request) => (
          <Request key={request.request} request={request} busy={busy} decide={(...how) => decide(request, ...how)} />
        ))}
      </ul>
    </section>
  );
}

interface RequestProps {
  request: JoinRequest;
  busy: boolean;
  decide: (admit: boolean, role: "observer" | "member", reason: string) => void;
}

/** Declining takes a second tap, and may say why: the asker alone reads it (GR2). */
function Request({ request, busy, decide }: RequestProps) {
  const declining = useSignal(false);
  const reason = useSignal("");
  const decline = () => (declining.value ? decide(false, "member", reason.value.trim()) : (declining.value = true));
  return (
    <li class="stack-2">
      <h3>{request.name}</h3>
      <p class="small quiet num">
        {dayOf(request.at)}, {timeOfDay(request.at)}
      </p>
      <dl class="stack-2">
        {request.questions.map((question, at) => (
          <div key={question}>
            <dt class="small quiet">{question}</dt>
            <dd class="words">{request.answers[at]}</dd>
          </div>
        ))}
      </dl>
      <div class="pair">
        <button class="btn ink" type="button" disabled={busy} onClick={() => decide(true, "member", "")}>
          {words.admit}
        </button>
        <button class="btn" type="button" disabled={busy} onClick={() => decide(true, "observer", "")}>
          {words.admitReading}
        </button>
      </div>
      {declining.value && <Field label={words.declineWhy} hint={words.declineHint} value={reason} rows={2} maxLength={200} />}
      <button class="btn" type="button" disabled={busy} onClick={decline}>
        {declining.value ? words.declineNow : words.decline}
      </button>
    </li>
  );
}

function Invites({ group }: { group: string }) {
  const role = useSignal<"member" | "observer">("member");
  const link = useSignal("");
  const copied = useSignal(false);
  const { run, busy, trouble } = useDeed();
  const make = () =>
    void run(async () => {
      link.value = `${location.origin}/#join=${await makeInvite(group, role.value)}`;
      copied.value = false;
    });
  return (
    <section class="card" aria-labelledby="invites-title">
      <h2 id="invites-title">{words.invites}</h2>
      <p class="small quiet">{words.inviteLead}</p>
      <Seg
        legend={words.inviteAs}
        value={role.value}
        onChange={(next) => (role.value = next)}
        options={[
          ["member", words.asMember],
          ["observer", words.asObserver],
        ]}
      />
      <Problem of={trouble} />
      <button class="btn wide" type="button" disabled={busy} onClick={make}>
        <LaterIcon name="link" />
        {words.makeInvite}
      </button>
      {link.value && (
        <>
          <div class="field">
            <label for="invite-link">{words.linkLabel}</label>
            <input class="input" id="invite-link" dir="ltr" readOnly value={link.value} onFocus={(event) => event.currentTarget.select()} />
          </div>
          <button
            class="btn wide"
            type="button"
            onClick={() =>
              void navigator.clipboard?.writeText(link.value).then(
                () => (copied.value = true),
                () => {},
              )
            }
          >
            <Icon name={copied.value ? "check" : "copy"} />
            <span role="status">{copied.value ? words.copied : words.copy}</span>
          </button>
        </>
      )}
    </section>
  );
}

function Reports({ group }: { group: string }) {
  const { list, again, run, busy, trouble } = useList(() => listReports(group));
  const resolve = (report: ReportView) => void run(() => resolveReport(report.report)).then((well) => well && again());
  return (
    <section class="card" aria-labelledby="reports-title">
      <h2 id="reports-title">{words.reports}</h2>
      <Problem of={trouble} />
      {list?.reports.length === 0 && <p class="quiet">{words.noReports}</p>}
      <ul class="stack">
        {list?.reports.map((report) => (
          <li key={report.report} class="stack-2">
            <h3>{personWords.reasons[report.reason]}</h3>
            <p class="small quiet">
              {words.about(report.about.name)}, {dayOf(report.at)}
            </p>
            {report.entry_text && <p class="quote words">{report.entry_text}</p>}
            {report.words && <p class="words">{report.words}</p>}
            <div class="pair">
              <button class="btn" type="button" onClick={() => (about.value = { person: report.about, group, room: null, seq: null, mine: false })}>
                {personWords.say(report.about.name)}
              </button>
              <button class="btn" type="button" disabled={busy} onClick={() => resolve(report)}>
                {words.resolve}
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function People({ group }: { group: MyGroup }) {
  const { list, trouble } = useList<Members>(() => listMembers(group.group));
  return (
    <section class="card" aria-labelledby="members-title">
      <h2 id="members-title">{words.members}</h2>
      <Problem of={trouble} />
      <ul class="stack-2">
        {list?.people.map((one, at) => (
          <li key={one.member} class="line apart">
            <span>
              <b>{one.member === group.me ? `${one.name} (${common.you})` : one.name}</b> <Badge of={one} />
              <br />
              <span class="small quiet">{words.roles[list.roles[at] ?? "member"]}</span>
            </span>
            {one.member !== group.me && (
              <button
                class="btn only"
                type="button"
                aria-haspopup="dialog"
                aria-label={personWords.say(one.name)}
                onClick={() => (about.value = { person: one, group: group.group, room: null, seq: null, mine: false })}
              >
                <Icon name="ellipsis" />
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Leave({ group }: { group: string }) {
  const sure = useSignal(false);
  const { run, busy, trouble } = useDeed();
  const leave = () => (sure.value ? void run(() => leaveGroup(group)).then((well) => well && go({ at: "groups" })) : (sure.value = true));
  return (
    <section class="stack-2">
      <Problem of={trouble} />
      <button class="btn wide" type="button" disabled={busy} onClick={leave}>
        {sure.value ? words.leaveAgain : words.leave}
      </button>
      <p class="small quiet">{words.leaveHint}</p>
    </section>
  );
}
