// The page in Firefox: it opens, and trains a micro model on the CPU. `cargo xtask e2e --firefox` runs this.

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

/** Trains on the CPU for one epoch, and waits for the result. */
async function train(firefox) {
  await firefox.waitForText("Computes ");
  await firefox.fill("Compute on", "CPU");
  await firefox.chooseFile("train-file", microTexts(60));
  await firefox.waitForText("Loaded: 2 layers");
  await firefox.press("Advanced");
  await firefox.press("Stopping");
  await firefox.fill("Epochs", "1");
  await firefox.press("Start");
  await firefox.waitForText("Result on the validation rows");
}
