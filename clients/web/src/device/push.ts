import { signal } from "@preact/signals";
import { get, post } from "../net/http";
import { stopPush } from "../app/commands";
import type { PushKey, PushSubscriptionBody } from "../wire/frames";

export type PushState = "unknown" | "missing" | "off" | "on" | "denied";
export const pushState = signal<PushState>("unknown");

const possible = () => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

export async function lookAtPush(): Promise<void> {
  if (!possible()) {
    pushState.value = "missing";
    return;
  }
  const registration = await navigator.serviceWorker.getRegistration();
  const held = await registration?.pushManager.getSubscription();
  pushState.value = Notification.permission === "denied" ? "denied" : held ? "on" : "off";
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Ask for notifications. Only after the person read what the browser's maker learns by it. */
export async function startPush(): Promise<void> {
  const registration = await navigator.serviceWorker.ready;
  const { public_key } = await get<PushKey>("/api/push");
  let held: PushSubscription;
  try {
    held = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(public_key) });
  } catch {
    pushState.value = Notification.permission === "denied" ? "denied" : "off";
    return;
  }
  const { endpoint, keys } = held.toJSON();
  const body: PushSubscriptionBody = {
    endpoint: endpoint ?? held.endpoint,
    keys: { p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" },
  };
  await post("/api/push", body);
  pushState.value = "on";
}

export async function endPush(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  await stopPush();
  pushState.value = "off";
}
