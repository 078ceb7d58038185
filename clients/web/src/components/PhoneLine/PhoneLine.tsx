import { local, mainLine, telephone } from "../../device/helplines";
import { plan } from "../../device/plan";
import { Icon } from "../../icons/Icon";
import { call as words, lines, plan as planWords } from "../../text/en";
import type { Helpline } from "../../wire/frames";
import "./PhoneLine.css";

interface PhoneProps {
  number: string;
  sub: string;
  /** Shown instead of the number: a person of the own plan. */
  name?: string;
  big?: boolean;
  /** It is written to, not called. */
  byText?: boolean;
}

/** A number to call. Digits keep their order on a right-to-left page: 116 123 never becomes 123 116. */
export function PhoneLine({ number, sub, name, big = false, byText = false }: PhoneProps) {
  return (
    <a class={big ? "phone big" : "phone"} href={byText ? telephone(number).replace("tel:", "sms:") : telephone(number)}>
      <Icon name="phone" />
      <span>
        {name ? (
          <span class="n">{name}</span>
        ) : (
          <span class="n" dir="ltr">
            {number}
          </span>
        )}
        <span class="sub">{sub}</span>
      </span>
    </a>
  );
}

/** When a number was last checked, or that it was not: never silently old (CB6). */
export function Checked({ line }: { line: Helpline }) {
  return <p class="small quiet">{line.verified ? lines.checked(line.checked) : lines.notChecked}</p>;
}

/** The one crisis line of the person's country. */
export function MainLine({ big = false, lead = "" }: { big?: boolean; lead?: string }) {
  const line = mainLine.value;
  if (!line) return <p class="quiet">{lines.none}</p>;
  return <PhoneLine number={line.number} sub={`${lead}${lead && " "}${line.name}.`} big={big} />;
}

/** The emergency number, with what Beside cannot do. */
export function EmergencyLine({ big = false, sub = words.dangerPhone }: { big?: boolean; sub?: string }) {
  const number = local.value?.emergency;
  return number ? <PhoneLine number={number} sub={sub} big={big} /> : null;
}

/** The first person of the own plan who can be rung. */
export function PlanLine() {
  const first = plan.value.people.find((person) => person.number.trim() !== "");
  return first ? <PhoneLine number={first.number} name={first.name || first.number} sub={planWords.from} /> : null;
}
