import { useSignal } from "@preact/signals";
import { Refusal } from "../net/http";
import { common } from "../text/en";

/** Why something was not done, in words for the person. */
export interface Trouble {
  code: string;
  sentence: string;
  todo: string;
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Refusal) return { code: error.code, sentence: error.sentence, todo: error.todo };
  return { code: "unreached", sentence: common.unreached, todo: common.unreachedDo };
}

/** Runs a deed once at a time, and keeps what the server said if it refused. */
export function useDeed() {
  const busy = useSignal(false);
  const trouble = useSignal<Trouble | null>(null);
  async function run(deed: () => Promise<unknown>): Promise<boolean> {
    if (busy.peek()) return false;
    busy.value = true;
    trouble.value = null;
    try {
      await deed();
      return true;
    } catch (error) {
      trouble.value = troubleOf(error);
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy: busy.value, trouble: trouble.value, run, fail: (words: Trouble | null) => (trouble.value = words) };
}
