import { turnIntoCall } from "../../app/witness";
import { go } from "../../app/place";
import { callRuns, press, pressCall } from "../../app/urgent";
import { live } from "../../model/model";
import type { MyAction } from "../../wire/frames";

const LATE_MS = 2_000;

/**
 * “I need someone now” inside one's own action: it becomes a call (WA7). A press is never lost to this road: without an
 * answer in 2 s, or with a no, it goes the way of every other press, which tries all there are (UC1).
 */
export async function needSomeone({ action, group }: Pick<MyAction, "action" | "group">): Promise<void> {
  if (callRuns()) return go({ at: "call" });
  const asking = { group, words: "", only: null, volunteersToo: true };
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), LATE_MS));
  const turning = live.peek() ? turnIntoCall(action) : Promise.resolve(null);
  const ok = (await Promise.race([turning, late]).catch(() => null))?.ok;
  turning.catch(() => {}); // a late no changes nothing: the press is under way
  if (!callRuns()) {
    if (ok?.call) press.value = { is: "rung", ask: { ...asking, k: ok.re }, call: ok.call, saved: ok.saved };
    else pressCall(asking);
  }
  go({ at: "call" });
}
