// Fine-tuning techniques with the real engine, on the CPU: MiniLM on real definitions, or a micro model.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { finished, openGroups, start } from "./fake.mjs";
import { fileOf, out, screenshot, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn, definitions, events, fill, listen, losses } from "./real.mjs";

/** `rows` rows of a file, from all of its labels. */
function cutTo(rows, file) {
  const [header, ...lines] = file.buffer.toString().split("\n");
  const kept = lines.filter((_, i) => i % Math.ceil(lines.length / Math.min(rows, lines.length)) === 0);
  return { ...file, buffer: Buffer.from([header, ...kept].join("\n")) };
}

/** Opens the page with MiniLM on the CPU and real definitions, of which `rows` are training and as many validation rows. */
async function withDefinitions(page, rows = Infinity) {
  page.setDefaultTimeout(10 * MINUTE);
  await listen(page);
  await page.reload();
  await computeOn(page, "CPU");
  const { train, validation } = Object.fromEntries(
    Object.entries(await definitions()).map(([name, file]) => [name, cutTo(rows, file)]),
  );
  await page.getByLabel("Choose a file").setInputFiles(train);
  await page.getByLabel("Choose a validation file").setInputFiles(validation);
  await page.getByText("Loaded: 6 layers").waitFor();
  return { train, validation };
}

/** Opens the page with a micro model and texts that it can learn. */
async function withMicro(page, rows) {
  page.setDefaultTimeout(2 * MINUTE);
  await listen(page);
  await withMicroModel(page);
  await page.getByLabel("Choose a file").setInputFiles(microTexts(rows));
  await page.getByText("Loaded: 2 layers").waitFor();
}

test("gradual unfreezing unfreezes MiniLM's layers in order, on real data", async () => {
  await withPage(async (page) => {
    await withDefinitions(page, 200);
    await page.getByRole("radio", { name: /^Balanced/ }).check();
    await openGroups(page, "Stopping");
    await fill(page, "Epochs", "2");
    await start(page);
    await page.getByRole("button", { name: "Unfreeze layer 4" }).waitFor();
    await screenshot(page, "real-unfreezing");
    await finished(page);
    await screenshot(page, "real-unfrozen");
    const [{ plan }] = await events(page, "started");
    const stages = [plan, ...(await events(page, "param_groups"))].map(({ param_groups: groups }) =>
      groups.filter(({ trainable }) => trainable).map(({ group }) => group),
    );
    const head = ["head"];
    const expected = [head];
    for (let layer = 5; layer >= 0; layer--) expected.push([`layer.${layer}`, ...expected.at(-1)]);
    assert.deepEqual(stages, expected);
    const [{ summary }] = await events(page, "finished");
    console.log(`macro-F1 ${summary.best.scores.macro_f1}, cosine to before ${summary.forgetting.cosine}`);
    assert(summary.best.scores.macro_f1 > 0.85);
    assert(summary.forgetting.cosine > 0.3 && summary.forgetting.cosine < 0.9999);
  });
});

test("time and memory of a run are measured before it and shown next to the button", async () => {
  await withPage(async (page) => {
    await withDefinitions(page);
    await page.getByText(/^about .*\d\s(s|min) · \d+\sMB · \d+ steps/).waitFor();
    const [{ estimate }] = await events(page, "estimated");
    console.log(`${estimate.seconds.toFixed(0)} s, ${(estimate.bytes / 1e6).toFixed(0)} MB`);
    assert(estimate.seconds > 0 && estimate.step_ms > 0);
    // The weights alone, and more than any tab has.
    assert(estimate.bytes > 91e6 && estimate.bytes < estimate.limit_bytes);
  });
});

test("weights of labels that the data lacks, or that leave nothing to learn, are refused by name", async () => {
  await withPage(async (page) => {
    await withMicro(page, 40);
    await page.getByText("Advanced", { exact: true }).click();
    for (const [given, message] of [
      [{ five: 2, seven: 3 }, 'class_weights names "seven"'],
      [{ five: 0, six: 0 }, "class_weights is 0 for every label"],
    ]) {
      const recipe = fileOf("recipe.json", JSON.stringify({ class_weights: { given } }), "application/json");
      await page.getByLabel("Open a recipe").setInputFiles(recipe);
      await page.getByRole("button", { name: /^Start/ }).click();
      await page.getByText(message).first().waitFor();
    }
    assert.equal((await events(page, "started")).length, 0);
  });
});

test("early stopping ends a run that overfits, and restores the best weights", async () => {
  await withPage(async (page) => {
    await withDefinitions(page, 60);
    await openGroups(page, "Stopping", "Learning rate");
    await fill(page, "Peak learning rate", "3e-4");
    await page.getByLabel("Metric for best model").selectOption({ label: "validation loss" });
    await fill(page, "Early stopping patience", "2");
    await fill(page, "Epochs", "30");
    await fill(page, "Evaluate every", "1");
    await start(page);
    await finished(page);
    await screenshot(page, "real-early-stopped");
    const [{ summary }] = await events(page, "finished");
    assert.equal(summary.reason, "early_stopped");
    const evaluations = (await events(page, "evaluated")).map(({ evaluation }) => evaluation);
    const best = evaluations.reduce((a, b) => (b.loss < a.loss ? b : a));
    assert.equal(summary.best.step, best.step);
    assert(best.step < summary.steps, "the run used up its patience and then went back");
  });
});

