/** The sounds, made of notes: no file to load, nothing to cache. */
let context: AudioContext | null = null;

function ready(): AudioContext | null {
  if (!context && "AudioContext" in globalThis) context = new AudioContext();
  if (context?.state === "suspended") void context.resume();
  return context?.state === "running" ? context : null;
}

/** Browsers keep a page silent until it is tapped once. True if sound would be heard now. */
export function soundReady(): boolean {
  return ready() !== null;
}

/** Call from inside a tap. Resolves with whether sound is on now. */
export async function wakeSound(): Promise<boolean> {
  if (!context && "AudioContext" in globalThis) context = new AudioContext();
  await context?.resume().catch(() => {});
  return context?.state === "running";
}

function note(on: AudioContext, from: number, to: number, start: number, seconds: number): void {
  const tone = on.createOscillator();
  const volume = on.createGain();
  tone.type = "sine";
  tone.frequency.setValueAtTime(from, start);
  tone.frequency.exponentialRampToValueAtTime(to, start + seconds);
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.22, start + 0.08);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
  tone.connect(volume).connect(on.destination);
  tone.start(start);
  tone.stop(start + seconds);
}

/** Two soft rising notes, 440 → 554 Hz, 1.2 s together, with a vibration beside them. */
export function ringOnce(): boolean {
  navigator.vibrate?.([250, 150, 250]);
  const on = ready();
  if (!on) return false;
  note(on, 440, 466, on.currentTime, 0.55);
  note(on, 523, 554, on.currentTime + 0.6, 0.6);
  return true;
}

/** One low note: someone is coming. */
export function lowNote(): void {
  const on = ready();
  if (on) note(on, 220, 220, on.currentTime, 0.7);
}
