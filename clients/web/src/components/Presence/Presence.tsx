import { go } from "../../app/place";
import { live, presence } from "../../model/model";
import { Icon } from "../../icons/Icon";
import { ask, common, groupsText, presenceText as words } from "../../text/en";
import { list, people as peopleWords } from "../../text/words";
import type { PersonPresence, PresenceView } from "../../wire/frames";
import { Badge } from "../Person";
import { Mark } from "../Row/Mark";
import type { Nearness } from "../Row/Mark";
import { Row } from "../Row/Row";
import type { Stand } from "../Row/Row";
import { Sheet } from "../Sheet/Sheet";
import "./Presence.css";

/** Who can be here now, or nothing: while the line is down no old count is ever shown (PR6). */
export function presenceOf(group: string): PresenceView | null {
  return live.value ? (presence.value.get(group) ?? null) : null;
}

const marks = (n: number, is: Nearness): Nearness[] => Array.from({ length: n }, () => is);
const MOST = 10;

export function PresenceSummary({ group, onOpen }: { group: string; onOpen: () => void }) {
  const view = presenceOf(group);
  if (!view) {
    return (
      <p class="who">
        <b>{words.unknown}</b>
        <span class="small quiet">{words.unknownNote}</span>
      </p>
    );
  }
  const rest = words.rest(view.quiet, view.standby, view.can_come === 0 ? view.volunteers : 0);
  const grey = [...marks(Math.min(view.quiet, MOST), "reached"), ...marks(Math.min(view.standby, MOST), "asked")];
  return (
    <button class="who" type="button" aria-haspopup="dialog" onClick={onOpen}>
      <span class="txt">
        <b>{view.can_come > 0 ? words.some(view.can_come) : words.none}</b>
        <Icon name="chevron-right" />
      </span>
      <span class="sum">
        {view.can_come + grey.length > 0 && (
          <span class="marks" aria-hidden="true">
            {marks(Math.min(view.can_come, MOST), "lit").map((is, at) => (
              <Mark key={at} is={is} />
            ))}
            {grey.map((is, at) => (
              <Mark key={`g${at}`} is={is} extra="g" />
            ))}
          </span>
        )}
        <span class="small quiet">{rest || (view.can_come === 0 && words.alone)}</span>
      </span>
    </button>
  );
}

const byReach = {
  open: (one: PersonPresence) => one.open_to_calls && one.reach !== "away",
  quiet: (one: PersonPresence) => !one.open_to_calls && one.reach === "live",
  standby: (one: PersonPresence) => !one.open_to_calls && one.reach === "standby",
};

/** Names in a small room, counts in a large one (PR5). */
export function PeopleFacts({ group, onPerson }: { group: string; onPerson?: (one: PersonPresence) => void }) {
  const view = presenceOf(group);
  if (!view) return <p class="small quiet">{words.unknown}</p>;
  const rows = [
    ["lit", "open", view.can_come],
    ["reached", "quiet", view.quiet],
    ["asked", "standby", view.standby],
  ] as const;
  return (
    <>
      <ul class="facts">
        {rows.map(([is, reach, count]) => {
          const named = view.people.filter(byReach[reach]);
          if (count === 0 && named.length === 0) return null;
          return (
            <li key={reach}>
              <Mark is={is} />
              <span>
                <b>{named.length > 0 ? list(named.map((one) => one.person.name)) : peopleWords(count)}</b>
                <br />
                <span class="small quiet">{words[reach]}</span>
                {onPerson && named.map((one) => <PersonButton key={one.person.member} one={one} onPerson={onPerson} />)}
              </span>
            </li>
          );
        })}
      </ul>
      {view.people.some((one) => one.person.simulated) && <p class="small quiet">{words.simulatedNote}</p>}
    </>
  );
}

function PersonButton({ one, onPerson }: { one: PersonPresence; onPerson: (one: PersonPresence) => void }) {
  return (
    <button class="btn wide" type="button" aria-haspopup="dialog" onClick={() => onPerson(one)}>
      {one.person.name} <Badge of={one.person} />
    </button>
  );
}

interface PeopleSheetProps {
  group: string;
  onClose: () => void;
  onPerson: (one: PersonPresence) => void;
}

export function PeopleSheet({ group, onClose, onPerson }: PeopleSheetProps) {
  return (
    <Sheet labelledBy="people-title" onClose={onClose} data={{ "data-screen": "people" }}>
      <h1 class="say" id="people-title" tabIndex={-1}>
        {words.here}
      </h1>
      <PeopleFacts group={group} onPerson={onPerson} />
      <button class="btn wide" type="button" onClick={() => go({ at: "moderate", group })}>
        <Icon name="shield" />
        {groupsText.aboutGroup}
      </button>
      <button class="btn wide" type="button" onClick={onClose}>
        {common.close}
      </button>
    </Sheet>
  );
}

/** Before pressing: who would be asked, by name where the room is small. */
export function WhoCanCome({ view }: { view: PresenceView }) {
  const open = view.people.filter(byReach.open);
  const stands: Stand[] = [{ marks: ["you"], label: common.you }];
  if (view.can_come > 0) {
    const label = open.length > 0 ? list(open.map((one) => one.person.name)) : peopleWords(view.can_come);
    stands.push({ marks: marks(view.can_come, "lit"), label, sub: ask.open, step: 1 });
  } else {
    if (view.volunteers > 0) {
      stands.push({ marks: marks(view.volunteers, "asked"), label: words.rest(0, 0, view.volunteers), step: 1 });
    }
    if (view.away_opted_in > 0) {
      stands.push({ marks: marks(view.away_opted_in, "asked"), label: peopleWords(view.away_opted_in), sub: ask.byPhone, step: 1 });
    }
  }
  return <Row tall stands={stands} />;
}
