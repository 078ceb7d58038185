// Small grammar for the catalogue: plurals, lists, durations, days. Another language brings its own.

const plurals = new Intl.PluralRules("en");
const lists = new Intl.ListFormat("en", { type: "conjunction" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

export function plural(count: number, one: string, other: string): string {
  return `${count} ${plurals.select(count) === "one" ? one : other}`;
}

export const people = (count: number) => plural(count, "person", "people");
export const phones = (count: number) => plural(count, "phone", "phones");
export const volunteers = (count: number) => plural(count, "volunteer", "volunteers");

/** Maria; Maria and Jo; Maria, Jo, and Lee without the comma that British English leaves out. */
export function list(names: readonly string[]): string {
  return lists.format(names).replace(/, and /, " and ");
}

/** “is” or “are” for that many. */
export const be = (count: number) => (count === 1 ? "is" : "are");

/** 21 seconds; 1 minute 52 seconds; 2 minutes; 1 hour 5 minutes. */
export function duration(seconds: number): string {
  if (seconds < 60) return plural(seconds, "second", "seconds");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    const rest = seconds % 60;
    const whole = plural(minutes, "minute", "minutes");
    return rest === 0 ? whole : `${whole} ${plural(rest, "second", "seconds")}`;
  }
  const hours = Math.floor(minutes / 60);
  const whole = plural(hours, "hour", "hours");
  return minutes % 60 === 0 ? whole : `${whole} ${plural(minutes % 60, "minute", "minutes")}`;
}

/** 3:05; 1:02:09. For the dashboard, where digits line up. */
export function digits(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export const timeOfDay = (at: number) => clock.format(at);
export const dayOf = (at: number) => day.format(at);

/** Earlier today; Yesterday; On 20 November 2026. */
export function dayAgo(at: number, now: number): string {
  if (day.format(at) === day.format(now)) return "Earlier today";
  return day.format(at) === day.format(now - 86_400_000) ? "Yesterday" : `On ${day.format(at)}`;
}

/** A day written YYYY-MM-DD, as a person reads it; what is no day comes back as it is. */
export function dayOfText(text: string): string {
  const at = Date.parse(`${text}T12:00:00`);
  return Number.isNaN(at) ? text : day.format(at);
}
