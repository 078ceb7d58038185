import type { Bytes } from "./bytes";
import { contentBytes } from "./chunk";
import type { Content } from "./chunk";
import type { Member } from "./keys";
import type { MediaSocket, World } from "./socket";
import { MediaSocket as Socket } from "./socket";
import type { Over } from "./socket";

/** Above so much unsent a new picture is not even encoded: 0.8 s of video at 600 kbit/s. */
const PICTURE_UNSENT_BYTES = 64 * 1024;
const SOUND_UNSENT_BYTES = 16 * 1024;

export interface Heard {
  /** 0x10: a whole picture is wanted. */
  keyWanted(): void;
  /** 0x11, 0x12, and nobody whenever the line is away. */
  watched(someone: boolean): void;
  line(up: boolean): void;
  over(why: Over): void;
}

/**
 * The way out of this device, and the one place where it is shut: what was sealed before `shut` and is not with the
 * browser yet goes nowhere, whatever was on its way.
 */
export class Outlet {
  #member: Member;
  #socket: MediaSocket;
  #open = 0;
  #isOpen = false;

  constructor(world: World, member: Member, heard: Heard) {
    this.#member = member;
    this.#socket = new Socket(world, {
      up: (sends) => {
        if (!sends) return this.#socket.stop();
        this.#open++;
        heard.line(true);
      },
      down: () => {
        this.#open++;
        heard.watched(false);
        heard.line(false);
      },
      over: (why) => {
        this.#open++;
        heard.watched(false);
        heard.over(why);
      },
      message: (bytes) => {
        if (bytes.length !== 1) return;
        if (bytes[0] === 0x10) heard.keyWanted();
        else if (bytes[0] === 0x11 || bytes[0] === 0x12) heard.watched(bytes[0] === 0x12);
      },
    });
  }

  get isUp(): boolean {
    return this.#socket.isUp;
  }

  get unsent(): number {
    return this.#socket.unsent;
  }

  start(): void {
    this.#socket.start();
  }

  tryNow(): void {
    this.#socket.tryNow();
  }

  stop(): void {
    this.shut();
    this.#socket.stop();
  }

  open(): void {
    this.#isOpen = true;
  }

  /** From this call on nothing is handed to the line. */
  shut(): void {
    this.#isOpen = false;
    this.#open++;
  }

  /** Whether something of this kind may be made now: asked before it is encoded, so that no delta is missed. */
  hasRoom(kind: Content["kind"]): boolean {
    if (!this.#isOpen || !this.#socket.isUp || !this.#member.sealer.ready) return false;
    if (kind === "still" || kind === "photo") return this.#socket.unsent === 0;
    return this.#socket.unsent <= (kind === "sound" ? SOUND_UNSENT_BYTES : PICTURE_UNSENT_BYTES);
  }

  put(content: Content): void {
    if (!this.#isOpen || !this.#socket.isUp) return;
    const generation = this.#open;
    this.#member.sealer.seal(content.kind, contentBytes(content), (chunk: Bytes) => {
      if (generation === this.#open && this.#isOpen) this.#socket.send(chunk);
    });
  }
}
