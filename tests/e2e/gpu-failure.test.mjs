// A GPU that fails during a run, with the real engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openGroups, start } from "./fake.mjs";
import { beforeEngine, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn, computeOnGpu, events, fill, knowGpu, listen } from "./real.mjs";

/** Runs in the worker before the engine: keeps the device, and corrupts shaders created after a signal. */
const spoiler = () => {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    self.device = await requestDevice.apply(this, args);
    return self.device;
  };
  const { createShaderModule } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    return createShaderModule.call(this, self.isSpoilt ? { ...descriptor, code: "this is no shader" } : descriptor);
  };
};

const failures = {
  "a lost GPU": () => self.device.destroy(),
  "a shader that does not compile": () => {
    self.isSpoilt = true;
  },
};

for (const [name, fail] of Object.entries(failures)) {
  test(`${name} during a run ends it, the page says so, and the CPU takes over on request`, async () => {
    await withPage(
      async (page) => {
        page.setDefaultTimeout(5 * MINUTE);
        await listen(page);
        await knowGpu(page);
        await beforeEngine(page, spoiler);
        await withMicroModel(page);
        await computeOnGpu(page);
        await page.getByLabel("Choose a file").setInputFiles(microTexts(160));
        await page.getByText("Loaded: 2 layers").waitFor();
        await openGroups(page, "Stopping", "Batch and length");
        await fill(page, "Batch size", "36");
        await fill(page, "Epochs", "20");
        await start(page);
        await page.waitForFunction(() => globalThis.events.some(({ kind }) => kind === "steps"));
        await page.workers()[0].evaluate(fail);
        await page.getByText(/The GPU failed|The device failed|The engine stopped/).first().waitFor();
        await page.getByText("160 rows can be used").waitFor();
        await computeOn(page, "CPU");
        await page.getByText("Loaded: 2 layers").waitFor();
        await fill(page, "Epochs", "1");
        // It is over too quickly to be observed: only its end can be waited for.
        await page.getByRole("button", { name: /^Start/ }).click();
        const isDone = () => globalThis.events.some(({ summary }) => summary?.reason === "completed");
        await page.waitForFunction(isDone);
        const reports = await events(page, "ready");
        assert.equal(reports.at(-1).device.backend, "cpu");
      },
      { expectComplaints: /./ },
    );
  });
}
