import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { takePart } from "../../app/commands";
import { about, go } from "../../app/place";
import { hideRoom, showRoom } from "../../app/rooms";
import { Asides } from "../../components/Asides";
import { Availability } from "../../components/Availability/Availability";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { NeedButton, NeedDock } from "../../components/LampButton";
import { Composer } from "../../components/Log/Composer";
import { Log } from "../../components/Log/Log";
import { Checked, MainLine } from "../../components/PhoneLine/PhoneLine";
import { PeopleFacts, PeopleSheet, PresenceSummary } from "../../components/Presence/Presence";
import { useDeed } from "../../components/useDeed";
import { mainLine } from "../../device/helplines";
import { usualGroup } from "../../device/prefs";
import { Icon } from "../../icons/Icon";
import { groupOf, replying, rooms } from "../../model/model";
import { groupsText, presenceText, room as words } from "../../text/en";
import type { Entry, MyGroup, PersonPresence } from "../../wire/frames";
import { Groups } from "../Groups/Groups";
import { SideNav } from "../Groups/Menu";
import "./Room.css";

export function Room({ group: id }: { group: string }) {
  const group = groupOf(id);
  if (!group) return <Groups />; // left, or removed: the room is gone
  return group.state === "pending" ? <Pending group={group} /> : <OpenRoom key={group.group} group={group} />;
}

function Pending({ group }: { group: MyGroup }) {
  return (
    <div class="screen" data-screen="pending">
      <Bar title={group.name} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <h2 class="say">{words.pendingSay}</h2>
        <p class="lead">{words.pendingLead}</p>
        <MainLine />
      </main>
      <NeedDock />
    </div>
  );
}

function OpenRoom({ group }: { group: MyGroup }) {
  const people = useSignal(false);
  useEffect(() => {
    if (!usualGroup.value.peek()) usualGroup.set(group.group);
    showRoom(group.room, group.group);
    return () => hideRoom(group.room);
  }, [group.room]);
  const onMore = (entry: Entry) => {
    if (!entry.author) return;
    const mine = entry.author.member === group.me;
    about.value = { person: entry.author, group: group.group, room: group.room, seq: entry.seq, mine };
  };
  const onPerson = ({ person }: PersonPresence) => {
    people.value = false;
    if (person.member !== group.me) about.value = { person, group: group.group, room: null, seq: null, mine: false };
  };
  return (
    <div class="screen room" data-screen="room" data-group={group.group}>
      <Bar title={group.name}>
        <button class="btn bare only menu-btn" type="button" aria-label={groupsText.menu} onClick={() => go({ at: "groups" })}>
          <Icon name="menu" />
        </button>
      </Bar>
      <SideNav group={group.group} />
      <section class="people" aria-label={presenceText.section}>
        <Asides />
        <PresenceSummary group={group.group} onOpen={() => (people.value = true)} />
        {group.role === "observer" ? <Observing group={group} /> : <You group={group} />}
        <div class="wide-only stack-2">
          <h2>{presenceText.here}</h2>
          <PeopleFacts group={group.group} />
        </div>
        <div class="wide-only stack-2">
          <h2>{presenceText.byPhone}</h2>
          <MainLine />
          {mainLine.value && <Checked line={mainLine.value} />}
        </div>
      </section>
      <Log
        log={rooms.value.get(group.room)}
        me={group.me}
        label={words.messages}
        onMore={onMore}
        empty={
          <>
            <p>
              <b>{words.quietTitle}</b>
            </p>
            <p>{words.quiet}</p>
          </>
        }
      />
      <footer class="dock">
        {group.role !== "observer" && (
          <Composer
            room={group.room}
            label={words.compose}
            replyTo={replying.value?.room === group.room ? replying.value.entry : null}
            onReplied={() => (replying.value = null)}
          />
        )}
        <NeedButton group={group.group} />
      </footer>
      {people.value && <PeopleSheet group={group.group} onClose={() => (people.value = false)} onPerson={onPerson} />}
    </div>
  );
}

function You({ group }: { group: MyGroup }) {
  return (
    <div class="stack-2">
      <h2 class="wide-only">{presenceText.you}</h2>
      <Availability group={group} />
      <button class="btn wide item" type="button" onClick={() => go({ at: "witness", show: "declare", group: group.group })}>
        <Icon name="users" />
        {words.watchMe}
      </button>
    </div>
  );
}

/** Observe first (GR3): read, never be rung, see no calls; take part by own choice. */
function Observing({ group }: { group: MyGroup }) {
  const { run, busy, trouble } = useDeed();
  return (
    <div class="stack-2">
      <p class="small quiet">{words.observer}</p>
      <button class="btn wide" type="button" disabled={busy} onClick={() => void run(() => takePart(group.group))}>
        {words.takePart}
      </button>
      <Problem of={trouble} />
    </div>
  );
}
