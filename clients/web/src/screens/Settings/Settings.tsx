import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { hidePresence, listBlocks, listDevices, revokeDevice, setRungWhenAway, unblockMember } from "../../app/commands";
import { go } from "../../app/place";
import { signOut } from "../../app/start";
import { Bar } from "../../components/Bar/Bar";
import { Choice, Problem, Seg } from "../../components/Field/Field";
import { LineStrip } from "../../components/LineStrip";
import { NeedDock } from "../../components/LampButton";
import { useDeed } from "../../components/useDeed";
import { comingSound, shiftExit, theme, usualGroup } from "../../device/prefs";
import { endPush, lookAtPush, pushState, startPush } from "../../device/push";
import { wakeSound } from "../../device/sound";
import { groups } from "../../model/model";
import { person } from "../../text/en";
import { settings as words } from "../../text/more.en";
import type { BlockView, Device, MyGroup } from "../../wire/frames";

export function Settings() {
  const active = groups.value.filter((group) => group.state === "active");
  return (
    <div class="screen" data-screen="settings">
      <Bar title={words.title} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <LineStrip />
        <Seg
          legend={words.theme}
          value={theme.value.value}
          onChange={theme.set}
          options={Object.entries(words.themes)}
        />
        <Choice label={words.shift} sub={words.shiftHint} checked={shiftExit.value.value === "on"} onChange={(on) => shiftExit.set(on ? "on" : "off")} />
        <Choice
          label={words.sound}
          checked={comingSound.value.value === "on"}
          onChange={(on) => {
            comingSound.set(on ? "on" : "off");
            if (on) void wakeSound();
          }}
        />
        <Push />
        {active.length > 1 && (
          <fieldset class="stack-2">
            <legend>
              <b>{words.defaultGroup}</b>
            </legend>
            {active.map((group) => (
              <Choice key={group.group} name="usual" label={group.name} checked={usualGroup.value.value === group.group} onChange={() => usualGroup.set(group.group)} />
            ))}
          </fieldset>
        )}
        {active.map((group) => (
          <GroupSettings key={group.group} group={group} />
        ))}
        <button class="btn wide" type="button" onClick={() => go({ at: "witness", show: "records" })}>
          {words.records}
        </button>
        <DeviceList />
        <button class="btn big wide" type="button" onClick={() => void signOut()}>
          {words.signOut}
        </button>
      </main>
      <NeedDock />
    </div>
  );
}

/** Asked clearly before it is enabled: what the browser's maker learns, and what not. */
function Push() {
  const { run, busy, trouble } = useDeed();
  useEffect(() => void lookAtPush(), []);
  const state = pushState.value;
  return (
    <section class="card" aria-labelledby="push-title">
      <h2 id="push-title">{words.push}</h2>
      <p class="small">{words.pushLead}</p>
      <p role="status">
        {state === "on" ? words.pushIsOn : state === "denied" ? words.pushDenied : state === "missing" ? words.pushMissing : ""}
      </p>
      <Problem of={trouble} />
      {state === "off" && (
        <button class="btn wide" type="button" disabled={busy} onClick={() => void run(startPush)}>
          {words.pushOn}
        </button>
      )}
      {state === "on" && (
        <button class="btn wide" type="button" disabled={busy} onClick={() => void run(endPush)}>
          {words.pushOff}
        </button>
      )}
    </section>
  );
}

function GroupSettings({ group }: { group: MyGroup }) {
  const { run, trouble } = useDeed();
  const blocks = useSignal<readonly BlockView[] | null>(null);
  const load = () => run(async () => (blocks.value = (await listBlocks(group.group)).blocks));
  const unblock = (member: string) => void run(() => unblockMember(member)).then((well) => well && load());
  return (
    <section class="card" aria-label={words.inGroup(group.name)}>
      <h2>{words.inGroup(group.name)}</h2>
      {group.role !== "observer" && (
        <>
          <Choice
            label={words.rungWhenAway}
            sub={words.rungWhenAwayHint}
            checked={group.rung_when_away}
            onChange={(on) => void run(() => setRungWhenAway(group.group, on))}
          />
          <Choice label={words.hidden} sub={words.hiddenHint} checked={group.hidden} onChange={(on) => void run(() => hidePresence(group.group, on))} />
        </>
      )}
      <Problem of={trouble} />
      <details onToggle={(event) => event.currentTarget.open && !blocks.value && void load()}>
        <summary>{words.blocks}</summary>
        <ul class="stack-2">
          {blocks.value?.map(({ person: one }) => (
            <li key={one.member} class="line apart">
              {one.name}
              <button class="btn" type="button" onClick={() => unblock(one.member)}>
                {person.unblock}
              </button>
            </li>
          ))}
          {blocks.value?.length === 0 && <li class="quiet">{words.noBlocks}</li>}
        </ul>
      </details>
    </section>
  );
}

function DeviceList() {
  const { run, busy, trouble } = useDeed();
  const devices = useSignal<readonly Device[] | null>(null);
  const load = () => run(async () => (devices.value = (await listDevices()).devices));
  useEffect(() => void load(), []);
  return (
    <section class="card" aria-labelledby="devices-title">
      <h2 id="devices-title">{words.devices}</h2>
      <Problem of={trouble} />
      <ul class="stack-2">
        {devices.value?.map((one) => (
          <li key={one.device} class="line apart">
            <span>
              <b>{one.this ? words.thisDevice : words.device}</b>
              <br />
              <span class="small quiet num">{words.seen(one.seen_at)}</span>
            </span>
            {!one.this && (
              <button class="btn" type="button" disabled={busy} onClick={() => void run(() => revokeDevice(one.device)).then((well) => well && load())}>
                {words.revoke}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