test("a range test leaves the model unchanged: a run after it equals one without it", async () => {
  const run = async (findsRate) => {
    return withPage(async (page) => {
      await withMicro(page, 400);
      await openGroups(page, "Learning rate", "Stopping");
      if (findsRate) {
        await page.getByRole("button", { name: "Find a learning rate" }).click();
        await page.getByRole("button", { name: /^Use .* valley/ }).waitFor();
        await screenshot(page, "real-rate-found");
        const [{ finding }] = await events(page, "rate_found");
        console.log(`valley ${finding.valley}, steepest ${finding.steepest}, ${finding.points.length} steps`);
      }
      await fill(page, "Epochs", "1");
      await start(page);
      await finished(page);
      return losses(page);
    });
  };
  const [without, after] = [await run(false), await run(true)];
  assert.equal(without.length, 45);
  assert.deepEqual(after, without);
});

test("two runs are kept and compared", async () => {
  await withPage(async (page) => {
    await withMicro(page, 400);
    await openGroups(page, "Learning rate", "Stopping");
    await fill(page, "Epochs", "1");
    for (const [i, rate] of ["0.001", "0.005"].entries()) {
      await fill(page, "Peak learning rate", rate);
      await start(page);
      await page.waitForFunction((n) => globalThis.events.filter(({ kind }) => kind === "finished").length > n, i);
    }
    await finished(page);
    for (const number of [1, 2]) await page.getByRole("checkbox", { name: new RegExp(`^Compare ${number}`) }).check();
    await screenshot(page, "real-compared");
    const table = page.getByRole("region", { name: "What differs between the runs" });
    await table.getByRole("row", { name: "Peak learning rate 0.001 0.005" }).waitFor();
    assert.equal(await table.getByRole("row", { name: /^Epochs/ }).count(), 0);
  });
});

test("an adapter learns real definitions, and is exported alone and merged", async () => {
  await withPage(async (page) => {
    await withDefinitions(page);
    await page.getByRole("radio", { name: /^Adapter/ }).check();
    await openGroups(page, "Stopping");
    await fill(page, "Epochs", "1");
    await start(page);
    await finished(page);
    const [{ summary }] = await events(page, "finished");
    console.log(`macro-F1 ${summary.best.scores.macro_f1}`);
    assert(summary.best.scores.macro_f1 > 0.8);
    const texts = ["a small bird with a red breast", "a stringed instrument", "the capital of France", "soup of peas"];
    for (const [i, text] of texts.entries()) {
      await page.getByLabel("Text", { exact: true }).fill(text);
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await page.waitForFunction((n) => globalThis.events.filter(({ kind }) => kind === "predicted").length > n, i);
    }
    const probabilities = (await events(page, "predicted")).map(({ tuned }) => tuned.classes.probabilities);
    const [{ plan }] = await events(page, "started");
    const expected = JSON.stringify({ texts, probabilities, max_length: plan.max_length });
    for (const [name, file] of [
      [/^Download adapter only/, "adapter"],
      [/^Download merged model/, "merged"],
    ]) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name }).click(),
      ]);
      await download.saveAs(join(out, `${file}.zip`));
      await writeFile(join(out, `${file}.json`), expected);
    }
  });
});

test("a recipe gives the same losses outside the browser", async () => {
  const { HONE_CLI: program } = process.env;
  const folder = join(out, "native");
  await mkdir(folder, { recursive: true });
  const { plan, inBrowser, files } = await withPage(async (page) => {
    const files = await withDefinitions(page);
    await page.getByRole("radio", { name: /^Balanced/ }).check();
    await start(page);
    await page.waitForFunction(() => globalThis.events.some(({ steps }) => steps?.some(({ step }) => step >= 20)));
    const [{ plan }] = await events(page, "started");
    return { plan, inBrowser: (await losses(page)).slice(0, 20), files };
  });
  const path = (name) => join(folder, name);
  await writeFile(path("recipe.json"), JSON.stringify(plan.recipe));
  for (const [name, { buffer }] of Object.entries(files)) await writeFile(path(`${name}.csv`), buffer);
  const options = ["--data", path("train.csv"), "--validation", path("validation.csv"), "--out", path("out")];
  const run = promisify(execFile);
  await run(program, ["train", path("recipe.json"), ...options, "--steps", "20", "--scores-only"]);
  const lines = (await readFile(path("out/events.jsonl"), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  const outside = lines.flatMap(({ steps: event }) => event?.steps ?? []).map(({ loss }) => loss);
  assert.equal(outside.length, 20);
  const apart = Math.max(...outside.map((loss, i) => Math.abs(loss - inBrowser[i])));
  console.log(`largest difference of 20 losses: ${apart.toExponential(1)}`);
  assert(apart < 1e-4, `${outside}\n${inBrowser}`);
});
