import { finishIntroduction, setAvailability } from "../../app/commands";
import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { Problem } from "../../components/Field/Field";
import { NeedDock } from "../../components/LampButton";
import { EmergencyLine } from "../../components/PhoneLine/PhoneLine";
import { useDeed } from "../../components/useDeed";
import { introduction as words } from "../../text/more.en";

/** The short peer introduction before the first “open” (PR1): how to be there, what not to do, danger now. */
export function Introduction({ group }: { group: string }) {
  const { run, busy, trouble } = useDeed();
  const back = () => go({ at: "room", group });
  const done = () =>
    void run(async () => {
      await finishIntroduction(group);
      await setAvailability(group, "open", null);
    }).then((well) => well && back());
  return (
    <div class="screen" data-screen="introduction">
      <Bar title={words.title} onBack={back} />
      <main class="page">
        <h2 class="say">{words.say}</h2>
        <p class="lead">{words.lead}</p>
        <Points title={words.be} points={words.bePoints} />
        <Points title={words.not} points={words.notPoints} />
        <Points title={words.danger} points={words.dangerPoints} />
        <EmergencyLine />
        <p>{words.canStop}</p>
        <Problem of={trouble} />
        <div class="stack-2">
          <button class="btn ink big wide" type="button" disabled={busy} onClick={done}>
            {words.done}
          </button>
          <button class="btn wide" type="button" onClick={back}>
            {words.later}
          </button>
        </div>
      </main>
      <NeedDock />
    </div>
  );
}

function Points({ title, points }: { title: string; points: readonly string[] }) {
  return (
    <section class="stack-2">
      <h3>{title}</h3>
      <ul class="rules-list">
        {points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </section>
  );
}
