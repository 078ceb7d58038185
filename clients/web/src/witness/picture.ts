import { NotAPhoto } from "./api";
import type { Photo } from "./api";
import type { Bytes } from "./bytes";
import { fitting, WIDTH } from "./camera";
import { PHOTO_AT_MOST_BYTES, SIDE_AT_MOST } from "./chunk";
import { bare, sizeOf } from "./jpeg";

// Stills and photos: drawn anew on a canvas, so that nothing of a file but its picture is left, and bared once more.

export const STILL_EVERY_MS = 2_000;
const STILL_QUALITY = 0.6;
const PHOTO_QUALITIES = [0.8, 0.6, 0.4];
/** Room for the header, the timestamp and the tag. */
const PHOTO_MOST = PHOTO_AT_MOST_BYTES - 64;
const FILE_AT_MOST_BYTES = 60 * 1024 * 1024;

type Drawn = HTMLVideoElement | ImageBitmap;

async function jpegOf(from: Drawn, width: number, height: number, most: number, quality: number): Promise<Bytes | null> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, fitting(width, height, most));
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.drawImage(from, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
  canvas.width = canvas.height = 0; // gives its memory back at once
  const jpeg = blob && blob.type === "image/jpeg" ? bare(new Uint8Array(await blob.arrayBuffer())) : null;
  return jpeg && sizeOf(jpeg) ? jpeg : null;
}

/** The camera's picture now, or null when there is none yet. */
export async function stillOf(video: HTMLVideoElement): Promise<Bytes | null> {
  return video.readyState >= 2 && video.videoWidth ? jpegOf(video, video.videoWidth, video.videoHeight, WIDTH, STILL_QUALITY) : null;
}

/** Rejects with `NotAPhoto`. `from` is a file that the member chose, or the preview that shows the camera. */
export async function photoOf(from: Blob | HTMLVideoElement): Promise<Photo> {
  if (!(from instanceof Blob)) {
    if (from.readyState < 2 || !from.videoWidth) throw new NotAPhoto("no picture from the camera");
    return smallEnough(from, from.videoWidth, from.videoHeight);
  }
  if (from.size > FILE_AT_MOST_BYTES) throw new NotAPhoto("too large");
  const bitmap = await createImageBitmap(from).catch(() => null);
  if (!bitmap) throw new NotAPhoto("no picture");
  try {
    return await smallEnough(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

async function smallEnough(from: Drawn, width: number, height: number): Promise<Photo> {
  for (const quality of PHOTO_QUALITIES) {
    const jpeg = await jpegOf(from, width, height, SIDE_AT_MOST, quality);
    if (!jpeg) throw new NotAPhoto("not drawn");
    if (jpeg.length <= PHOTO_MOST) return { jpeg, ...sizeOf(jpeg)!, draw: (canvas) => draw(jpeg, canvas, () => true) };
  }
  throw new NotAPhoto("too large");
}

/** Draws a picture that `sizeOf` let pass, unless it is no longer wanted when it is decoded. Rejects when it is none. */
export async function draw(jpeg: Bytes, canvas: HTMLCanvasElement, wanted: () => boolean): Promise<void> {
  const size = sizeOf(jpeg);
  if (!size) throw new NotAPhoto("refused");
  const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }), { imageOrientation: "none" });
  if (wanted()) paint(canvas, bitmap, bitmap.width, bitmap.height);
  bitmap.close();
}

export function paint(canvas: HTMLCanvasElement, from: CanvasImageSource, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d")?.drawImage(from, 0, 0, width, height);
}

/** Nothing of what was on it stays. */
export function empty(canvas: HTMLCanvasElement): void {
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
}
