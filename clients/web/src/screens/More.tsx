import { signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import { useEffect } from "preact/hooks";
import { go } from "../app/place";
import { Bar } from "../components/Bar/Bar";
import { NeedDock } from "../components/LampButton";
import { groups, live } from "../model/model";
import { common, line } from "../text/en";
import type { MyCall } from "../wire/frames";

type Screens = typeof import("./more");

const screens = signal<Screens | null>(null);
const failed = signal(false);

async function load(): Promise<void> {
  if (screens.peek()) return;
  failed.value = false;
  try {
    // Never `import(…).then(…)`: Vite loads the chunk's style first, and with `then` nobody would hear that it failed.
    screens.value = await import("./more");
  } catch {
    failed.value = true;
  }
}

/** One of the screens that are loaded later. Until it is there, the yellow button is. */
export function More({ show }: { show: (screens: Screens) => ComponentChild }) {
  useEffect(() => void load(), []);
  if (screens.value) return <>{show(screens.value)}</>;
  return (
    <div class="screen" data-screen="loading">
      <Bar title={common.name} onBack={() => go({ at: "groups" })} />
      <main class="page">
        {failed.value ? <NotThere /> : <p class="lead" role="status">{common.loading}</p>}
      </main>
      <NeedDock />
    </div>
  );
}

/** What a caller with more groups than one has besides (UC18). Nothing of the call waits for it to be loaded. */
export function Also({ call }: { call: MyCall }) {
  const many = groups.value.length > 1;
  useEffect(() => void (many && load()), [many]);
  const AlsoAsk = many && screens.value?.AlsoAsk;
  return AlsoAsk ? <AlsoAsk call={call} /> : null;
}

/** With a line, the file is gone because the server has a newer page. Without one, it is the line. */
function NotThere() {
  const newer = live.value;
  return (
    <>
      <p class="lead" role="alert">
        {newer ? `${line.protocol} ${line.protocolDo}` : common.unreached}
      </p>
      <button class="btn wide" type="button" onClick={newer ? () => location.reload() : () => void load()}>
        {newer ? line.reload : common.tryAgain}
      </button>
    </>
  );
}
