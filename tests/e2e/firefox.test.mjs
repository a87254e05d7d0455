// The page in Firefox: it opens, trains a micro model on the CPU, and continues a run. `cargo xtask e2e --firefox` runs this.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allOpen } from "./harness.mjs";
import { Host, deployable } from "./host.mjs";
import { Firefox } from "./marionette.mjs";
import { microEntry, microModel, microTexts } from "./micro.mjs";

const { HONE_FIREFOX: executable } = process.env;
assert(executable, "Run this with `cargo xtask e2e --firefox`.");

/** The file of a run that is long enough to be interrupted. */
const texts = microTexts(160);

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
    await firefox.goto(host.address + allOpen);
    await firefox.waitForText("Fine-tune a small language model in this tab.");
    await train(firefox);
    await firefox.until("service worker", () => navigator.serviceWorker.controller !== null);
    await host.close();
    await firefox.kill();
    await firefox.start();
    await firefox.goto(host.address + allOpen);
    await train(firefox);
    assert.equal(await firefox.evaluate(() => globalThis.crossOriginIsolated), true);
    await host.open();
  });
});

test("a run continues after the end of Firefox, also when it ended as soon as anything was saved", async () => {
  await withFirefox(async (firefox, host) => {
    await firefox.goto(host.address + allOpen);
    await prepare(firefox, "100", texts);
    await firefox.fill("Early stopping patience", "0");
    await firefox.press("Start");
    await saved(firefox, 1);
    await firefox.kill();
    const first = await offered(firefox, host);
    await again(firefox);
    await firefox.press("Pause");
    await saved(firefox, first.generation + 1);
    await firefox.kill();
    const second = await offered(firefox, host);
    assert(second.step > first.step, `step ${first.step}, then ${second.step}`);
    await again(firefox);
    await firefox.waitForText("Result on the validation rows");
  });
});

/** Starts Firefox again and opens the page; returns where the run that it offers was saved. */
async function offered(firefox, host) {
  await firefox.start();
  await firefox.goto(host.address + allOpen);
  await firefox.waitForText("A run stopped at step");
  const words = await firefox.evaluate(() => document.getElementById("saved-runs").innerText);
  const step = Number(/stopped at step ([\d,]+) of/.exec(words)[1].replaceAll(",", ""));
  return { step, generation: await firefox.evaluate(newestGeneration) };
}

/** Continues the run that is offered. */
async function again(firefox) {
  await firefox.fill("Compute on", "CPU");
  await firefox.press("Continue");
  await firefox.chooseFile("run-files", texts);
}

/** Number of the newest save of the only run, in the page; 0 if there is none. */
async function newestGeneration() {
  const root = await navigator.storage.getDirectory();
  const runs = await root.getDirectoryHandle("runs").catch(() => null);
  let newest = 0;
  for await (const run of runs?.values() ?? []) {
    for (const name of ["a", "b"]) {
      const slot = await run.getDirectoryHandle(name).catch(() => null);
      const manifest = await slot?.getFileHandle("manifest.json").catch(() => null);
      const text = await (await manifest?.getFile())?.text();
      if (text?.endsWith("\n")) newest = Math.max(newest, JSON.parse(text.split("\ncrc32")[0]).generation);
    }
  }
  return newest;
}

/** Waits until this save, or a later one, is there. */
function saved(firefox, generation) {
  return firefox.until(`save ${generation}`, `async (generation) => (await (${newestGeneration})()) >= generation`, generation);
}

/** Trains on the CPU for one epoch, and waits for the result. */
async function train(firefox) {
  await prepare(firefox, "1");
  await firefox.press("Start");
  await firefox.waitForText("Result on the validation rows");
}

/** Opens a file and a model on the CPU, for a run of a number of epochs. */
async function prepare(firefox, epochs, file = microTexts(60)) {
  await firefox.waitForText("Computes ");
  await firefox.fill("Compute on", "CPU");
  await firefox.chooseFile("train-file", file);
  await firefox.waitForText("Loaded: 2 layers");
  await firefox.press("Advanced");
  await firefox.press("Stopping");
  await firefox.fill("Epochs", epochs);
}
