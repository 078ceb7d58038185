/**
 * How long to wait before the next try, in ms: full jitter, so that a thousand pages do not come back in step after a
 * restart. The cap stays short even for a hidden tab: a peer with a locked phone is still wanted (failure rule 4).
 */
export function backoff(tries: number, random: () => number, capMs = 5_000): number {
  const ceiling = Math.min(capMs, 300 * 2 ** Math.min(tries, 10));
  return Math.round(100 + random() * ceiling);
}
