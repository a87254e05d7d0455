// Helpers for every end-to-end test: Chromium, the page, and checks that apply to every visit.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** Address of the page, path of the browser, and a folder for output. `cargo xtask e2e` sets them. */
export const { HONE_URL: address, HONE_CHROMIUM: executablePath, HONE_OUT: out } = process.env;
assert(address && executablePath && out, "Run these tests with `cargo xtask e2e`.");

/** The page with all steps open, as in a lesson, so that a test finds everything. folds.test.mjs has them fold. */
export const allOpen = "?open=all";
export const url = address + allOpen;

// A software adapter replaces the GPU; it has timestamp queries but no f16.
const args = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];

const options = { executablePath, args: ["--headless=new", ...args], headless: true };

/** Every visit's context: with motion, a press waits a second and a half until the page has scrolled. */
export const still = { reducedMotion: "reduce" };

/** A headless browser. */
export function launch() {
  return chromium.launch(options);
}

/** A headless browser with its storage in a folder, as a context. */
export function launchWithStorage(folder, more = {}) {
  return chromium.launchPersistentContext(folder, { ...options, ...still, ...more });
}

/**
 * Opens the page in a new browser for the duration of `visit`. Fails if a request left the origin, or if the page or its
 * workers logged a warning or an error. There is no service worker, which would answer what a test routes.
 *
 * `expectComplaints` is a pattern for messages that the test provokes; `allowed` are other origins that may be
 * contacted; `query` is that of the page's address.
 */
export async function withPage(visit, { expectComplaints, allowed = [], query = allOpen, ...options } = {}) {
  const browser = await launch();
  try {
    const context = await browser.newContext({ acceptDownloads: true, serviceWorkers: "block", ...still, ...options });
    const page = await context.newPage();
    const complaints = [];
    const strangers = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    context.on("request", (request) => {
      const target = new URL(request.url());
      const leaves = target.protocol.startsWith("http") || target.protocol.startsWith("ws");
      if (leaves && ![new URL(url).origin, ...allowed].includes(target.origin)) strangers.push(target.href);
    });
    await page.goto(address + query);
    // The static shell disappears when the page has loaded.
    await page.locator("#shell").waitFor({ state: "detached" });
    const result = await visit(page);
    assert.deepEqual(strangers, [], "requests that left the origin");
    const unexpected = complaints.filter((complaint) => !expectComplaints?.test(complaint));
    assert.deepEqual(unexpected, [], "complaints in the console");
    return result;
  } finally {
    await browser.close();
  }
}

/** Headers of a worker's script: an isolated page starts only workers that are isolated too. */
export const ofWorker = { "Content-Type": "text/javascript", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Makes every new worker of the page run a function before the engine. */
export async function beforeEngine(page, run) {
  await page.route("**/hone-worker_loader.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${run})();\n${await response.text()}` });
  });
}

/** Fails if axe-core finds violations of WCAG 2.2 AA, and lists them. */
export async function assertAccessible(page) {
  await page.evaluate(await axeSource());
  const violations = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const found = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  assert.deepEqual(violations, []);
}

/** Saves a screenshot of the whole page for visual inspection. */
export function screenshot(page, name) {
  return page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
}

/** A light screen and a dark one, as wide as they are. */
export const bothColors = [{ colorScheme: "light" }, { colorScheme: "dark" }];

/** A wide light screen, and a narrow dark one. */
export const bothScreens = [
  { colorScheme: "light", width: 1280 },
  { colorScheme: "dark", width: 360 },
];

/**
 * Looks at the page as it is now on every screen: it is accessible, nothing scrolls sideways, and there is a screenshot of
 * it. Ends on the first screen.
 */
export async function look(page, name, screens) {
  const show = async ({ colorScheme, width }) => {
    await page.emulateMedia({ colorScheme });
    if (width) await page.setViewportSize({ width, height: 800 });
  };
  for (const screen of screens) {
    await show(screen);
    // Elements covered by the bar of steps count as too small to press.
    await page.evaluate(() => scrollTo(0, 0));
    await assertAccessible(page);
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert(content <= window, `${name}: ${content} px wide on a screen of ${window} px`);
    await screenshot(page, `${name}-${screen.colorScheme}`);
  }
  await show(screens[0]);
}

/** A file for an input or a drop, from a text or from bytes. */
export function fileOf(name, content, mimeType = "text/csv") {
  return { name, mimeType, buffer: Buffer.from(content) };
}

/** Drops a file onto an element, as a user does with the mouse. */
export async function drop(locator, { name, mimeType, buffer }) {
  const transfer = await locator.page().evaluateHandle(
    ([name, type, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type }));
      return transfer;
    },
    [name, mimeType, buffer.toString("base64")],
  );
  for (const type of ["dragenter", "dragover", "drop"]) await locator.dispatchEvent(type, { dataTransfer: transfer });
}

/**
 * Starts the page's worker without the page's code and returns `ask`, which posts a command and returns the first event
 * of one of the given kinds, or fails with the diagnostic that the worker reports instead.
 */
export async function startWorker(page) {
  await page.evaluate(async () => {
    const worker = new Worker("./hone-worker_loader.js");
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => reject(new Error(event.message));
    });
    let last = 0;
    globalThis.ask = ({ kind, ...fields }, kinds) =>
      new Promise((resolve, reject) => {
        worker.onerror = (event) => reject(new Error(event.message));
        const number = (last += 1);
        worker.onmessage = ({ data: { request, message } }) => {
          if (request !== undefined && request !== number) return;
          // An enum is an object with its fields under its name, or just its name.
          const [[name, event]] = typeof message === "string" ? [[message, {}]] : Object.entries(message);
          if (kinds.includes(name)) resolve(event);
          else if (event.diagnostic) reject(new Error(JSON.stringify(event.diagnostic)));
        };
        worker.postMessage({ request: number, message: { [kind]: fields } });
      });
  });
  return (command, ...kinds) => page.evaluate(([command, kinds]) => globalThis.ask(command, kinds), [command, kinds]);
}

/** The version of the messages between page and worker. */
export async function protocolVersion() {
  const source = await readFile(new URL("../../core/src/protocol/mod.rs", import.meta.url), "utf8");
  return Number(/PROTOCOL_VERSION: u32 = (\d+)/.exec(source)[1]);
}

async function axeSource() {
  return readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
}
