// The page in Firefox: it opens, trains a micro model on the CPU, and continues a run. `cargo xtask e2e --firefox` runs this.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Host, deployable } from "./host.mjs";
import { Firefox } from "./marionette.mjs";
import { microEntry, microModel, microTexts } from "./micro.mjs";

const { HONE_FIREFOX: executable } = process.env;
assert(executable, "Run this with `cargo xtask e2e --firefox`.");

/** Opens a host with a micro model, and Firefox, for the duration of `visit`. */
async function withFirefox(visit) {
  const host = await new Host().open();
  const files = await microModel();
  await host.deploy("1", deployable(microEntry(files), files));
  const firefox = await Firefox.launch(executable);
  try {
    await visit(firefox, host);
  } finally {
    await firefox.close();
    await host.close();
  }
}

test("Firefox opens the page and trains a micro model on the CPU, without the network from then on", async () => {
  await withFirefox(async (firefox, host) => {
    await firefox.goto(host.address);
    await firefox.waitForText("Fine-tune a small language model in this tab.");
    await train(firefox);
    await firefox.until("service worker", () => navigator.serviceWorker.controller !== null);
    await host.close();
    await firefox.kill();
    await firefox.start();
    await firefox.goto(host.address);
    await train(firefox);
    assert.equal(await firefox.evaluate(() => globalThis.crossOriginIsolated), true);
    await host.open();
  });
});

test("a run that was interrupted by the end of Firefox continues at the next visit", async () => {
  await withFirefox(async (firefox, host) => {
    await firefox.goto(host.address);
    await prepare(firefox, "40");
    await firefox.press("Start");
    await firefox.until("step 20", () => Number(/step (\d+) of/.exec(document.body.innerText)?.[1]) >= 20);
    await firefox.press("Pause");
    await firefox.until("saved run", async () => {
      const root = await navigator.storage.getDirectory();
      const runs = await root.getDirectoryHandle("runs").catch(() => null);
      for await (const run of runs?.values() ?? []) {
        const slot = await run.getDirectoryHandle("a").catch(() => null);
        const manifest = await slot?.getFileHandle("manifest.json").catch(() => null);
        if (manifest && (await manifest.getFile()).size > 0) return true;
      }
      return false;
    });
    await firefox.kill();
    await firefox.start();
    await firefox.goto(host.address);
    await firefox.waitForText("A run stopped at step");
    await firefox.fill("Compute on", "CPU");
    await firefox.press("Continue");
    await firefox.chooseFile("run-files", microTexts(60));
    await firefox.waitForText("Result on the validation rows");
  });
});

/** Trains on the CPU for one epoch, and waits for the result. */
async function train(firefox) {
  await prepare(firefox, "1");
  await firefox.press("Start");
  await firefox.waitForText("Result on the validation rows");
}

/** Opens a file and a model on the CPU, for a run of a number of epochs. */
async function prepare(firefox, epochs) {
  await firefox.waitForText("Computes ");
  await firefox.fill("Compute on", "CPU");
  await firefox.chooseFile("train-file", microTexts(60));
  await firefox.waitForText("Loaded: 2 layers");
  await firefox.press("Advanced");
  await firefox.press("Stopping");
  await firefox.fill("Epochs", epochs);
}
