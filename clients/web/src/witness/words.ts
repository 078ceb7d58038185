import list from "./words.txt?raw";
import type { SafetyWord } from "./api";

/** 256 short plain words, one a line and in order: one byte is one word. The Python client reads the same file. */
export const WORDS: readonly string[] = list.trim().split("\n");

/** 64 bits as eight words. */
export function asWords(bits: Uint8Array): SafetyWord {
  return [...bits].map((bit) => WORDS[bit]!);
}
