import type { Bytes } from "./bytes";
import type { VideoConfig } from "./chunk";

/** While so many wait in the decoder it is too slow for the stream: begin anew with a whole picture. */
const QUEUE_AT_MOST = 30;

/** Video in. `show` gets each picture and does not keep it. `anew` is called when a whole picture is wanted. */
export class VideoIn {
  #show: (frame: VideoFrame) => void;
  #anew: () => void;
  #decoder: VideoDecoder | null = null;
  #config = "";
  #needsKey = true;

  constructor(show: (frame: VideoFrame) => void, anew: () => void) {
    this.#show = show;
    this.#anew = anew;
  }

  static get able(): boolean {
    return "VideoDecoder" in globalThis;
  }

  get needsKey(): boolean {
    return this.#needsKey;
  }

  key(config: VideoConfig, timestamp: number, data: Bytes): void {
    const same = `${config.codec} ${config.width} ${config.height}`;
    if (this.#decoder?.state !== "configured" || this.#config !== same) this.#begin(config, same);
    this.#needsKey = false;
    this.#decode("key", timestamp, data);
  }

  /** A delta without the picture it builds on is let go. */
  delta(timestamp: number, data: Bytes): void {
    if (this.#needsKey || this.#decoder?.state !== "configured") return;
    if (this.#decoder.decodeQueueSize > QUEUE_AT_MOST) {
      this.#needsKey = true;
      this.#anew();
      return;
    }
    this.#decode("delta", timestamp, data);
  }

  close(): void {
    const decoder = this.#decoder;
    this.#decoder = null;
    this.#needsKey = true;
    if (decoder && decoder.state !== "closed") decoder.close();
  }

  #begin(config: VideoConfig, same: string): void {
    this.close();
    this.#config = same;
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (this.#decoder === decoder) this.#show(frame);
        frame.close();
      },
      error: (error) => this.#fail(decoder, error),
    });
    decoder.configure({ codec: config.codec, codedWidth: config.width, codedHeight: config.height, optimizeForLatency: true });
    this.#decoder = decoder;
  }

  #decode(type: "key" | "delta", timestamp: number, data: Bytes): void {
    const decoder = this.#decoder!;
    try {
      decoder.decode(new EncodedVideoChunk({ type, timestamp, data }));
    } catch (error) {
      this.#fail(decoder, error);
    }
  }

  #fail(decoder: VideoDecoder, error: unknown): void {
    if (this.#decoder !== decoder) return;
    console.warn("video in", error);
    this.close();
    this.#anew();
  }
}
