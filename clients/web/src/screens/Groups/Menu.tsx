import type { ComponentChildren } from "preact";
import { go, place } from "../../app/place";
import type { Place } from "../../app/place";
import { Icon } from "../../icons/Icon";
import type { IconName } from "../../icons/Icon";
import { groups, me } from "../../model/model";
import { groupsText as words } from "../../text/en";

interface ItemProps {
  to: Place;
  icon?: IconName;
  current?: boolean;
  look: string;
  children: ComponentChildren;
}

function Item({ to, icon, current = false, look, children }: ItemProps) {
  return (
    <button class={look} type="button" aria-current={current ? "page" : undefined} onClick={() => go(to)}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** The rest of Beside, away from the rooms: in the side column of a wide room, and below the list of groups. */
export function MoreItems({ look }: { look: string }) {
  const here = place.value.at;
  return (
    <>
      <Item look={look} to={{ at: "find" }} icon="search" current={here === "find"}>
        {words.find}
      </Item>
      <Item look={look} to={{ at: "plan" }} icon="notebook-pen" current={here === "plan"}>
        {words.plan}
      </Item>
      <Item look={look} to={{ at: "lines" }} icon="phone" current={here === "lines"}>
        {words.helplines}
      </Item>
      <Item look={look} to={{ at: "settings" }} icon="settings" current={here === "settings"}>
        {words.settings}
      </Item>
      <Item look={look} to={{ at: "stored" }} icon="lock" current={here === "stored"}>
        {words.stored}
      </Item>
      <Item look={look} to={{ at: "leaving" }} icon="log-out" current={here === "leaving"}>
        {words.leaving}
      </Item>
    </>
  );
}

export function SideNav({ group }: { group: string }) {
  const moderates = groups.value.find((one) => one.group === group)?.role === "moderator";
  return (
    <nav class="side" aria-label={words.nav}>
      {groups.value.map((one) => (
        <Item key={one.group} look="" to={{ at: "room", group: one.group }} current={one.group === group}>
          {one.name}
        </Item>
      ))}
      <MoreItems look="" />
      <Item look="" to={{ at: "moderate", group }} icon="shield">
        {moderates ? words.moderate : words.aboutGroup}
      </Item>
      {me.value?.volunteer && (
        <a href="/oncall">
          <Icon name="bell-ring" />
          {words.onCall}
        </a>
      )}
    </nav>
  );
}
