/// <reference types="node" />
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import disposal from "../../data/disposal.json";
import { aMyAction, recordFile } from "../../gallery/actions";
import { recordWords } from "../../text/witness.en";
import type { WitnessView } from "../../wire/frames";
import { best, company, daysBetween, milestones, planWords, runs, said, streams, taps } from "./derive";
import { disposes, steps, wayIn } from "./disposal";
import { readRecord } from "./recordFile";

const witness = (name: string, more: Partial<WitnessView>): WitnessView => ({
  person: { member: name, name, badge: "none", simulated: false }, state: "present", looking: false, with_you: false, word: "none", ...more,
});

describe("who is there", () => {
  test("wa04 only whoever gets something counts; who said yes and gets nothing is named apart", () => {
    const { present, joined, left } = company(aMyAction.witnesses);
    expect([present.length, joined.map((one) => one.person.name), left.length]).toEqual([2, ["Tomas"], 0]);
  });
  test("wa05 taps are one line, without those who left", () => {
    expect(taps([witness("Jo", { with_you: true }), witness("Lee", { with_you: true, state: "left" }), witness("Kit", {})])).toEqual(["Jo"]);
  });
  test("wa06 each word is told as it was said", () => {
    expect(said([witness("Jo", { word: "saw", state: "left" }), witness("Lee", { word: "could_not_see" }), witness("Kit", {}), witness("Sol", { state: "joined" })])).toEqual({
      saw: ["Jo"], couldNot: ["Lee"], notYet: ["Kit"],
    });
  });
  test("wa06 the best that reached a page counts", () => {
    expect([best(null, "text"), best("photo", "stills"), best("video", "photo")]).toEqual(["text", "stills", "video"]);
  });
  test("wa03 before it is live nothing may go out", () => {
    expect((["planned", "due", "gathering", "live", "attesting", "turned", "ended"] as const).filter(streams)).toEqual(["live", "attesting", "turned"]);
    expect([runs("gathering"), runs("due"), runs("ended")]).toEqual([true, false, false]);
  });
});

describe("wa08 the safe way", () => {
  test("is there wherever something is got rid of, and nothing is made up for a country that is not known", () => {
    for (const deed of ["pour_out", "take_back", "throw_away", "hand_over"] as const) {
      expect(disposes(deed)).toBe(true);
      expect(steps(deed).length).toBeGreaterThan(1);
    }
    expect(disposes("walk_past")).toBe(false);
    expect(wayIn("GB", "take_back")?.source).toMatch(/^https:/);
    expect(wayIn("XX", "take_back")).toBeNull();
    expect(wayIn("GB", "pour_out")).toBeNull();
  });
  test("every way names its source, and the day it was checked or that it was not", () => {
    for (const way of Object.values(disposal.countries)) {
      expect(way.source).toMatch(/^https:\/\/\S+$/);
      expect(way.checked).toMatch(/^(\d{4}-\d{2}-\d{2})?$/);
    }
  });
});

describe("a record", () => {
  test("wa06 is read as the server writes it; what is no record is none", () => {
    expect(readRecord(recordFile.text)?.entries.map((one) => one.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([readRecord("no"), readRecord("[]"), readRecord('{"entries":1}')]).toEqual([null, null, null]);
    expect(readRecord('{"entries":[{"n":"1"},null]}')).toEqual({ entries: [], sealedAt: null });
  });

  test("wa06 the page has words for every fact that the core writes", () => {
    const core = ["witness.py", "witness_commands.py"].map((name) => readFileSync(`../../rooms/${name}`, "utf8")).join("\n");
    const noted = [...core.matchAll(/\bnote\((?:[^"]|\n)*?"(\w+)"/g)].map((found) => found[1] ?? "");
    const endings = [...core.matchAll(/^ {4}[A-Z]+ = "(completed|unwitnessed|stopped|turned|safety|expired)"$/gm)].map((found) => found[1] ?? "");
    expect(noted.length).toBeGreaterThan(12);
    expect(endings).toHaveLength(6);
    expect([...noted, ...endings].filter((what) => !(what in recordWords))).toEqual([]);
  });

  test("wa06 an attestation says how it was perceived, and “I couldn’t see” as such", () => {
    expect(recordWords["attested"]?.({ witness: 2, saw: true, perceived: "photo" })).toBe("Witness 2: “I saw a photo.”");
    expect(recordWords["attested"]?.({ witness: 2, saw: false, perceived: null })).toBe("Witness 2: “I couldn’t see.”");
  });
});

describe("days", () => {
  test("are midnights between, over a change of clocks too; never below none", () => {
    expect([daysBetween("2026-03-28", "2026-03-30"), daysBetween("2026-01-01", "2026-01-01"), daysBetween("2026-01-02", "2026-01-01"), daysBetween("", "2026-01-01")]).toEqual([
      2, 0, null, null,
    ]);
  });
  test("the last milestone and the next", () => {
    expect(milestones(8, [30, 1, 7])).toEqual({ reached: 7, next: 30 });
    expect(milestones(0, [1, 7])).toEqual({ reached: null, next: 1 });
    expect(milestones(900, [1, 7])).toEqual({ reached: 7, next: null });
  });
  test("a plan is read by the clock on the wall, whatever the zone of this device", () => {
    expect(planWords("2026-11-24T18:30")).toMatch(/24 November.* 18:30/);
    expect(planWords("no time")).toBe("no time");
  });
});
