// The service worker: the page without the network, new versions, and headers on hosts that send none.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { finished, openGroups, start } from "./fake.mjs";
import { allOpen, launchWithStorage, screenshot } from "./harness.mjs";
import { Host, deployable } from "./host.mjs";
import { microEntry, microModel, microTexts } from "./micro.mjs";
import { MINUTE, computeOn, fill, listen, pressPause } from "./real.mjs";
import { outcome } from "./saved.mjs";

/**
 * Opens a host and a browser with storage for the duration of `visit`. `visit` gets the host, a function that opens the
 * page in a new tab (and runs its argument there first), and one that ends the browser and starts it again. Fails if a
 * request left the host.
 */
async function withHost(visit, options) {
  const host = await new Host(options).open();
  const folder = await mkdtemp(join(tmpdir(), "hone-offline-"));
  const strangers = [];
  let context;
  const restart = async () => {
    await context?.close();
    context = await launchWithStorage(folder);
    context.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && `${origin}/` !== host.address) strangers.push(request.url());
    });
  };
  const open = async (inPage = () => {}) => {
    const page = await context.newPage();
    page.setDefaultTimeout(2 * MINUTE);
    await page.addInitScript(inPage);
    await page.goto(host.address + allOpen);
    await page.locator("#shell").waitFor({ state: "detached" });
    return page;
  };
  try {
    await restart();
    await visit(host, open, restart);
    assert.deepEqual(strangers, [], "requests that left the host");
  } finally {
    await context.close();
    await host.close();
    await rm(folder, { recursive: true });
  }
}

/** Waits until the service worker has all files and this page. */
const installed = (page) => page.waitForFunction(() => navigator.serviceWorker.controller !== null);

const version = (page) => page.evaluate(() => document.documentElement.dataset.version);

/** Looks for a new version now, and waits until it has been downloaded. */
async function look(page) {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const next = registration.installing;
    if (!next) return;
    await new Promise((resolve) =>
      next.addEventListener("statechange", () => ["installed", "redundant"].includes(next.state) && resolve()),
    );
  });
}

/** Loads the data and the micro model, ready for a run on the CPU. */
async function prepare(page, rows = 60) {
  await computeOn(page, "CPU");
  await page.getByLabel("Choose a file").setInputFiles(microTexts(rows));
  await page.getByText("Loaded: 2 layers").waitFor();
}

const micro = async () => {
  const files = await microModel();
  return deployable(microEntry(files), files);
};

test("without the network, a new browser opens the page, the engine, a sample and a stored model, and trains", async () => {
  await withHost(async (host, open, restart) => {
    await host.deploy("1", await micro());
    const first = await open();
    await prepare(first);
    await installed(first);
    await host.close();
    await restart();
    const page = await open();
    await page.getByRole("button", { name: /Film reviews/ }).click();
    await page.getByText("rows can be used").waitFor();
    await prepare(page);
    await openGroups(page, "Stopping");
    await fill(page, "Epochs", "1");
    await start(page);
    await finished(page);
    await host.open();
  });
});

test("models are not in the service worker's cache, and are requested from the host", async () => {
  await withHost(async (host, open) => {
    await host.deploy("1", await micro());
    const page = await open();
    await installed(page);
    await page.reload();
    await prepare(page);
    assert(host.requests.includes("models/micro/model.safetensors"));
    const cached = await page.evaluate(async () => {
      const names = await caches.keys();
      const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return keys.flat().map(({ url }) => new URL(url).pathname);
    });
    assert(cached.includes("/hone-worker_bg.wasm"), `${cached}`);
    assert.deepEqual(cached.filter((path) => path.startsWith("/models/")), []);
  });
});

