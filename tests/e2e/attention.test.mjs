// What keeps a run from being lost or missed while the user does something else. The worker is a fake one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseFile, finished, start, withFakeWorker } from "./fake.mjs";
import { withPage } from "./harness.mjs";
import { listen } from "./real.mjs";

/** Replaces what a browser without a screen lacks or does not show, and records its use. */
async function withStubs(page) {
  await page.addInitScript(() => {
    globalThis.screenLocks = [];
    const request = async (kind) => {
      const lock = { kind, released: false, release: async () => (lock.released = true) };
      globalThis.screenLocks.push(lock);
      return lock;
    };
    Object.defineProperty(navigator, "wakeLock", { value: { request } });
    globalThis.notes = [];
    globalThis.Notification = class {
      static permission = "default";
      static async requestPermission() {
        return (this.permission = "granted");
      }
      constructor(title, { body }) {
        globalThis.notes.push({ title, body });
      }
    };
    globalThis.isHidden = false;
    Object.defineProperty(Document.prototype, "hidden", { get: () => globalThis.isHidden });
  });
}

/** Hides the tab, or shows it again. */
const hide = (page, isHidden) =>
  page.evaluate((isHidden) => {
    globalThis.isHidden = isHidden;
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);

/** Waits until as many locks of the screen have been taken, and whether the last one is held. */
const screenLock = (page, count, isHeld) =>
  page.waitForFunction(
    ([count, isHeld]) => {
      const locks = globalThis.screenLocks;
      const held = locks.filter(({ kind, released }) => kind === "screen" && !released).length;
      return locks.length === count && held === (isHeld ? 1 : 0);
    },
    [count, isHeld],
  );

const title = (page, pattern) => page.waitForFunction((pattern) => new RegExp(pattern).test(document.title), pattern);
const pause = (page) => page.getByRole("button", { name: "Pause", exact: true }).click();
const resume = (page) => page.getByRole("button", { name: "Resume", exact: true }).click();

test("the screen stays on while a run is computing and visible, and no longer", async () => {
  await withPage(async (page) => {
    await withStubs(page);
    await withFakeWorker(page);
    await chooseFile(page);
    await screenLock(page, 0, false);
    await start(page);
    await screenLock(page, 1, true);
    await pause(page);
    await screenLock(page, 1, false);
    await resume(page);
    await screenLock(page, 2, true);
    await hide(page, true);
    await screenLock(page, 2, false);
    await hide(page, false);
    await screenLock(page, 3, true);
    await finished(page);
    await screenLock(page, 3, false);
  });
});

test("a run is saved when its tab is hidden, frozen or left, as it may not come back", async () => {
  await withPage(async (page) => {
    await withStubs(page);
    await listen(page);
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await pause(page);
    const saves = (count) =>
      page.waitForFunction((count) => globalThis.events.filter(({ kind }) => kind === "run_saved").length === count, count);
    await hide(page, true);
    await saves(1);
    await hide(page, false);
    await page.evaluate(() => document.dispatchEvent(new Event("freeze")));
    await saves(2);
    await page.evaluate(() => globalThis.dispatchEvent(new Event("pagehide")));
    await saves(3);
  });
});

test("the tab's title shows the progress of a run, and a notification its end to those who look elsewhere", async () => {
  await withPage(async (page) => {
    await withStubs(page);
    await withFakeWorker(page);
    await title(page, "^Hone: ");
    await chooseFile(page);
    await start(page);
    await title(page, "^\\d+ % · Hone$");
    const icon = () => page.evaluate(() => decodeURIComponent(document.querySelector("link[rel=icon]").href));
    assert.match(await icon(), /^data:image\/svg\+xml,<svg .*stroke-dasharray='\d+ 100'/);
    await pause(page);
    await title(page, "^paused at \\d+ % · Hone$");
    await page.getByRole("button", { name: "Notify me at the end" }).click();
    await page.getByRole("button", { name: "Notify me at the end" }).waitFor({ state: "detached" });
    await resume(page);
    await hide(page, true);
    await title(page, "^Done · Hone$");
    assert.match(await icon(), /l4\.5 4\.5 8-9/, "a check mark");
    await page.waitForFunction(() => globalThis.notes.length === 1);
    const [note] = await page.evaluate(() => globalThis.notes);
    assert.equal(note.title, "Hone");
    assert.match(note.body, /^Training has finished\. Validation accuracy 0\.\d+/);

    await hide(page, false);
    await page.getByRole("button", { name: "Start again" }).click();
    await title(page, "^\\d+ % · Hone$");
    await title(page, "^Done · Hone$");
    assert.equal(await page.evaluate(() => globalThis.notes.length), 1, "who looks at the page sees the end");
  });
});

test("nothing is asked of those who do not want notifications", async () => {
  await withPage(async (page) => {
    await withStubs(page);
    await page.addInitScript(() => (globalThis.Notification.permission = "denied"));
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    assert.equal(await page.getByRole("button", { name: "Notify me at the end" }).count(), 0);
    await hide(page, true);
    await title(page, "^Done · Hone$");
    assert.deepEqual(await page.evaluate(() => globalThis.notes), []);
  });
});

/** Tries to close the tab; returns true if the browser warned, and the tab is still there then. */
async function isWarned(page) {
  const answer = new Promise((resolve) => {
    page.once("dialog", async (dialog) => {
      await dialog.dismiss();
      resolve(dialog.type() === "beforeunload");
    });
    page.once("close", () => resolve(false));
  });
  await page.close({ runBeforeUnload: true });
  return answer;
}

test("closing the tab is warned about while a run or its model is unsaved", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    assert(await isWarned(page), "a run that is not saved");
    await finished(page);
    assert(await isWarned(page), "a model that is not kept");
    await page.getByRole("button", { name: /^Keep it in this browser/ }).click();
    await page.getByText("Kept under “Your models”").waitFor();
    assert(!(await isWarned(page)), "a model that is kept");
  });
});

test("closing the tab is not warned about once the run is saved, and is again if saving fails", async () => {
  for (const [scenario, warns] of [["saves", false], ["stops-saving", true]]) {
    await withPage(async (page) => {
      await withFakeWorker(page, scenario);
      await chooseFile(page);
      await start(page);
      await pause(page);
      if (warns) await page.getByText("The run goes on unsaved").waitFor();
      assert.equal(await isWarned(page), warns, scenario);
    });
  }
});
