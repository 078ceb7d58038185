import { useSignal } from "@preact/signals";
import { readAudit } from "../app/commands";
import { Problem } from "../components/Field/Field";
import { useDeed } from "../components/useDeed";
import { Icon } from "../icons/Icon";
import { oncall as words } from "../text/oncall.en";
import { dayOf, timeOfDay } from "../text/words";
import type { Audit } from "../wire/frames";

/** Who did what to which call, never any words of it; for coordinators (OC2). */
export function AuditLog() {
  const { run, busy, trouble } = useDeed();
  const audit = useSignal<Audit | null>(null);
  const read = () => void run(async () => (audit.value = await readAudit(0)));
  return (
    <section class="card" aria-labelledby="audit-title">
      <h2 id="audit-title">{words.audit}</h2>
      <p class="small quiet">{words.auditNote}</p>
      <button class="btn" type="button" disabled={busy} onClick={read}>
        {words.auditRead}
      </button>
      <Problem of={trouble} />
      {audit.value && (
        <>
          <p class="small" role="status">
            <Icon name={audit.value.intact ? "check" : "triangle-alert"} /> {audit.value.intact ? words.intact : words.broken}
          </p>
          <table class="audit">
            <thead>
              <tr>
                {words.auditColumns.map((column) => (
                  <th scope="col" key={column}>
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {audit.value.lines.map((one) => (
                <tr key={one.seq}>
                  <td class="num">
                    {dayOf(one.at)}, {timeOfDay(one.at)}
                  </td>
                  <td>{one.actor}</td>
                  <td>{one.action}</td>
                  <td>{one.subject}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}