test("on a host without headers, the second visit is isolated and the engine is held to the policy", async () => {
  await withHost(
    async (_, open) => {
      const first = await open();
      assert.equal(await first.evaluate(() => crossOriginIsolated), false);
      await installed(first);
      await first.close();
      const page = await open();
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      await page.getByText(/^Computes (on|with)/).waitFor();
      const [worker] = page.workers();
      assert.equal(await worker.evaluate(() => crossOriginIsolated), true);
      const forbidden = await worker.evaluate(
        () =>
          new Promise((resolve) => {
            addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true });
            fetch("https://example.org/").then(() => resolve("nothing"), () => {});
          }),
      );
      assert.equal(forbidden, "connect-src");
    },
    { sendsHeaders: false },
  );
});

test("a new version waits for the end of a run, which ends like one left alone, then page and engine change together", async () => {
  await withHost(async (host, open) => {
    const marked = (name) => (text) => text.replace(/^(self\.version = .*\n)?/, `self.version = "${name}";\n`);
    await host.deploy("1", { ...(await micro()), "hone-worker_loader.js": marked("1") });
    const page = await open();
    await installed(page);
    await listen(page);
    await page.reload();
    const engine = () => page.workers()[0].evaluate(() => self.version);
    await prepare(page, 200);
    await openGroups(page, "Stopping");
    await fill(page, "Epochs", "60");
    await start(page);
    await finished(page);
    const leftAlone = await outcome(page);
    await page.evaluate(() => (globalThis.events = []));
    // Paused, so that the run cannot end before the new version is there.
    const pausing = pressPause(page);
    await page.getByRole("button", { name: /^Start/ }).click();
    await pausing;
    const offer = page.getByRole("button", { name: "Open the new version" });
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await host.deploy("2", { "hone-worker_loader.js": marked("2") });
    await look(page);
    assert.equal(await offer.isVisible(), false);
    // The page's own engine is still there for a worker that starts now.
    const loader = await page.evaluate(async () => (await fetch("hone-worker_loader.js")).text());
    assert.match(loader, /^self\.version = "1"/);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.waitForFunction(() => globalThis.events.some(({ kind }) => kind === "finished"));
    assert.deepEqual(await outcome(page), leftAlone);

    await page.getByText("Opening it reloads the page: download").waitFor();
    assert.deepEqual([await version(page), await engine()], ["1", "1"]);
    await screenshot(page, "new-version");
    await Promise.all([page.waitForEvent("load"), offer.click()]);
    await page.getByText(/^Computes (on|with)/).waitFor();
    assert.deepEqual([await version(page), await engine()], ["2", "2"]);
    assert.equal(await offer.isVisible(), false);
  });
});

test("a page that nobody has used opens a new version by itself", async () => {
  await withHost(async (host, open) => {
    await host.deploy("1", {});
    const first = await open();
    await installed(first);
    // If a page is closed within a moment of the takeover, Chromium replaces its service worker only minutes later.
    await first.getByText(/^Computes (on|with)/).waitFor();
    await first.waitForTimeout(1_000);
    await first.close();
    await host.deploy("2", {});
    const page = await first.context().newPage();
    // Looking at the page from here would count as using it, so it reports its version itself.
    await page.addInitScript(() => {
      addEventListener("DOMContentLoaded", () => console.log(`version ${document.documentElement.dataset.version}`));
    });
    const seen = [];
    page.on("console", (message) => seen.push(message.text()));
    const isNew = page.waitForEvent("console", { predicate: (message) => message.text() === "version 2", timeout: MINUTE });
    await page.goto(host.address + allOpen);
    await isNew;
    assert.deepEqual(seen.filter((text) => text.startsWith("version")), ["version 1", "version 2"]);
  });
});

test("a new version is not opened under another tab", async () => {
  await withHost(async (host, open) => {
    const page = await open();
    await installed(page);
    await page.getByRole("heading", { level: 1 }).click();
    const other = await open();
    await other.getByRole("heading", { level: 1 }).click();
    await host.deploy("2", {});
    await look(page);
    await page.getByRole("button", { name: "Open the new version" }).click();
    await page.getByText("Hone is open in another tab too").waitFor();
    await other.close();
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Open the new version" }).click()]);
    assert.equal(await version(page), "2");
  });
});

