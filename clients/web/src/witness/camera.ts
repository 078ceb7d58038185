import type { CameraState } from "./api";

// Camera and microphone. A refused microphone costs the sound, never the picture.

export const WIDTH = 640;
export const HEIGHT = 360;
export const FPS = 24;

export type Found = { is: "on"; stream: MediaStream } | { is: Exclude<CameraState, "off" | "asking" | "on"> };

export async function openCamera(facing: "user" | "environment", sound: boolean): Promise<Found> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices?.getUserMedia) return { is: "missing" }; // no HTTPS, or a browser without
  const video = { width: { ideal: WIDTH }, height: { ideal: HEIGHT }, frameRate: { ideal: FPS, max: 30 }, facingMode: facing };
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true };
  try {
    return { is: "on", stream: await devices.getUserMedia(sound ? { video, audio } : { video }) };
  } catch (error) {
    if (sound) return openCamera(facing, false);
    return { is: why(error) };
  }
}

function why(error: unknown): "refused" | "missing" | "busy" {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "missing";
}

export function stopAll(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Shown to the member alone, and the source of every picture that goes out. */
export async function showIn(video: HTMLVideoElement, stream: MediaStream): Promise<void> {
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play().catch(() => {}); // a browser that wants a tap first shows it after the next
}

/** The size with the longer side at `most`, even, as encoders want it; never larger than it was. */
export function fitting(width: number, height: number, most: number): { width: number; height: number } {
  const scale = Math.min(1, most / Math.max(width, height, 1));
  const even = (side: number) => Math.max(16, Math.floor((side * scale) / 2) * 2);
  return { width: even(width), height: even(height) };
}
