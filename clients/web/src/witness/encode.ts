import type { Bytes } from "./bytes";
import type { Content, VideoConfig } from "./chunk";
import { fitting, FPS, WIDTH } from "./camera";
import { Pace } from "./pace";

// Video out, by WebCodecs: VP8 first, as it is the quickest measured (27 ms) and needs no licence on the device.

const CODECS = ["vp8", "avc1.42E01F", "vp09.00.10.08", "av01.0.04M.08"];
const BITRATE = 600_000;
/** A picture is dropped while so many wait in the encoder. */
const QUEUE_AT_MOST = 2;
export const KEY_EVERY_MS = 10_000;

function configOf(codec: string, size: { width: number; height: number }): VideoEncoderConfig {
  const config: VideoEncoderConfig = { codec, ...size, bitrate: BITRATE, framerate: FPS, latencyMode: "realtime" };
  if (codec.startsWith("avc1")) config.avc = { format: "annexb" }; // no description beside the stream
  return config;
}

/** The first codec that this browser encodes, or null: then it is stills. */
export async function codecHere(): Promise<string | null> {
  if (!("VideoEncoder" in globalThis) || !("VideoFrame" in globalThis)) return null;
  for (const codec of CODECS) {
    const answer = await VideoEncoder.isConfigSupported(configOf(codec, { width: 640, height: 360 })).catch(() => null);
    if (answer?.supported) return codec;
  }
  return null;
}

/** `take` gets each encoded picture in order. `broke` is called once, when the encoder gave up. */
export class VideoOut {
  #codec: string;
  #take: (content: Content) => void;
  #broke: () => void;
  #encoder: VideoEncoder | null = null;
  #config: VideoConfig = { codec: "", width: 0, height: 0 };
  #keyAt = -Infinity;

  constructor(codec: string, take: (content: Content) => void, broke: () => void) {
    this.#codec = codec;
    this.#take = take;
    this.#broke = broke;
  }

  /** The next picture is a whole one. */
  wantKey(): void {
    this.#keyAt = -Infinity;
  }

  get behind(): boolean {
    return (this.#encoder?.encodeQueueSize ?? 0) > QUEUE_AT_MOST;
  }

  encode(video: HTMLVideoElement, now: number): void {
    const size = fitting(video.videoWidth, video.videoHeight, WIDTH);
    try {
      if (this.#encoder?.state !== "configured" || size.width !== this.#config.width || size.height !== this.#config.height)
        this.#begin(size);
      const keyFrame = now - this.#keyAt >= KEY_EVERY_MS;
      const frame = new VideoFrame(video, { timestamp: now * 1_000 });
      try {
        this.#encoder!.encode(frame, { keyFrame });
      } finally {
        frame.close();
      }
      if (keyFrame) this.#keyAt = now;
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    const encoder = this.#encoder;
    this.#encoder = null;
    if (encoder && encoder.state !== "closed") encoder.close();
  }

  #begin(size: { width: number; height: number }): void {
    this.close();
    this.#config = { codec: this.#codec, ...size };
    const config = this.#config;
    const encoder = new VideoEncoder({
      output: (chunk) => {
        if (this.#encoder !== encoder) return;
        const data: Bytes = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        const timestamp = chunk.timestamp;
        this.#take(chunk.type === "key" ? { kind: "key", timestamp, config, data } : { kind: "delta", timestamp, data });
      },
      error: (error) => {
        if (this.#encoder === encoder) this.#fail(error);
      },
    });
    encoder.configure(configOf(this.#codec, size));
    this.#encoder = encoder;
    this.#keyAt = -Infinity;
  }

  #fail(error: unknown): void {
    console.warn("video out", error);
    this.close();
    this.#broke();
  }
}

/** Calls `run` for each new picture of a playing video; 24 times a second at most, also where the browser does not say. */
export function eachPicture(video: HTMLVideoElement, run: (now: number) => void): () => void {
  const pace = new Pace(FPS);
  let last = -Infinity;
  let stopped = false;
  const take = () => {
    const now = performance.now();
    if (stopped || video.readyState < 2 || !video.videoWidth || !pace.takes(now)) return;
    last = now;
    run(now);
  };
  let handle = 0;
  const next = () => {
    take();
    if (!stopped) handle = video.requestVideoFrameCallback(next);
  };
  const says = "requestVideoFrameCallback" in video;
  if (says) handle = video.requestVideoFrameCallback(next);
  // A browser does not say it of a video that is not on the screen: the member may be reading something else.
  const timer = setInterval(() => performance.now() - last > (says ? 250 : 0) && take(), 1_000 / FPS);
  return () => {
    stopped = true;
    clearInterval(timer);
    if (says) video.cancelVideoFrameCallback(handle);
  };
}
