// Registers the service worker (sw.js), and offers the page a new version when there is one. The page decides when to
// open it, because only the page knows what would be lost.
//
//   "hone-new-version"        to the page: a new version is ready; `detail` says what is known about it
//   "hone-open-new-version"   from the page: open it now

const HOUR_MS = 3_600_000;
/** Longest time between the request for a new version and a reload that nobody is surprised by. */
const PATIENCE_MS = 5_000;

/** Registers the service worker, and looks for new versions now and every hour. */
export async function watchVersions() {
  const container = navigator.serviceWorker;
  // Missing on plain http, and in private windows of some browsers.
  if (!container) return;
  let openedAt = null;

  const offer = (isBlockedByTabs = false) => {
    // A page that nobody has touched yet can be replaced at once.
    const isUntouched = navigator.userActivation?.hasBeenActive === false;
    dispatchEvent(new CustomEvent("hone-new-version", { detail: { isUntouched, isBlockedByTabs } }));
  };
  container.addEventListener("message", ({ data }) => {
    if (data === "outdated") offer();
    if (data === "other-tabs") {
      openedAt = null;
      offer(true);
    }
  });
  container.addEventListener("controllerchange", () => {
    if (openedAt === null) return;
    // A service worker with requests under way is replaced only minutes later. By then the page may be in use.
    if (performance.now() - openedAt < PATIENCE_MS) location.reload();
    else offer();
  });

  const registration = await container.register("./sw.js", { updateViaCache: "none" });
  if (!registration) return;
  addEventListener("hone-open-new-version", () => {
    openedAt = performance.now();
    if (registration.waiting) registration.waiting.postMessage("activate");
    else location.reload();
  });
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    next.addEventListener("statechange", () => {
      // The first version of all has nothing to replace.
      if (next.state === "installed" && registration.active) offer();
    });
  });
  if (registration.waiting) offer();

  // Without the network there is nothing to look for.
  const look = () => registration.update().catch(() => {});
  look();
  setInterval(look, HOUR_MS);

  const { active } = await container.ready;
  active.postMessage({ page: document.documentElement.dataset.version });
}
