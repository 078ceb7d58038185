// An exported record as the page reads it (rooms/record.py says the form). It is shown, never judged: `beside verify` does.
export interface RecordEntry {
  n: number;
  at: number;
  what: string;
  more: Readonly<Record<string, string | number | boolean | null>>;
}

export interface ReadRecord {
  entries: readonly RecordEntry[];
  sealedAt: number | null;
}

const isThing = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The entries in their order, or null when the text is no exported record. Entries of another form are left out. */
export function readRecord(text: string): ReadRecord | null {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isThing(whole) || !Array.isArray(whole["entries"])) return null;
  const entries = whole["entries"].filter(
    (one): one is RecordEntry => isThing(one) && typeof one["n"] === "number" && typeof one["at"] === "number" && typeof one["what"] === "string" && isThing(one["more"]),
  );
  const seal = whole["seal"];
  return { entries, sealedAt: isThing(seal) && typeof seal["sealed_at"] === "number" ? seal["sealed_at"] : null };
}
