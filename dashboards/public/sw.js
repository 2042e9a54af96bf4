// Lets the app be installed and says so when the hub cannot be reached. It keeps one page, which holds no value: whatever else is
// asked for comes from the hub or not at all, so nothing old can pass for fresh. A new version is in force at once.
const KEPT = "offline-1";
const PAGE = "/offline.html";
const FILES = [PAGE, "/offline.css", "/offline.js", "/favicon.svg"];

addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(KEPT);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
    await skipWaiting();
  };
  event.waitUntil(keep());
});

addEventListener("activate", (event) => {
  const renew = async () => {
    for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(renew());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const isPart = FILES.includes(new URL(request.url).pathname);
  if (request.method !== "GET" || (request.mode !== "navigate" && !isPart)) return;
  const file = request.mode === "navigate" ? PAGE : request;
  const answer = async () => {
    try {
      return await fetch(request);
    } catch (error) {
      const kept = await caches.match(file);
      if (kept === undefined) throw error;
      return kept;
    }
  };
  event.respondWith(answer());
});

// A notice of a new alarm leads to it, in the window that is open or in a new one.
addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data?.href ?? "/alarms", location.origin).href;
  const open = async () => {
    const [window] = await clients.matchAll({ type: "window", includeUncontrolled: true });
    if (window === undefined) return clients.openWindow(wanted);
    await window.navigate(wanted);
    return window.focus();
  };
  event.waitUntil(open());
});
