// The real engine: WebGPU on a software adapter with a micro model, and real learning on the CPU.

import assert from "node:assert/strict";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { finished, openGroups, start } from "./fake.mjs";
import { drop, out, protocolVersion, screenshot, startWorker, url, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn, definitions, events, listen, losses } from "./real.mjs";

test("WebGPU gives the same loss and gradients as the CPU, also with frozen layers", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(5 * MINUTE);
    const ask = await startWorker(page);
    const version = await protocolVersion();
    const { device } = await ask({ kind: "hello", version, device: "gpu", known_check: null }, "ready");
    assert.equal(device.backend, "web_gpu", device.reason);
    assert(device.check.passed && device.check.max_difference < 2e-3, JSON.stringify(device.check));
    console.log(`largest difference ${device.check.max_difference.toExponential(1)} on ${device.adapter}`);
  });
});

test("a software GPU is only used on request, and the page says so", async () => {
  await withPage(async (page) => {
    await page.getByText("slower than the CPU itself").waitFor({ timeout: MINUTE });
  });
});

test("a model file that is truncated, altered or inconsistent is refused, and the data file stays open", async () => {
  const cases = {
    "broke off": (files) => ({ ...files, "model.safetensors": files["model.safetensors"].subarray(0, 5000) }),
    "has been altered": (files) => {
      const altered = Buffer.from(files["model.safetensors"]);
      altered[altered.length - 1] ^= 1;
      return { ...files, "model.safetensors": altered };
    },
    "contradicts itself": (files) => {
      const tokenizer = JSON.parse(files["tokenizer.json"]);
      tokenizer.model.unk_token = "[NONE]";
      return { ...files, "tokenizer.json": Buffer.from(JSON.stringify(tokenizer)) };
    },
    "does not exist or is not public": ({ "tokenizer.json": _, ...files }) => files,
  };
  for (const [message, change] of Object.entries(cases)) {
    await withPage(
      async (page) => {
        page.setDefaultTimeout(MINUTE);
        await withMicroModel(page, change);
        await page.getByLabel("Choose a file").setInputFiles(microTexts(40));
        await page.getByText(message).waitFor();
        await page.getByText("40 rows can be used").waitFor();
      },
      { expectComplaints: /404/ },
    );
  }
});

test("MiniLM learns real definitions on the CPU as well as in PyTorch, and its export predicts the same", async () => {
  const { train, validation } = await definitions();
  const reference = JSON.parse(await readFile(new URL("../golden/reference_runs.json", import.meta.url), "utf8"));
  await withPage(async (page) => {
    page.setDefaultTimeout(15 * MINUTE);
    await listen(page);
    await page.reload();
    await computeOn(page, "CPU");
    await drop(page.getByText("Drop a file of examples, or a folder"), train);
    await page.getByLabel("Choose a validation file").setInputFiles(validation);
    await page.getByText("Loaded: 6 layers").waitFor();
    await screenshot(page, "real-loaded");
    // The recipe of the reference.
    await openGroups(page, "Learning rate", "Stopping");
    await page.getByLabel("Peak learning rate").fill("1e-4");
    await page.getByLabel("Epochs").fill("2");
    await start(page);
    await page.getByText(/\bleft$/).locator("visible=true").first().waitFor();
    await screenshot(page, "real-running");
    await finished(page);
    await screenshot(page, "real-finished");

    const [{ summary }] = await events(page, "finished");
    const { macro_f1: expected } = reference.definitions.mean;
    console.log(`macro-F1 ${summary.best.scores.macro_f1.toFixed(4)}, PyTorch ${expected.toFixed(4)}, ${summary.seconds} s`);
    assert(summary.best.scores.macro_f1 >= expected - 0.03, `${summary.best.scores.macro_f1} where PyTorch has ${expected}`);

    const texts = ["a small bird with a red breast", "a stringed instrument", "the capital of France", "soup of peas"];
    for (const [i, text] of texts.entries()) {
      await page.getByLabel("Text", { exact: true }).fill(text);
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await page.waitForFunction((n) => globalThis.events.filter(({ kind }) => kind === "predicted").length > n, i);
    }
    await screenshot(page, "real-tried");
    const predicted = await events(page, "predicted");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: /Download model/ }).click(),
    ]);
    const [{ plan }] = await events(page, "started");
    const expectedAnswers = { texts, probabilities: predicted.map(({ tuned }) => tuned.classes.probabilities), max_length: plan.max_length };
    await download.saveAs(join(out, "export.zip"));
    await writeFile(join(out, "export.json"), JSON.stringify(expectedAnswers));
  });
});

