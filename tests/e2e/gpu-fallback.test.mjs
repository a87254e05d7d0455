// Without a trustworthy GPU, the real engine gives the reason and computes on the CPU.

import assert from "node:assert/strict";
import { test } from "node:test";
import { beforeEngine, withPage } from "./harness.mjs";
import { MINUTE, computeOn } from "./real.mjs";

/** Deficits of a browser, and the page's message for each. They run in the worker, before the engine. */
const lacks = {
  "no WebGPU": [
    () => Object.defineProperty(WorkerNavigator.prototype, "gpu", { value: undefined }),
    "This browser has no WebGPU.",
  ],
  "no GPU for this page": [
    () => {
      GPU.prototype.requestAdapter = async () => null;
    },
    "The browser offers no GPU to this page.",
  ],
  "no timestamp-query": [
    () => {
      const { has } = GPUSupportedFeatures.prototype;
      GPUSupportedFeatures.prototype.has = function (name) {
        return name !== "timestamp-query" && has.call(this, name);
      };
    },
    "The GPU lacks the feature timestamp-query, which the engine needs.",
  ],
  "a GPU that computes wrongly": [
    () => {
      const { createShaderModule } = GPUDevice.prototype;
      GPUDevice.prototype.createShaderModule = function (descriptor) {
        const code = descriptor.code.replaceAll("exp(", "exp2(");
        return createShaderModule.call(this, { ...descriptor, code });
      };
    },
    /The GPU and the CPU compute different results \(they differ by up to .+; at most 0\.002 is allowed\)/,
  ],
};

for (const [name, [spoil, words]] of Object.entries(lacks)) {
  test(`with ${name} the engine computes on the CPU and gives the reason`, async () => {
    await withPage(async (page) => {
      page.setDefaultTimeout(5 * MINUTE);
      await beforeEngine(page, spoil);
      await page.reload();
      await computeOn(page, "GPU");
      await page.getByText("Computes on the CPU:").waitFor();
      const line = await page.getByText("Computes on the CPU:").textContent();
      assert.match(line, words instanceof RegExp ? words : new RegExp(words.replaceAll(".", "\\.")));
    });
  });
}
