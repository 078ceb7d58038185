/// <reference lib="webworker" />
// The service worker: the page without a network (UC15), and the ring when the page is closed (PR4). It never touches
// /api or /ws, and its names say nothing of what they are for (CB4).
import { notices } from "./text/sw.en";

declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: readonly string[];
declare const __BUILD__: string;

const SHELL = `shell-${__BUILD__}`;
const HELPLINES = "/helplines.json";
const PAGES = ["/", "/oncall", "/weather"];
const NETWORK_LIMIT_MS = 3_000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll([...new Set([...__PRECACHE__, HELPLINES])]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && PAGES.includes(pathname)) event.respondWith(fresh(request, pathname));
  else if (pathname === HELPLINES) event.respondWith(fresh(request, pathname, true));
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(request));
});

/** The network's answer if it comes in 3 s, else the one kept: a person in need does not wait for a dead line. */
async function fresh(request: Request, name: string, keep = false): Promise<Response> {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(NETWORK_LIMIT_MS) });
    if (answer.ok && keep) await cache.put(name, answer.clone());
    if (answer.ok) return answer;
    return (await cache.match(name)) ?? answer;
  } catch (error) {
    const known = await cache.match(name);
    if (known) return known;
    throw error;
  }
}

/** Assets carry their hash in their name: what is kept is right. */
async function kept(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

interface Push {
  token: string;
  kind: keyof typeof notices;
}

self.addEventListener("push", (event) => {
  event.waitUntil(show(event.data?.json() as Push | undefined));
});

/** “Shown” is said only once the notification is: delivered is never a guess (UC, recipient states). */
async function show(push: Push | undefined): Promise<void> {
  const kind = push && push.kind in notices ? push.kind : "ring";
  await self.registration.showNotification(notices[kind], {
    tag: kind,
    icon: "/icon.svg",
    requireInteraction: kind === "ring",
    data: { kind },
  });
  if (!push?.token) return;
  await fetch("/api/push/shown", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: push.token }),
  }).catch(() => {}); // the server rings again by other ways
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((pages) => {
      const page = pages.find((one) => ["/", "/oncall"].includes(new URL(one.url).pathname));
      const isPlan = String(event.notification.data?.kind).startsWith("plan");
      if (page && isPlan) page.postMessage("plan");
      return page ? page.focus() : self.clients.openWindow(isPlan ? "/?plan" : "/");
    }),
  );
});
