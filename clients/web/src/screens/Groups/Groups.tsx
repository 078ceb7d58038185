import { dismissJoinAnswer } from "../../app/commands";
import { go } from "../../app/place";
import { Asides } from "../../components/Asides";
import { Bar } from "../../components/Bar/Bar";
import { NeedDock } from "../../components/LampButton";
import { MainLine } from "../../components/PhoneLine/PhoneLine";
import { presenceOf } from "../../components/Presence/Presence";
import { Icon } from "../../icons/Icon";
import { groups, joinAnswers, live, me } from "../../model/model";
import { common, groupsText as words, presenceText } from "../../text/en";
import type { JoinAnswer, MyGroup } from "../../wire/frames";
import { MoreItems } from "./Menu";

export function Groups() {
  const mine = groups.value;
  return (
    <div class="screen" data-screen="groups">
      <Bar title={words.title} />
      <main class="page wide">
        <div class="stack">
          <Asides />
          {joinAnswers.value.map((one) => (
            <NotLetIn key={one.request} answer={one} />
          ))}
          {mine.length > 0 ? (
            <ul class="stack-2">
              {mine.map((group) => (
                <GroupItem key={group.group} group={group} />
              ))}
            </ul>
          ) : (
            live.value && (
              <>
                <h2 class="say">{words.none}</h2>
                <p class="lead">{words.noneLead}</p>
                <button class="btn ink big wide" type="button" onClick={() => go({ at: "find" })}>
                  {words.find}
                </button>
              </>
            )
          )}
          {!live.value && mine.length === 0 && <p class="quiet">{common.loading}</p>}
        </div>
        <div class="stack">
          <MainLine />
          <nav class="stack-2" aria-label={words.menu}>
            <MoreItems look="btn wide item" />
            <button class="btn wide item" type="button" onClick={() => go({ at: "create" })}>
              <Icon name="plus" />
              {words.create}
            </button>
            {me.value?.volunteer && (
              <a class="btn wide item" href="/oncall">
                <Icon name="bell-ring" />
                {words.onCall}
              </a>
            )}
          </nav>
        </div>
      </main>
      <NeedDock />
    </div>
  );
}

/** Said where the group was, until it is put away or they ask again (GR2). */
function NotLetIn({ answer }: { answer: JoinAnswer }) {
  const declined = answer.answer === "declined";
  return (
    <div class="card" role="status">
      <p class="words">
        <b>{declined ? words.notLetIn(answer.group_name, answer.reason) : words.notAnswered(answer.group_name)}</b>{" "}
        {declined ? words.notLetInLead : words.notAnsweredLead}
      </p>
      <button class="btn" type="button" onClick={() => void dismissJoinAnswer(answer.request)}>
        {common.close}
      </button>
    </div>
  );
}

function GroupItem({ group }: { group: MyGroup }) {
  const view = presenceOf(group.group);
  const says =
    group.state === "pending"
      ? words.pending
      : group.role === "observer"
        ? words.observer
        : view && view.can_come > 0
          ? presenceText.some(view.can_come)
          : group.availability === "open"
            ? words.open
            : "";
  return (
    <li>
      <button class="btn big wide group-item" type="button" onClick={() => go({ at: "room", group: group.group })}>
        <span>
          {group.name}
          {says && <span class="sub">{says}</span>}
        </span>
        <Icon name="chevron-right" />
      </button>
    </li>
  );
}
