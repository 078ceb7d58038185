import { signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import { useEffect } from "preact/hooks";
import { go } from "../app/place";
import { Bar } from "../components/Bar/Bar";
import { NeedDock } from "../components/LampButton";
import { groups, live } from "../model/model";
import { actions } from "../model/witness";
import { common, line } from "../text/en";
import type { MyCall } from "../wire/frames";

type Witness = typeof import("./witness");

/** Screens that are loaded when one of them is first wanted, and whether loading them failed. */
function chunk<Screens>(get: () => Promise<Screens>) {
  const screens = signal<Screens | null>(null);
  const failed = signal(false);
  const load = async () => {
    if (screens.peek()) return;
    failed.value = false;
    try {
      screens.value = await get();
    } catch {
      failed.value = true;
    }
  };
  return { screens, failed, load };
}

// Never `import(…).then(…)`: Vite loads the chunk's style first, and with `then` nobody would hear that it failed.
const more = chunk(async () => await import("./more"));
const witness = chunk(async () => await import("./witness"));

interface LaterProps<Screens> {
  of: ReturnType<typeof chunk<Screens>>;
  show: (screens: Screens) => ComponentChild;
}

/** One of the screens that are loaded later. Until it is there, the yellow button is. */
function Later<Screens>({ of, show }: LaterProps<Screens>) {
  useEffect(() => void of.load(), [of]);
  if (of.screens.value) return <>{show(of.screens.value)}</>;
  return (
    <div class="screen" data-screen="loading">
      <Bar title={common.name} onBack={() => go({ at: "groups" })} />
      <main class="page">
        {of.failed.value ? <NotThere onAgain={() => void of.load()} /> : <p class="lead" role="status">{common.loading}</p>}
      </main>
      <NeedDock />
    </div>
  );
}

export const More = ({ show }: Pick<LaterProps<typeof import("./more")>, "show">) => <Later of={more} show={show} />;
export const Witnessing = ({ show }: Pick<LaterProps<Witness>, "show">) => <Later of={witness} show={show} />;

/** Something of a later chunk beside a screen that does not wait for it. */
function useLater<Screens>(of: ReturnType<typeof chunk<Screens>>, wanted: boolean): Screens | null {
  useEffect(() => void (wanted && of.load()), [wanted]);
  return wanted ? of.screens.value : null;
}

/**
 * What a caller with more groups than one has besides (UC18): what the other calls do, or with `ask` the other groups to
 * ask. Nothing of the call waits for it to be loaded.
 */
export function Also({ ask }: { ask?: MyCall }) {
  const later = useLater(more, groups.value.length > 1);
  if (!later) return null;
  return ask ? <later.AlsoAsk call={ask} /> : <later.OtherCalls />;
}

/** Witnessed actions, one's own and those that others ask to be watched: a calm line each (WA1). */
export function ActionLines() {
  const Shown = useLater(witness, actions.value.size > 0)?.Lines;
  return Shown ? <Shown /> : null;
}

/** With a line, the file is gone because the server has a newer page. Without one, it is the line. */
function NotThere({ onAgain }: { onAgain: () => void }) {
  const newer = live.value;
  return (
    <>
      <p class="lead" role="alert">
        {newer ? `${line.protocol} ${line.protocolDo}` : common.unreached}
      </p>
      <button class="btn wide" type="button" onClick={newer ? () => location.reload() : onAgain}>
        {newer ? line.reload : common.tryAgain}
      </button>
    </>
  );
}
