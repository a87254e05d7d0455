// The service worker: the page opens without the network, and its files are always of one version. It also adds the
// headers of public/_headers on hosts that send none.
//
// xtask (xtask/src/offline.rs) prepends `const BUILD`:
//   version  digest of the whole build, also an attribute of the page
//   files    path -> SHA-256 of every file of the page, the engine and the samples
//   headers  those of public/_headers, and `policy`, their digest
//
// Files are cached by their digest, so an update downloads only what has changed. Models are not cached here: the engine
// keeps them in the origin private file system. Everything that is not in `files` goes to the network as if there were no
// service worker.

const { scope } = self.registration;
// Pages in other folders of the same host have caches too.
const CACHE = `hone ${scope} ${BUILD.policy}`;

const keyOf = (path) => `${scope}${path}?sha256=${BUILD.files[path]}`;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(removeOldFiles()));
self.addEventListener("message", (event) => event.waitUntil(answer(event)));
self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path !== null) event.respondWith(serve(path, event.request));
});

async function install() {
  const cache = await caches.open(CACHE);
  for (const path of Object.keys(BUILD.files)) {
    if (await cache.match(keyOf(path))) continue;
    // Some hosts redirect index.html. "no-cache": the browser's own cache may hold the file of another version.
    const address = new URL(path === "index.html" ? "./" : path, scope);
    const response = await fetch(address, { cache: "no-cache" });
    if (!response.ok) throw new Error(`${path}: status ${response.status}`);
    const bytes = await response.arrayBuffer();
    // A version is complete or not there at all: half a deployment is tried again at the next check.
    if ((await sha256(bytes)) !== BUILD.files[path]) throw new Error(`${path} is of another version`);
    const type = response.headers.get("Content-Type") ?? "application/octet-stream";
    await cache.put(keyOf(path), new Response(bytes, { headers: { ...BUILD.headers, "Content-Type": type } }));
  }
}

async function removeOldFiles() {
  for (const name of await caches.keys()) {
    if (name.startsWith(`hone ${scope} `) && name !== CACHE) await caches.delete(name);
  }
  const cache = await caches.open(CACHE);
  const used = new Set(Object.keys(BUILD.files).map((path) => new URL(keyOf(path)).href));
  for (const { url } of await cache.keys()) {
    if (!used.has(url)) await cache.delete(url);
  }
}

async function answer({ data, source }) {
  // The page's worker must be of the page's version, so only pages of this version are taken over.
  if (data.page === BUILD.version) await self.clients.claim();
  else if (data.page !== undefined) source.postMessage("outdated");
  if (data !== "activate") return;
  // Another tab would get the new version's engine the next time it starts its worker.
  const windows = await self.clients.matchAll({ includeUncontrolled: true, type: "window" });
  if (windows.filter(({ url }) => url.startsWith(scope)).length > 1) source.postMessage("other-tabs");
  else await self.skipWaiting();
}

/** The path of a cached file that a request asks for, or null. */
function pathOf({ method, url }) {
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || !(origin + pathname).startsWith(scope)) return null;
  const path = (origin + pathname).slice(scope.length) || "index.html";
  return Object.hasOwn(BUILD.files, path) ? path : null;
}

async function serve(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(keyOf(path))) ?? fetch(request);
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
