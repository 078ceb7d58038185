import { endForSafety } from "../app/witness";
import { Problem } from "../components/Field/Field";
import { Twice } from "../components/Twice/Twice";
import { useDeed } from "../components/useDeed";
import { Icon } from "../icons/Icon";
import { now, secondsSince } from "../model/clock";
import { doing, first, mediums } from "../text/deeds.en";
import { oncall as words } from "../text/oncall.en";
import { digits } from "../text/words";
import type { DeskAction } from "../wire/frames";

/** Live witnessed actions: counts and facts, no word and no picture (OC5). Nothing when there is none. */
export function Actions({ actions }: { actions: readonly DeskAction[] }) {
  if (actions.length === 0) return null;
  return (
    <section class="stack-2" aria-labelledby="actions-title">
      <h2 id="actions-title">
        {words.actions} <span class="quiet">{words.actionsNote}</span>
      </h2>
      <ul class="stack-2">
        {actions.map((one) => (
          <ActionRow key={one.action} one={one} />
        ))}
      </ul>
    </section>
  );
}

function ActionRow({ one }: { one: DeskAction }) {
  const { run, busy, trouble } = useDeed();
  const pinned = one.reports > 0 || one.lost_since !== null || one.stage === "turned";
  return (
    <li class={pinned ? "action-row pinned" : "action-row"} data-action={one.action}>
      <div>
        <span class="line">
          <b>{one.name}</b>
          {one.pills && (
            <span class="flag">
              <Icon name="circle-alert" />
              {words.pills}
            </span>
          )}
          {one.stage === "turned" && (
            <span class="flag">
              <Icon name="bell-ring" />
              {words.turned}
            </span>
          )}
          {one.reports > 0 && (
            <span class="flag">
              <Icon name="triangle-alert" />
              {words.actionReports(one.reports)}
            </span>
          )}
          {one.lost_since !== null && (
            <span class="flag num">
              <Icon name="wifi-off" />
              {words.actionLost(digits(secondsSince(one.lost_since, now.value)))}
            </span>
          )}
        </span>
        <span class="under small quiet">
          {one.group_name}: {first(doing[one.deed])}, {mediums[one.medium]}
        </span>
      </div>
      <span class="num">
        <b>{words.watching(one.present, one.witnesses)}</b>
        <span class="under small quiet">
          {words.stages[one.stage]} {digits(secondsSince(one.since, now.value))}
        </span>
      </span>
      {one.can_end && (
        <Twice again={words.endAgain} disabled={busy} onDo={() => void run(() => endForSafety(one.action))}>
          {words.endAction(one.name)}
        </Twice>
      )}
      <Problem of={trouble} />
    </li>
  );
}