test("a page that is older than its first service worker is offered the new version", async () => {
  await withHost(async (host, open) => {
    await host.deploy("1", {});
    const page = await open(() => {
      const { register } = ServiceWorkerContainer.prototype;
      ServiceWorkerContainer.prototype.register = async function (...args) {
        await new Promise((resolve) => (globalThis.deployed = resolve));
        return register.apply(this, args);
      };
    });
    await page.waitForFunction(() => globalThis.deployed);
    await host.deploy("2", {});
    await page.evaluate(() => globalThis.deployed());
    await page.getByRole("button", { name: "Open the new version" }).click();
    await page.waitForFunction(() => document.documentElement.dataset.version === "2");
  });
});

test("the page can be installed, and its icons have the sizes that the manifest names", async () => {
  await withHost(async (_, open) => {
    const page = await open();
    await installed(page);
    const browser = await page.context().newCDPSession(page);
    const { installabilityErrors } = await browser.send("Page.getInstallabilityErrors");
    assert.deepEqual(installabilityErrors, []);
    const { errors, data } = await browser.send("Page.getAppManifest");
    assert.deepEqual(errors, []);
    const icons = JSON.parse(data).icons.filter(({ type }) => type === "image/png");
    assert.deepEqual(icons.map(({ purpose }) => purpose), ["any", "any", "maskable"]);
    for (const { src, sizes } of icons) {
      const size = await page.evaluate(async (src) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        return `${image.naturalWidth}x${image.naturalHeight}`;
      }, src);
      assert.equal(size, sizes, src);
    }
  });
});

test("a page that stays open looks for a new version every hour", async () => {
  await withHost(async (host, open) => {
    const page = await open(() => {
      const { setInterval } = globalThis;
      globalThis.setInterval = (act, ms) => (ms === 3_600_000 ? (globalThis.afterAnHour = act) : setInterval(act, ms));
    });
    await installed(page);
    // Chromium puts off a search for half a minute on the page that installed the first service worker.
    await page.reload();
    await page.locator("#shell").waitFor({ state: "detached" });
    await page.getByRole("heading", { level: 1 }).click();
    await host.deploy("2", {});
    await page.evaluate(() => globalThis.afterAnHour());
    await page.getByRole("button", { name: "Open the new version" }).waitFor();
  });
});

test("half a deployment is not installed, and the page stays as it was", async () => {
  await withHost(async (host, open) => {
    const page = await open();
    await installed(page);
    const before = await version(page);
    await host.deploy("2", { "boot.js": (text) => `${text}\n// New.` });
    host.withhold("boot.js");
    await page.reload();
    await look(page);
    await page.reload();
    assert.equal(await version(page), before);
  });
});

test("the kill switch removes the page's files, serves the page from the host, and keeps models", async () => {
  await withHost(async (host, open) => {
    await host.deploy("1", await micro());
    const page = await open();
    await prepare(page);
    await installed(page);
    host.replaceServiceWorker(await readFile(new URL("../../app/sw-off.js", import.meta.url), "utf8"));
    await look(page);
    await page.waitForFunction(async () => (await caches.keys()).length === 0);
    host.requests.length = 0;
    await page.reload();
    await prepare(page);
    assert(host.requests.includes("hone-worker_bg.wasm"), "the page comes from the host again");
    assert(!host.requests.includes("models/micro/model.safetensors"), "the model is still in the browser");
  });
});

test("files that the installed page is launched with are opened as if they had been dropped", async () => {
  await withHost(async (_, open) => {
    const page = await open(() => {
      globalThis.launchQueue.setConsumer = (take) => (globalThis.launch = take);
    });
    await page.waitForFunction(() => globalThis.launch);
    await page.evaluate(() => {
      const file = new File(["text,label\nA quiet triumph.,fresh\nA dull film.,rotten\n"], "launched.csv");
      return globalThis.launch({ files: [{ getFile: async () => file }] });
    });
    await page.getByText("launched.csv").first().waitFor();
  });
});
