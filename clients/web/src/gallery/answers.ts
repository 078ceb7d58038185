// What the server answers in the gallery, so that lists are full; any other question stays open.
import type { Deed } from "../net/session";
import type { Devices, Event, Ok } from "../wire/frames";
import { fingerprint, recordFile, records } from "./actions";
import { NOW, aGroup, person } from "./states";

const DAY = 86_400_000;
const ok = { t: "ok", re: "", group: null, invite: null, saved: true } as Ok; // the fields that screens look at
const people = [
  person("Ana"), person("Maria", { badge: "moderator" }), person("Jo"), person("Noor", { badge: "volunteer" }), person("Robin", { simulated: true }),
];

const events: readonly Event[] = [
  {
    t: "invited_to", re: "", name: "Women, sober and tired", blurb: "Mothers, mostly. Evenings are hard.",
    rules: "Ask before you advise.\nWhat is said here stays here.", questions: ["What brings you here? A line is enough."],
  },
  { t: "members", re: "", group: aGroup.group, people, roles: ["member", "moderator", "observer", "member", "member"] },
  {
    t: "join_requests", re: "", group: aGroup.group,
    requests: [{ request: "request", name: "Wren", questions: ["What brings you here? A line is enough."], answers: ["Two weeks. The evenings."], at: NOW - DAY }],
  },
  {
    t: "reports", re: "", group: aGroup.group,
    reports: [{ report: "report", reason: "fixing", words: "It came three times.", about: person("Jo"), group_name: aGroup.name, entry_text: "You should just stop.", at: NOW - DAY }],
  },
  { t: "records", re: "", records, key: fingerprint },
  recordFile,
  { t: "blocks", re: "", group: aGroup.group, blocks: [{ person: person("Kit"), at: NOW - DAY }] },
  {
    t: "audit", re: "", intact: true,
    lines: [
      { seq: 2, at: NOW - 60_000, actor: "Noor", action: "accepted", subject: "call of Ana in Sober evenings" },
      { seq: 1, at: NOW - 90_000, actor: "Noor", action: "looked", subject: "call of Ana in Sober evenings" },
    ],
  },
];
const asked: Partial<Record<Deed["t"], Event["t"]>> = {
  look_at_invite: "invited_to", list_members: "members", list_join_requests: "join_requests", list_reports: "reports", list_blocks: "blocks", read_audit: "audit",
  list_records: "records", export_record: "record_file",
};
const done: Partial<Record<Deed["t"], Partial<Ok>>> = {
  ask_to_join: {}, report_member: {}, fetch_on_call: {}, danger_now: {}, make_invite: { invite: "quiet-river-lamp-09" },
};

/** The answer to a command of the page. */
export function answerTo(deed: Deed): Promise<{ ok: Ok | null; event: Event | null }> {
  const event = events.find((one) => one.t === asked[deed.t]);
  if (event) return Promise.resolve({ ok: null, event });
  const more = done[deed.t];
  return more ? Promise.resolve({ ok: { ...ok, ...more }, event: null }) : new Promise(() => {});
}

/** The answer to an HTTP request of the page. */
export function answerToGet(path: string): Promise<Response> {
  const devices: Devices = {
    devices: [
      { device: "this", made_at: NOW - 9 * DAY, seen_at: NOW, this: true },
      { device: "other", made_at: NOW - 30 * DAY, seen_at: NOW - 3 * DAY, this: false },
    ],
  };
  return path === "/api/devices" ? Promise.resolve(Response.json(devices)) : new Promise(() => {});
}
