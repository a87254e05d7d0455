// The kill switch. Put in the place of sw.js, it removes the page's files from every browser that has them, and answers no
// request, so that the page comes from the host again. It also reaches a browser whose page no longer starts, because
// browsers look for a new sw.js at every visit. Runs under way go on; models, runs and settings are kept.
//
// It stays registered: a visit that begins while a service worker unregisters itself can hang in Chromium.
//
// `cargo xtask serve` sends it, so that a rebuilt page is never hidden by an older one.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(removeFiles()));

async function removeFiles() {
  for (const name of await caches.keys()) {
    if (name.startsWith(`hone ${self.registration.scope} `)) await caches.delete(name);
  }
}
