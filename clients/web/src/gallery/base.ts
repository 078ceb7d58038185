// The evening that every state starts from: when it is, who is there, and their group.
import type { MyGroup, Person } from "../wire/frames";

export const NOW = Date.UTC(2026, 10, 22, 21, 10);
export const id = (name: string) => name.padEnd(16, "_");

export const person = (name: string, more: Partial<Person> = {}): Person => ({
  member: id(name), name, badge: "none", simulated: false, ...more,
});
export const aGroup: MyGroup = {
  group: id("group"), room: id("room"), name: "Sober evenings", me: id("Ana"), my_name: "Ana", role: "member", state: "active",
  availability: "quiet", break_until: null, introduced: true, rung_when_away: false, hidden: false,
  rules: "Speak from your own life. No medicine advice.", head: 6,
};
