import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Problem, Seg } from "../../components/Field/Field";
import { useDeed } from "../../components/useDeed";
import { setMedium } from "../../app/witness";
import { LaterIcon } from "../../icons/LaterIcon";
import { mine as words } from "../../text/witness.en";
import type { Medium } from "../../text/witness.en";
import { NotAPhoto } from "../../witness/api";
import type { Photo } from "../../witness/api";
import type { MyAction } from "../../wire/frames";
import { steppedDown, streams } from "./derive";
import { beginPicture, pictureOf } from "./world";
import type { OwnPicture as Picture } from "./world";

/** The member's own picture: first for them alone, then for those who choose to look (WA3). Nothing for words only. */
export function OwnPicture({ one }: { one: MyAction }) {
  const picture = pictureOf(one.action);
  const medium = picture?.sending.medium.value ?? one.medium;
  const down = steppedDown(one) ? words.stepDown(one.medium, one.medium_why) : "";
  return (
    <section class="stack-2" aria-label={words.preview}>
      {medium !== "text" && (picture ? <Well picture={picture} one={one} medium={medium} /> : <Off one={one} />)}
      <p role="status">{down}</p>
      {streams(one.stage) && one.deed !== "hand_over" && <Change one={one} medium={medium} picture={picture} />}
    </section>
  );
}

function Off({ one }: { one: MyAction }) {
  return (
    <div class="video">
      <div class="mid-v">
        <p class="lead">{one.stage === "gathering" ? words.previewNote : words.pictureOff}</p>
        <button class="btn big" type="button" onClick={() => beginPicture(one.action)}>
          <LaterIcon name="camera" />
          {one.stage === "gathering" ? words.preview : words.pictureOn}
        </button>
      </div>
    </div>
  );
}

function Well({ picture, one, medium }: { picture: Picture; one: MyAction; medium: Medium }) {
  const well = useRef<HTMLDivElement>(null);
  const { sending, video } = picture;
  const camera = sending.camera.value;
  const state = sending.state.value;
  useLayoutEffect(() => {
    well.current?.prepend(video);
    void video.play?.()?.catch(() => {}); // a picture that was moved from one screen to another stands still otherwise
    return () => video.remove();
  }, [video]);
  const trouble = camera === "asking" || camera === "refused" || camera === "missing" || camera === "busy" ? words.camera[camera] : "";
  return (
    <>
      <div class={state === "cut" ? "video is-cut" : "video"} ref={well}>
        <p class="cap" role="status">
          {trouble || words.caption[state]}
        </p>
      </div>
      {(camera === "refused" || camera === "missing" || camera === "busy") && (
        <>
          <button class="btn wide" type="button" onClick={() => sending.askAgain()}>
            {words.cameraAgain}
          </button>
          <button class="btn wide" type="button" onClick={() => void sending.choose("text").catch(() => {})}>
            {words.inWords}
          </button>
        </>
      )}
      {medium === "video" && state === "sending" && <p class="small quiet">{sending.sound.value ? words.withSound : words.noSound}</p>}
      {camera === "on" && one.stage === "gathering" && (
        <button class="btn wide" type="button" onClick={() => beginPicture(one.action, picture.facing === "user" ? "environment" : "user")}>
          <LaterIcon name="camera" />
          {words.turnCamera}
        </button>
      )}
      {medium === "photo" && streams(one.stage) && <PhotoPart picture={picture} />}
    </>
  );
}

/** One photo: taken, looked at, and only then sent (WA2). */
function PhotoPart({ picture: { sending } }: { picture: Picture }) {
  const photo = useSignal<Photo | null>(null);
  const said = useSignal("");
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (photo.value && canvas.current) void photo.value.draw(canvas.current);
  }, [photo.value]);
  const take = async (from: Blob | null) => {
    said.value = "";
    try {
      photo.value = await sending.photo(from);
    } catch (error) {
      if (!(error instanceof NotAPhoto)) console.warn("photo", error);
      said.value = words.photoNot;
    }
  };
  const send = (one: Photo) => {
    said.value = sending.sendPhoto(one) ? words.photoSent : words.photoWaits;
    photo.value = null;
  };
  return (
    <div class="stack-2">
      {photo.value ? (
        <>
          <p>{words.photoLook}</p>
          <canvas class="photo" ref={canvas} role="img" aria-label={words.photoLook} />
          <button class="btn ink big wide" type="button" onClick={() => photo.value && send(photo.value)}>
            {words.photoSend}
          </button>
          <button class="btn wide" type="button" onClick={() => (photo.value = null)}>
            {words.photoAgain}
          </button>
        </>
      ) : (
        <>
          <button class="btn big wide" type="button" onClick={() => void take(null)}>
            <LaterIcon name="camera" />
            {words.photoTake}
          </button>
          <label class="btn wide file">
            <LaterIcon name="image" />
            {words.photoFile}
            <input type="file" accept="image/*" onChange={(event) => event.currentTarget.files?.[0] && void take(event.currentTarget.files[0])} />
          </label>
        </>
      )}
      <p role="status">{said.value}</p>
    </div>
  );
}

const MEDIA: readonly Medium[] = ["video", "stills", "photo", "text"];

/** Up or down the ladder by the member's own tap (WA2). */
function Change({ one, medium, picture }: { one: MyAction; medium: Medium; picture: Picture | undefined }) {
  const { run, trouble } = useDeed();
  const choose = (next: Medium) => void run(() => (picture ? picture.sending.choose(next) : setMedium(one.action, next)));
  return (
    <details>
      <summary>{words.change}</summary>
      <Seg legend={words.changeLegend} hideLegend value={medium} onChange={choose} options={MEDIA.map((step) => [step, words.changeTo[step]] as const)} />
      <Problem of={trouble} />
    </details>
  );
}
