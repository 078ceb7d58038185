import type { Medium, MediumWhy } from "./api";

// The ladder down from video to text, as a pure machine (WA2): figures in, a step or none out. Up goes only the member.

export const LADDER: readonly Medium[] = ["video", "stills", "photo", "text"];

/** Over this long is counted what was dropped… */
export const WINDOW_MS = 5_000;
/** …of at least so many pictures: a line is not judged by two. */
export const PICTURES_AT_LEAST = 24;
/** A third dropped: at 24 a second that is still 16, but the line gets worse than it is able to drain. */
export const DROPPED_SHARE = 1 / 3;
/** Video whose oldest byte has been on this device for so long is no live picture. */
export const VIDEO_STUCK_MS = 5_000;
/** A still or a photo that is not gone after so long: the next, smaller step. */
export const WHOLE_STUCK_MS = 10_000;
/** A photo of some 300 KB may take its time on a poor line. */
export const PHOTO_STUCK_MS = 60_000;
/** After a step or a reconnect the line gets so long before it is judged again. */
export const PATIENCE_MS = 5_000;
/** This long in all without a media socket within a minute, and the picture counts as one the line cannot carry. */
export const AWAY_MS = 20_000;
export const AWAY_WITHIN_MS = 60_000;

export interface Count {
  at: number;
  dropped: boolean;
}

export interface Ladder {
  medium: Medium;
  why: MediumWhy;
  /** Pictures of the last seconds: sent or dropped because the encoder or the line was behind. */
  counts: readonly Count[];
  /** Since when something lies unsent on this device; null when all is gone. */
  stuckSince: number | null;
  /** When the line was lost, and for how long in all within the last minute before. */
  away: readonly { from: number; to: number | null }[];
  /** Not judged before this. */
  calmUntil: number;
}

export const beginAt = (medium: Medium, now: number): Ladder => ({
  medium, why: "", counts: [], stuckSince: null, away: [], calmUntil: now + PATIENCE_MS,
});

/** A picture was sent or dropped. */
export function counted(ladder: Ladder, dropped: boolean, now: number): Ladder {
  const counts = [...ladder.counts.filter(({ at }) => now - at < WINDOW_MS), { at: now, dropped }];
  return { ...ladder, counts };
}

/** Whether bytes lie unsent. */
export function unsent(ladder: Ladder, bytes: number, now: number): Ladder {
  if (bytes === 0) return ladder.stuckSince === null ? ladder : { ...ladder, stuckSince: null };
  return ladder.stuckSince === null ? { ...ladder, stuckSince: now } : ladder;
}

export function lineAway(ladder: Ladder, now: number): Ladder {
  if (isAway(ladder)) return ladder;
  return { ...ladder, stuckSince: null, away: [...recent(ladder, now), { from: now, to: null }] };
}

export function lineBack(ladder: Ladder, now: number): Ladder {
  const away = ladder.away.map((one) => (one.to === null ? { ...one, to: now } : one));
  return { ...ladder, away, counts: [], stuckSince: null, calmUntil: now + PATIENCE_MS };
}

const isAway = (ladder: Ladder) => ladder.away.at(-1)?.to === null;

const recent = (ladder: Ladder, now: number) =>
  ladder.away.filter(({ to }) => to === null || now - to < AWAY_WITHIN_MS);

const awayFor = (ladder: Ladder, now: number) =>
  recent(ladder, now).reduce((sum, { from, to }) => sum + (to ?? now) - Math.max(from, now - AWAY_WITHIN_MS), 0);

/** The line cannot carry this step. */
export function isPoor(ladder: Ladder, now: number): boolean {
  if (ladder.medium === "text") return false;
  if (awayFor(ladder, now) >= AWAY_MS) return true;
  if (now < ladder.calmUntil) return false;
  const stuck = ladder.stuckSince === null ? 0 : now - ladder.stuckSince;
  if (stuck >= { video: VIDEO_STUCK_MS, stills: WHOLE_STUCK_MS, photo: PHOTO_STUCK_MS }[ladder.medium]) return true;
  if (ladder.medium !== "video") return false;
  const counts = ladder.counts.filter(({ at }) => now - at < WINDOW_MS);
  return counts.length >= PICTURES_AT_LEAST && counts.filter(({ dropped }) => dropped).length / counts.length > DROPPED_SHARE;
}

/** What the time brings: one step down, or the same ladder. */
export function judged(ladder: Ladder, now: number): Ladder {
  return isPoor(ladder, now) ? downTo(ladder, LADDER[LADDER.indexOf(ladder.medium) + 1]!, "line", now) : ladder;
}

/** What this device is able to do. Without a camera a photo may still be chosen from a file: that is the member's tap. */
export interface Able {
  camera: boolean;
  /** WebCodecs and a codec that both sides know. */
  video: boolean;
}

/** The step that this device can do, at or below the one it is on. */
export function withDevice(ladder: Ladder, able: Able, now: number): Ladder {
  const picture = ladder.medium === "video" || ladder.medium === "stills";
  if (picture && !able.camera) return downTo(ladder, "text", "camera", now);
  if (ladder.medium === "video" && !able.video) return downTo(ladder, "stills", "device", now);
  return ladder;
}

/** What the member taps: up or down. */
export const chosen = (ladder: Ladder, medium: Medium, now: number): Ladder => ({
  ...beginAt(medium, now), why: "choice", away: isAway(ladder) ? [{ from: now, to: null }] : [],
});

/** What the server says the medium is: another page of the member's may have changed it. */
export const told = (ladder: Ladder, medium: Medium, why: MediumWhy, now: number): Ladder =>
  medium === ladder.medium ? { ...ladder, why } : { ...chosen(ladder, medium, now), why };

function downTo(ladder: Ladder, medium: Medium, why: MediumWhy, now: number): Ladder {
  const away = isAway(ladder) ? [{ from: now, to: null }] : [];
  return { ...ladder, medium, why, counts: [], stuckSince: null, away, calmUntil: now + PATIENCE_MS };
}
