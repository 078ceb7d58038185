import { beforeEach, describe, expect, test } from "vitest";
import { aMyAction, anActionCard } from "../gallery/actions";
import { apply, beginSnapshot, endSnapshot, forgetAll } from "./model";
import { actions, putActionAway } from "./witness";

beforeEach(() => forgetAll());
const ids = () => [...actions.value.keys()];

describe("views of a witnessed action", () => {
  test("wa a newer version replaces, an older or the same one does not", () => {
    apply({ ...aMyAction, version: 5, present: 1 });
    apply({ ...aMyAction, version: 4, present: 3 });
    apply({ ...aMyAction, version: 5, present: 3 });
    expect(actions.value.get(aMyAction.action)).toMatchObject({ version: 5, present: 1 });
    apply({ ...aMyAction, version: 6, present: 2 });
    expect(actions.value.get(aMyAction.action)?.present).toBe(2);
  });

  test("wa one's own and another's stand side by side", () => {
    apply(aMyAction);
    apply(anActionCard);
    expect(ids()).toEqual([aMyAction.action, anActionCard.action]);
  });

  test("wa03 what is no longer this person's to see is gone at once, words and all", () => {
    apply(anActionCard);
    apply({ t: "action_gone", action: anActionCard.action });
    expect(ids()).toEqual([]);
  });

  test("a reconnect takes the snapshot as it is, also when the server began its count anew", () => {
    apply({ ...anActionCard, version: 8 });
    beginSnapshot();
    apply({ ...anActionCard, version: 1, present: 3 });
    endSnapshot();
    expect(actions.value.get(anActionCard.action)).toMatchObject({ version: 1, present: 3 });
  });

  test("a reconnect drops what was not named again, but not the last words of what is over", () => {
    apply(anActionCard);
    apply({ ...aMyAction, stage: "ended", ended: "stopped" });
    beginSnapshot();
    endSnapshot();
    expect(ids()).toEqual([aMyAction.action]);
    putActionAway(aMyAction.action);
    expect(ids()).toEqual([]);
  });

  test("cb04 leaving forgets every action", () => {
    apply(aMyAction);
    apply(anActionCard);
    forgetAll();
    expect(ids()).toEqual([]);
  });
});
