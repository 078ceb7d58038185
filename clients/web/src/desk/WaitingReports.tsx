import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { listReports, resolveReport } from "../app/commands";
import { Problem } from "../components/Field/Field";
import { useDeed } from "../components/useDeed";
import { person as personWords } from "../text/en";
import { oncall as words } from "../text/oncall.en";
import { dayOf, timeOfDay } from "../text/words";
import type { ReportView } from "../wire/frames";

/** What no moderator may look at: reports about a group's only moderator, or about a volunteer; for coordinators (CB3). */
export function WaitingReports({ waiting }: { waiting: number }) {
  const { run, busy, trouble } = useDeed();
  const list = useSignal<readonly ReportView[]>([]);
  const load = () => run(async () => (list.value = (await listReports(null)).reports));
  useEffect(() => void load(), [waiting]);
  const resolve = (report: ReportView) => void run(() => resolveReport(report.report)).then((well) => well && load());
  if (waiting === 0) return null;
  return (
    <section class="card" aria-labelledby="reports-title">
      <h2 id="reports-title">{words.reports}</h2>
      <p class="small quiet">{words.reportsNote}</p>
      <Problem of={trouble} />
      <ul class="stack">
        {list.value.map((report) => (
          <li key={report.report} class="stack-2">
            <h3>{personWords.reasons[report.reason]}</h3>
            <p class="small quiet">
              {words.reportAbout(report.about.name, report.group_name)}, {dayOf(report.at)}, {timeOfDay(report.at)}
            </p>
            {report.entry_text && <p class="quote words">{report.entry_text}</p>}
            {report.words && <p class="words">{report.words}</p>}
            <button class="btn" type="button" disabled={busy} onClick={() => resolve(report)}>
              {words.reportSettled(report.about.name)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
