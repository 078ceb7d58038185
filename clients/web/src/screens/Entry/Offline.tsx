import { Bar } from "../../components/Bar/Bar";
import { NeedDock } from "../../components/LampButton";
import { EmergencyLine, MainLine, PlanLine } from "../../components/PhoneLine/PhoneLine";
import { PlanCard } from "../../components/PlanCard/PlanCard";
import { usualGroup } from "../../device/prefs";
import { common, line, unreached } from "../../text/en";

/** The page came out of the offline cache and the server does not answer: numbers and own plan at once (UC15). */
export function Offline() {
  return (
    <div class="screen" data-screen="offline">
      <Bar title={common.name} heading={false} conn={false} />
      <main class="page wide">
        <div class="stack">
          <h1 class="say">{unreached.say}</h1>
          <p class="lead" role="status">
            {line.trying}
          </p>
          <MainLine big />
          <PlanLine />
          <EmergencyLine />
        </div>
        <div class="stack">
          <PlanCard />
        </div>
      </main>
      {usualGroup.value.value && <NeedDock />}
    </div>
  );
}

export function Starting() {
  return (
    <div class="screen" data-screen="starting">
      <Bar title={common.name} conn={false} />
      <main class="page">
        <MainLine />
      </main>
    </div>
  );
}
