import type { Bytes } from "./bytes";
import capture from "./capture.worklet.js?url";

// Sound, out and in: Opus, 48 kHz, one channel, 20 ms a packet. It is lost rather than late.

const RATE = 48_000;
const BITRATE = 24_000;
/** Begin so much behind what arrives, so that a packet that is late is not missed… */
const CUSHION_SECONDS = 0.06;
/** …and let go of what has piled up to more than this. */
const PILE_SECONDS = 0.5;

const CONFIG = { codec: "opus", sampleRate: RATE, numberOfChannels: 1 };

export async function canHear(): Promise<boolean> {
  if (!("AudioDecoder" in globalThis)) return false;
  return (await AudioDecoder.isConfigSupported(CONFIG).catch(() => null))?.supported ?? false;
}

/** Takes up the microphone of a stream. Resolves with what stops it, or null when this device cannot. */
export async function listen(stream: MediaStream, take: (timestamp: number, packet: Bytes) => void): Promise<(() => void) | null> {
  if (stream.getAudioTracks().length === 0 || !("AudioEncoder" in globalThis) || !("AudioWorkletNode" in globalThis)) return null;
  const config = { ...CONFIG, bitrate: BITRATE };
  if (!(await AudioEncoder.isConfigSupported(config).catch(() => null))?.supported) return null;
  const context = new AudioContext({ sampleRate: RATE });
  const encoder = new AudioEncoder({
    output: (chunk) => {
      const packet: Bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(packet);
      take(chunk.timestamp, packet);
    },
    error: (error) => console.warn("sound out", error),
  });
  const stop = () => {
    if (encoder.state !== "closed") encoder.close();
    void context.close().catch(() => {});
  };
  try {
    encoder.configure(config);
    await context.audioWorklet.addModule(capture);
    const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      if (encoder.state !== "configured" || encoder.encodeQueueSize > 5) return;
      const timestamp = performance.now() * 1_000;
      const samples = new AudioData({
        format: "f32-planar", sampleRate: RATE, numberOfFrames: data.byteLength / 4, numberOfChannels: 1, timestamp, data,
      });
      encoder.encode(samples);
      samples.close();
    };
    context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(node);
    void context.resume();
    return stop;
  } catch (error) {
    console.warn("sound out", error);
    stop();
    return null;
  }
}

/** Plays what comes, after a tap. Packets before that, and while it is off, are not decoded. */
export class Ear {
  #context: AudioContext | null = null;
  #decoder: AudioDecoder | null = null;
  #next = 0;

  get on(): boolean {
    return this.#context?.state === "running";
  }

  /** From inside a tap. Resolves with whether it is heard. */
  async open(): Promise<boolean> {
    if (!(await canHear())) return false;
    this.#context ??= new AudioContext({ sampleRate: RATE });
    await this.#context.resume().catch(() => {});
    return this.on;
  }

  packet(timestamp: number, data: Bytes): void {
    if (!this.on) return;
    if (this.#decoder?.state !== "configured") this.#begin();
    if (this.#decoder!.decodeQueueSize < 10) this.#decoder!.decode(new EncodedAudioChunk({ type: "key", timestamp, data }));
  }

  close(): void {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
    void this.#context?.close().catch(() => {});
    this.#context = null;
  }

  #begin(): void {
    this.#decoder = new AudioDecoder({ output: (samples) => this.#play(samples), error: (error) => console.warn("sound in", error) });
    this.#decoder.configure(CONFIG);
  }

  #play(samples: AudioData): void {
    const context = this.#context;
    if (context && context.state === "running") {
      const now = context.currentTime;
      if (this.#next < now) this.#next = now + CUSHION_SECONDS;
      if (this.#next > now + PILE_SECONDS) return samples.close();
      const buffer = context.createBuffer(1, samples.numberOfFrames, samples.sampleRate);
      const plane = new Float32Array(samples.numberOfFrames);
      samples.copyTo(plane, { planeIndex: 0, format: "f32-planar" });
      buffer.copyToChannel(plane, 0);
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      source.start(this.#next);
      this.#next += buffer.duration;
    }
    samples.close();
  }
}
