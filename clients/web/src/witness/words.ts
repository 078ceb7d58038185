import list from "./words.txt?raw";
import type { SafetyWord } from "./api";

/** 256 short plain words, one a line and in order: one byte is one word. The Python client reads the same file. */
export const WORDS: readonly string[] = list.trim().split("\n");

/** The first 32 bits as four words. */
export function asWords(bits: Uint8Array): SafetyWord {
  return [0, 1, 2, 3].map((at) => WORDS[bits[at]!]!) as unknown as SafetyWord;
}
