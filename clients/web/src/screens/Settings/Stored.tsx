import { go } from "../../app/place";
import { Bar } from "../../components/Bar/Bar";
import { NeedDock } from "../../components/LampButton";
import { stored as words } from "../../text/more.en";

/** What we hold, for how long, and what the operator can read (CB8). */
export function Stored() {
  return (
    <div class="screen" data-screen="stored">
      <Bar title={words.title} onBack={() => go({ at: "groups" })} />
      <main class="page">
        <h2 class="say">{words.say}</h2>
        <dl class="stack">
          {words.items.map(([what, how]) => (
            <div key={what} class="stack-1">
              <dt>
                <b>{what}</b>
              </dt>
              <dd>{how}</dd>
            </div>
          ))}
        </dl>
        <p>{words.backups}</p>
        <p>{words.record}</p>
        <p>{words.erase}</p>
      </main>
      <NeedDock />
    </div>
  );
}
