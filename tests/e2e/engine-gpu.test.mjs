// Fine-tuning techniques on WebGPU: a micro model on a software adapter, compared with the same runs on the CPU.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileOf, protocolVersion, startWorker, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn, computeOnGpu, events, knowGpu, knownCheck, listen, losses } from "./real.mjs";

/** Maximum relative difference of a loss: the bound of the self-check (core/src/train/self_check.rs). */
const MAX_DIFFERENCE = 2e-3;
/** Optimizer steps per epoch. */
const STEPS = 4;

const common = {
  max_length: 16,
  batch_size: 16,
  epochs: 2,
  eval_every_epochs: 2,
  learning_rate: 0.005,
  dropout: 0,
  attention_dropout: 0,
  head_dropout: 0,
};

/** Runs by name. Together they cover everything that is only computed for some technique. */
const recipes = {
  "DoRA, focal loss, smoothed labels, accumulated batches": {
    ...common,
    batch_size: 8,
    gradient_accumulation_steps: 2,
    adapter: "dora",
    focal_gamma: 2,
    label_smoothing: 0.1,
  },
  // The outputs of the frozen layer are computed in the first epoch, cached, and read in the second. Both devices draw the
  // same masks.
  "LoRA above a frozen layer, R-Drop": {
    ...common,
    adapter: "lora",
    unfreezing: "last",
    last_layers: 1,
    learning_rate: 0.02,
    r_drop: 1,
    dropout: 0.1,
    attention_dropout: 0.1,
    head_dropout: 0.1,
  },
};

/** Losses of every recipe on a device, by name. */
async function lossesOn(page, device, recipes) {
  page.setDefaultTimeout(5 * MINUTE);
  await listen(page);
  await knowGpu(page);
  await withMicroModel(page);
  if (device === "GPU") await computeOnGpu(page);
  else await computeOn(page, device);
  await page.getByLabel("Choose a file").setInputFiles(microTexts(72));
  await page.getByText("Loaded: 2 layers").waitFor();
  await page.getByRole("button", { name: "Find suspected labels" }).click();
  await page.getByText(/of 72 rows (may be|looks) wrong/).waitFor();
  await page.getByText("Advanced", { exact: true }).click();
  const found = {};
  for (const [name, recipe] of Object.entries(recipes)) {
    const [runs, steps] = [(await events(page, "finished")).length, (await losses(page)).length];
    const file = fileOf("recipe.json", JSON.stringify(recipe), "application/json");
    await page.getByLabel("Open a recipe").setInputFiles(file);
    await page.getByText("8 steps").first().waitFor();
    await page.getByRole("button", { name: /^Start/ }).click();
    await page.waitForFunction((n) => globalThis.events.filter(({ kind }) => kind === "finished").length > n, runs);
    found[name] = (await losses(page)).slice(steps);
  }
  return found;
}

const mean = (part) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
const falls = (curve) => mean(curve.slice(-2)) < 0.9 * mean(curve.slice(0, 2));

test("every technique gives the same losses on WebGPU as on the CPU, and the model learns", async () => {
  const onCpu = await withPage((page) => lossesOn(page, "CPU", recipes));
  await withPage(async (page) => {
    const onGpu = await lossesOn(page, "GPU", recipes);
    assert.equal((await events(page, "ready")).at(-1).device.backend, "web_gpu");
    for (const [name, curve] of Object.entries(onGpu)) {
      console.log(`${name}: ${curve.map((loss) => loss.toFixed(3)).join(" ")}`);
      assert.equal(curve.length, 2 * STEPS, name);
      assert(falls(curve), `${name}: ${curve}`);
      const expected = onCpu[name];
      const apart = Math.max(...expected.map((loss, i) => Math.abs(loss - curve[i]) / loss));
      console.log(`largest difference ${apart.toExponential(1)}`);
      assert(apart <= MAX_DIFFERENCE, `${name}: ${curve} where the CPU has ${expected}`);
    }
  });
});

/** Dispatches of a full training step on a batch of 8 × 64 tokens; jax-js needs 359. */
const MAX_DISPATCHES = 145;

test("a training step of the tiny BERT stays within its dispatch budget and reads once", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(5 * MINUTE);
    const ask = await startWorker(page);
    await ask({ kind: "hello", version: await protocolVersion(), device: "gpu", known_check: await knownCheck() }, "ready");
    const { figures } = await ask({ kind: "bench", case: { size: "tiny", batch: 8, len: 64, steps: 2, generated_tokens: 0, keeps_prefix: false } }, "benched");
    console.log(`${figures.dispatches_per_step} dispatches, ${figures.maps_per_step} reads`);
    assert.equal(figures.maps_per_step, 1);
    assert(figures.dispatches_per_step > 100 && figures.dispatches_per_step <= MAX_DISPATCHES);
  });
});
