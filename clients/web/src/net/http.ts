import type { Problem } from "../wire/frames";

/** The server said no, with a sentence for the person. */
export class Refusal extends Error {
  readonly code: string;
  readonly sentence: string;
  readonly todo: string;
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    super(problem.code);
    this.code = problem.code;
    this.sentence = problem.sentence;
    this.todo = problem.do;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nothing came back: the network or the server is away. It may or may not have been done. */
export class Unreached extends Error {}

/** One JSON request. Rejects with `Refusal` (the server answered) or `Unreached` (it did not). */
export async function request<T>(method: string, path: string, body?: unknown, limitMs = 10_000): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(limitMs),
      ...(method === "GET" ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) }),
    });
  } catch (cause) {
    throw new Unreached(path, { cause });
  }
  const value: unknown = await answer.json().catch(() => null);
  if (answer.ok) return value as T;
  if (value && typeof value === "object" && "sentence" in value) throw new Refusal(value as Problem);
  throw new Unreached(`${path} ${answer.status}`); // a proxy's own page: the server behind it did not speak
}

export const get = <T>(path: string, limitMs?: number) => request<T>("GET", path, undefined, limitMs);
export const post = <T>(path: string, body?: unknown, limitMs?: number) => request<T>("POST", path, body, limitMs);
export const del = <T>(path: string) => request<T>("DELETE", path);
