import { computed, effect, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { keep } from "../app/sender";
import { live } from "../model/model";
import type { MyAction } from "../wire/frames";
import type { CameraState, Medium, MediumWhy, Photo, Sending, SendOptions, SendState } from "./api";
import type { Bytes } from "./bytes";
import { openCamera, showIn, stopAll } from "./camera";
import { codecHere, eachPicture, VideoOut } from "./encode";
import { memberKeys } from "./keys";
import type { Member } from "./keys";
import { beginAt, chosen, counted, judged, lineAway, lineBack, told, unsent, withDevice } from "./ladder";
import type { Ladder } from "./ladder";
import { Outlet } from "./outlet";
import { photoOf, STILL_EVERY_MS, stillOf } from "./picture";
import { listen } from "./sound";
import { streams, worldOf } from "./world";

const LOOK_EVERY_MS = 250;
/** A whole picture that was asked for comes sooner than the next in turn, but not more often than this. */
const ASKED_EVERY_MS = 1_000;
const PHOTO_EVERY_MS = 2_000;
/** The picture may be there before the word that it goes on, which comes by the other socket: a second whole one helps. */
const ONCE_MORE_MS = 600;

/** The member's side of live media: see `Sending` in api.ts. */
export function send(action: ReadonlySignal<MyAction | null>, options: SendOptions): Sending {
  return new Sender(action, options);
}

class Sender implements Sending {
  readonly camera = signal<CameraState>("off");
  readonly sound = signal(false);
  readonly medium: ReadonlySignal<Medium>;
  readonly why: ReadonlySignal<MediumWhy>;
  readonly state: ReadonlySignal<SendState>;
  #action: ReadonlySignal<MyAction | null>;
  #id: string;
  #options: SendOptions;
  #ladder = signal<Ladder>(beginAt("text", 0));
  #keys: Member;
  #outlet: Outlet;
  #stream: MediaStream | null = null;
  #codec: string | null = null;
  #video: VideoOut | null = null;
  #photo: Bytes | null = null;
  #photoDue = false;
  /** When the last still or photo was made. */
  #wholeAt = -Infinity;
  #wholeDue = false;
  #drawing = false;
  #asking = 0;
  /** What this page decided and the server's view does not say yet: until then the view is the older one. */
  #wants: { cut: boolean | null; medium: Medium | null } = { cut: null, medium: null };
  #line = signal<"off" | "up" | "away" | "elsewhere">("off");
  #watched = signal(false);
  #cut = signal(false);
  #closed = signal(false);
  #stopPictures: (() => void) | null = null;
  #stopSound: (() => void) | null = null;
  #onceMore: ReturnType<typeof setTimeout> | undefined;
  #stops: (() => void)[];

  constructor(action: ReadonlySignal<MyAction | null>, options: SendOptions) {
    const view = action.peek();
    this.#action = action;
    this.#options = options;
    this.#id = view?.action ?? "";
    this.#ladder.value = { ...beginAt(view?.medium ?? "text", performance.now()), why: view?.medium_why ?? "" };
    this.#cut.value = view?.cut ?? false;
    this.medium = computed(() => this.#ladder.value.medium);
    this.why = computed(() => this.#ladder.value.why);
    this.state = computed(() => this.#stateNow());
    this.#keys = memberKeys(this.#id);
    this.#keys.claim();
    this.#outlet = new Outlet(worldOf(this.#id), this.#keys, {
      keyWanted: () => this.#wholePicture(),
      watched: (someone) => (this.#watched.value = someone),
      line: (up) => this.#lineIs(up),
      over: (why) => (this.#line.value = why === "elsewhere" ? "elsewhere" : "off"),
    });
    const look = setInterval(() => this.#judge(), LOOK_EVERY_MS);
    this.#stops = [
      () => clearInterval(look),
      effect(() => this.#follow(this.#action.value)),
      effect(() => {
        if (this.#keys.overtaken.value) this.#elsewhere();
      }),
      effect(() => {
        if (this.#keys.epoch.value) this.#wholePicture(); // nothing of the last key helps whoever has the new one
      }),
      effect(() => {
        if (live.value) this.#outlet.tryNow();
      }),
      effect(() => this.#work(this.state.value, this.medium.value)),
    ];
    this.askAgain();
  }

  // ---- what a person does

  async cut(): Promise<void> {
    if (!streams(this.#action.peek()?.stage)) return; // nothing goes out
    this.#outlet.shut();
    this.#wants.cut = true;
    this.#cut.value = true;
    await keep({ t: "cut_picture", action: this.#id, cut: true });
  }

  async uncut(): Promise<void> {
    await keep({ t: "cut_picture", action: this.#id, cut: false });
    this.#wants.cut = false;
    this.#cut.value = false;
  }

  async choose(medium: Medium): Promise<void> {
    const before = this.#ladder.peek();
    this.#ladder.value = chosen(before, medium, performance.now());
    try {
      await this.#tellMedium(medium, "choice");
    } catch (error) {
      this.#ladder.value = before;
      throw error;
    }
    if (medium !== "text" && this.camera.peek() !== "on") this.askAgain();
    else this.#fitDevice();
  }

  askAgain(): void {
    const medium = this.#ladder.peek().medium;
    if (medium !== "text" && !this.#closed.peek()) void this.#openCamera();
  }

  photo(from: Blob | null): Promise<Photo> {
    return photoOf(from ?? this.#options.preview);
  }

  sendPhoto(photo: Photo): boolean {
    this.#photo = photo.jpeg;
    this.#photoDue = true;
    this.#wholeAt = -Infinity;
    this.#putPhoto();
    return !this.#photoDue;
  }

  close(): void {
    if (this.#closed.peek()) return;
    this.#closed.value = true;
    this.#asking++;
    clearTimeout(this.#onceMore);
    for (const stop of this.#stops) stop();
    this.#outlet.stop();
    this.#rest();
    this.#camOff();
    this.#photo = null;
  }

  // ---- what is told

  #follow(view: MyAction | null): void {
    if (!view || view.stage === "ended") {
      queueMicrotask(() => {
        this.close();
        this.#keys.close();
      });
      return;
    }
    if (view.version < 0) return; // held over a lost line: said anew in a moment
    const wants = this.#wants;
    if (wants.cut === view.cut) wants.cut = null;
    if (wants.cut === null || view.cut) this.#cut.value = view.cut; // cut by another page: at once
    if (wants.medium === view.medium) wants.medium = null;
    const ladder = this.#ladder.peek();
    if (wants.medium === null && (view.medium !== ladder.medium || view.medium_why !== ladder.why))
      this.#ladder.value = told(ladder, view.medium, view.medium_why, performance.now());
    if (streams(view.stage) && this.#line.peek() === "off") this.#goOut();
  }

  #goOut(): void {
    this.#line.value = "away";
    this.#ladder.value = lineAway(this.#ladder.peek(), performance.now());
    this.#outlet.start();
  }

  #elsewhere(): void {
    this.#line.value = "elsewhere";
    this.#outlet.stop();
    this.#camOff();
  }

  #lineIs(up: boolean): void {
    const now = performance.now();
    this.#ladder.value = up ? lineBack(this.#ladder.peek(), now) : lineAway(this.#ladder.peek(), now);
    this.#line.value = up ? "up" : "away";
  }

  async #tellMedium(medium: Medium, why: MediumWhy): Promise<void> {
    this.#wants.medium = medium;
    try {
      await keep({ t: "set_medium", action: this.#id, medium, why });
    } finally {
      if (this.#wants.medium === medium) this.#wants.medium = null; // the next view is of this or of something later
    }
  }

  #stateNow(): SendState {
    const view = this.#action.value;
    if (this.#closed.value || !view || view.stage === "ended") return "ended";
    const line = this.#line.value;
    if (line === "elsewhere") return "elsewhere";
    if (this.#cut.value) return "cut";
    const medium = this.medium.value;
    if (medium === "text") return "none";
    if (medium !== "photo" && this.camera.value === "asking") return "starting";
    if (!streams(view.stage)) return "ready";
    if (line !== "up") return "lost";
    return this.#watched.value ? "sending" : "alone";
  }

  // ---- the camera

  async #openCamera(): Promise<void> {
    const asking = ++this.#asking;
    this.#camOff();
    this.camera.value = "asking";
    const wantsSound = this.#action.peek()?.sound ?? false;
    const [found, codec] = await Promise.all([openCamera(this.#options.facing ?? "environment", wantsSound), codecHere()]);
    if (asking !== this.#asking || this.#closed.peek()) return found.is === "on" ? stopAll(found.stream) : undefined;
    this.#codec = codec;
    this.camera.value = found.is;
    if (found.is === "on") {
      this.#stream = found.stream;
      this.sound.value = found.stream.getAudioTracks().length > 0;
      for (const track of found.stream.getVideoTracks()) track.onended = () => this.#lostCamera(asking, found.stream);
      await showIn(this.#options.preview, found.stream);
    }
    this.#fitDevice();
    this.#work(this.state.peek(), this.#ladder.peek().medium);
  }

  /** Unplugged, or taken back in the browser's settings: as if there were none. */
  #lostCamera(asking: number, stream: MediaStream): void {
    if (asking !== this.#asking || stream !== this.#stream) return;
    this.#camOff();
    this.camera.value = "missing";
    this.#fitDevice();
  }

  #camOff(): void {
    stopAll(this.#stream);
    this.#stream = null;
    this.sound.value = false;
    if (this.camera.peek() === "on") this.camera.value = "off";
    this.#options.preview.srcObject = null;
  }

  // ---- the ladder

  #fitDevice(): void {
    if (this.camera.peek() === "asking" || this.camera.peek() === "off") return;
    const able = { camera: this.camera.peek() === "on", video: this.#codec !== null };
    this.#stepTo(withDevice(this.#ladder.peek(), able, performance.now()));
  }

  #judge(): void {
    if (this.#closed.peek()) return;
    const now = performance.now();
    let ladder = this.#ladder.peek();
    if (this.#line.peek() === "up") ladder = unsent(ladder, this.#outlet.unsent, now);
    // The line is judged only while something should go over it.
    const wanted = this.state.peek() === "sending" || this.state.peek() === "lost";
    this.#stepTo(wanted ? judged(ladder, now) : ladder);
    if (this.state.peek() !== "sending") return;
    void this.#still(now);
    this.#putPhoto();
  }

  #stepTo(ladder: Ladder): void {
    const before = this.#ladder.peek();
    if (ladder === before) return;
    this.#ladder.value = ladder;
    if (ladder.medium === before.medium) return;
    const { medium, why } = ladder;
    this.#tellMedium(medium, why).catch((error: unknown) => {
      console.warn("medium", error);
      this.#follow(this.#action.peek()); // refused: what the server says stands
    });
  }

  // ---- pictures

  /** What runs in a state: the same again changes nothing. */
  #work(state: SendState, medium: Medium): void {
    const sending = state === "sending";
    clearTimeout(this.#onceMore);
    if (sending) this.#onceMore = setTimeout(() => this.#wholePicture(), ONCE_MORE_MS);
    if (sending) this.#outlet.open();
    else this.#outlet.shut();
    if (medium === "text" || medium === "photo") this.#rest();
    if (medium === "text") this.#camOff();
    if (!sending) return this.#rest();
    if (medium === "video") this.#film();
    if (medium === "photo") this.#photoDue = this.#photo !== null; // whoever looks now has not seen it
  }

  #film(): void {
    if (this.#stopPictures || !this.#codec || !this.#stream) return;
    const out = new VideoOut(this.#codec, (content) => this.#outlet.put(content), () => {
      this.#codec = null; // this device cannot after all: stills
      this.#fitDevice();
    });
    this.#video = out;
    this.#stopPictures = eachPicture(this.#options.preview, (now) => {
      if (!this.#keys.sealer.ready) return;
      const behind = out.behind || !this.#outlet.hasRoom("delta");
      this.#ladder.value = counted(this.#ladder.peek(), behind, now);
      if (!behind) out.encode(this.#options.preview, now);
    });
    void this.#hear();
  }

  async #hear(): Promise<void> {
    const stream = this.#stream;
    if (!stream || !this.#action.peek()?.sound) return;
    const stop = await listen(stream, (timestamp, data) => {
      if (this.#outlet.hasRoom("sound")) this.#outlet.put({ kind: "sound", timestamp, data });
    });
    if (!stop) this.sound.value = false;
    else if (this.#stopPictures && stream === this.#stream) this.#stopSound = stop;
    else stop();
  }

  async #still(now: number): Promise<void> {
    const every = this.#wholeDue ? ASKED_EVERY_MS : STILL_EVERY_MS;
    if (this.medium.peek() !== "stills" || this.#drawing || now - this.#wholeAt < every) return;
    if (!this.#outlet.hasRoom("still")) return;
    this.#drawing = true;
    const data = await stillOf(this.#options.preview).catch(() => null);
    this.#drawing = false;
    if (!data || !this.#outlet.hasRoom("still")) return;
    this.#wholeAt = now;
    this.#wholeDue = false;
    this.#outlet.put({ kind: "still", timestamp: now * 1_000, data });
  }

  #putPhoto(): void {
    const now = performance.now();
    if (!this.#photo || !this.#photoDue || this.medium.peek() !== "photo" || this.state.peek() !== "sending") return;
    if (!this.#outlet.hasRoom("photo") || now - this.#wholeAt < PHOTO_EVERY_MS) return;
    this.#wholeAt = now;
    this.#photoDue = false;
    this.#outlet.put({ kind: "photo", timestamp: now * 1_000, data: this.#photo });
  }

  /** Somebody has nothing to begin with. */
  #wholePicture(): void {
    this.#video?.wantKey();
    this.#wholeDue = true;
    this.#photoDue = this.#photo !== null;
  }

  #rest(): void {
    this.#stopPictures?.();
    this.#stopSound?.();
    this.#video?.close();
    this.#stopPictures = this.#stopSound = this.#video = null;
  }
}