test("loading MiniLM holds at most 200 MB of wasm memory", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(5 * MINUTE);
    const ask = await startWorker(page);
    await ask({ kind: "hello", version: await protocolVersion(), device: "cpu", known_check: null }, "ready");
    const [model] = await (await fetch(new URL("catalog.json", url))).json();
    await ask({ kind: "load_model", model }, "model_ready");
    // Wasm memory never shrinks, so its current size is its peak.
    const { figures } = await ask({ kind: "bench", case: { size: "micro", batch: 1, len: 8, steps: 1, generated_tokens: 0, keeps_prefix: false } }, "benched");
    console.log(`${(figures.wasm_heap_bytes / 1e6).toFixed(0)} MB`);
    assert(figures.wasm_heap_bytes <= 200e6, `${figures.wasm_heap_bytes} bytes`);
  });
});

test("a file of 200 MB is streamed, and the page stays responsive", async () => {
  const path = join(out, "large.csv");
  const row = (i) => `${i} ${"a text of some length as people write them  ".repeat(4)},${i % 2 ? "yes" : "no"}\n`;
  const rows = 1_050_000;
  const file = await open(path, "w");
  await file.write("text,label\n");
  for (let i = 0; i < rows; i += 10_000) {
    await file.write(Array.from({ length: 10_000 }, (_, k) => row(i + k)).join(""));
  }
  assert((await file.stat()).size > 190e6);
  await file.close();
  await withPage(async (page) => {
    page.setDefaultTimeout(5 * MINUTE);
    await page.evaluate(() => {
      // Each fraction that a frame shows is a moment in which the page was responsive.
      const progress = document.querySelector("progress[aria-label='Fraction of the file read']");
      globalThis.fractions = new Set();
      const look = () => requestAnimationFrame(look, globalThis.fractions.add(progress.value));
      look();
    });
    await page.getByLabel("Choose a file").setInputFiles(path);
    await page.getByLabel("Fraction of the file read").waitFor();
    await page.getByText("Paste a table instead").click();
    await page.getByText("1,050,000 rows can be used").waitFor();
    const fractions = await page.evaluate(() => globalThis.fractions.size);
    // A page that was blocked while the file was read would have shown the first and the last alone.
    assert(fractions > 8, `only ${fractions} fractions were seen`);
    await page.getByLabel("Search the rows").fill("1049999 A text");
    await page.getByLabel("Search the rows").blur();
    await page.getByText("1 to 1 of 1 row", { exact: true }).waitFor();
    await page.getByRole("row", { name: /^1050001 1049999 a text.* yes$/ }).waitFor();
  });
  await rm(path);
});

test("a real worker that is terminated during a run is replaced, and the new one can train", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(2 * MINUTE);
    await page.clock.install();
    await withMicroModel(page);
    await page.getByLabel("Choose a file").setInputFiles(microTexts(2000));
    await page.getByText("Loaded: 2 layers").waitFor();
    await openGroups(page, "Learning rate", "Stopping", "Batch and length");
    await page.getByLabel("Epochs").fill("100");
    await start(page);
    await page.workers()[0].evaluate(() => self.close());
    await page.clock.runFor(31_000);
    await page.getByText("The engine has not responded for 30 seconds.").waitFor();
    await page.getByText("2,000 rows can be used").waitFor();
    assert.equal(await page.getByLabel("Epochs").inputValue(), "100");
    await page.getByLabel("Epochs").fill("1");
    await start(page);
    await finished(page);
  });
});
