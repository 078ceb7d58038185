import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Choice } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { leaveNow } from "../../device/exit";
import { shiftExit } from "../../device/prefs";
import { Icon } from "../../icons/Icon";
import { exit as words } from "../../text/en";
import { settings } from "../../text/more.en";

/** Says what Exit does and what it cannot clear, before someone needs it (CB4). */
export function Leaving() {
  return (
    <div class="screen" data-screen="leaving">
      <Bar title={words.title} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <h2 class="say">{words.say}</h2>
        <ul class="facts">
          <li>
            <Icon name="log-out" />
            <span>{words.always}</span>
          </li>
          <li>
            <Icon name="eye-off" />
            <span>{words.weather}</span>
          </li>
          <li>
            <Icon name="phone" />
            <span>{words.call}</span>
          </li>
          <li>
            <Icon name="lock" />
            <span>{words.locked}</span>
          </li>
          <li>
            <Icon name="circle-alert" />
            <span>{words.limits}</span>
          </li>
        </ul>
        <Choice
          label={settings.shift}
          sub={settings.shiftHint}
          checked={shiftExit.value.value === "on"}
          onChange={(on) => shiftExit.set(on ? "on" : "off")}
        />
        <div class="stack-2">
          <button class="btn ink big wide" type="button" onClick={leaveNow}>
            {words.tryIt}
          </button>
          <button class="btn wide" type="button" onClick={() => go({ at: "groups" })}>
            {words.understood}
          </button>
        </div>
      </main>
      <NeedDock />
    </div>
  );
}
