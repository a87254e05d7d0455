// Saved runs change places between the page and the program `hone`: the real engine with a micro model, on the CPU.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { test } from "node:test";
import { finished } from "./fake.mjs";
import { out, withPage } from "./harness.mjs";
import { microModel, withMicroModel } from "./micro.mjs";
import { events } from "./real.mjs";
import { continued, paused, press, texts, visit } from "./saved.mjs";

const { HONE_CLI: program } = process.env;
/** The same arithmetic, compiled for two machines, may round differently; each step adds to it. */
const ROUNDING = 1e-5;

/** What differs from the recipe: large steps would multiply what is rounded. */
const GENTLE = { learning_rate: 0.0002 };

/** A folder with the data, the model and the recipe of a run, as the program wants them. */
async function folderOf(name, recipe) {
  const folder = join(out, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "micro"), { recursive: true });
  const files = { ...(await microModel()), "../micro.csv": texts.buffer, "../recipe.json": JSON.stringify(recipe) };
  await Promise.all(Object.entries(files).map(([file, bytes]) => writeFile(join(folder, "micro", file), bytes)));
  return folder;
}

/** The arguments of the program for such a folder. */
function train(folder, to, ...more) {
  const [recipe, data, model, output] = ["recipe.json", "micro.csv", "micro", to].map((name) => join(folder, name));
  return ["train", recipe, "--data", data, "--model", model, "--out", output, ...more];
}

/** What the program reported: the loss of each step, and the best evaluation. */
async function reported(output) {
  const lines = (await readFile(join(output, "events.jsonl"), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  return outcome(lines.map((event) => Object.entries(event)[0]).map(([kind, fields]) => ({ kind, ...fields })));
}

/** The loss of each step, and the best evaluation, from the events of a run. */
function outcome(events) {
  const steps = events.flatMap(({ kind, steps }) => (kind === "steps" ? steps : []));
  const [{ summary }] = events.filter(({ kind }) => kind === "finished");
  return { losses: new Map(steps.map(({ step, loss }) => [step, loss])), best: summary.best };
}

/** Checks that a run that changed places went on like one that did not, from the step after `since`. */
function assertSame(found, expected, since) {
  const last = Math.max(...expected.losses.keys());
  let apart = Math.abs(found.best.loss - expected.best.loss);
  for (let step = since + 1; step <= last; step += 1) {
    apart = Math.max(apart, Math.abs(found.losses.get(step) - expected.losses.get(step)));
  }
  console.log(`steps ${since + 1} to ${last}: losses differ by at most ${apart.toExponential(1)}`);
  assert(apart < ROUNDING, `${apart}`);
  assert.equal(found.best.step, expected.best.step);
}

test("a run that the browser saved is continued by the program, and ends like one that stayed in the browser", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    let next = await visit(page.context());
    await paused(next, GENTLE);
    const [{ plan }] = await events(next, "started");
    const { step } = (await events(next, "run_saved")).at(-1);
    await next.close();
    next = await visit(page.context());
    const downloads = next.waitForEvent("download");
    await next.getByRole("button", { name: "Take it away as a file" }).click();
    const download = await downloads;
    assert.match(download.suggestedFilename(), /\.hone-run\.zip$/);
    const folder = await folderOf("from-browser", plan.recipe);
    await download.saveAs(join(folder, "run.zip"));
    await continued(next);
    const expected = outcome(await next.evaluate(() => globalThis.events));

    await promisify(execFile)(program, train(folder, "tuned", "--resume", join(folder, "run.zip")));
    assertSame(await reported(join(folder, "tuned")), expected, step);
    assert((await readdir(join(folder, "tuned/model"))).includes("model.safetensors"), "the model is written");
  });
});

test("a run that the program saved is continued by the browser, and ends like one that the program finished", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    let next = await visit(page.context());
    await paused(next, GENTLE);
    const [{ plan }] = await events(next, "started");
    await press(next, "Stop and keep the best");
    await finished(next);
    await next.getByRole("button", { name: /^Keep it in this browser/ }).click();
    await next.getByText("Kept under “Your models”").waitFor();
    const folder = await folderOf("from-program", plan.recipe);
    await promisify(execFile)(program, train(folder, "alone"));

    const running = spawn(program, train(folder, "tuned"), { stdio: "ignore" });
    const ended = once(running, "exit");
    const saves = join(folder, "tuned", "checkpoint");
    const isSaved = async () => (await readdir(saves, { recursive: true }).catch(() => [])).some((name) => name.endsWith("manifest.json"));
    while (!(await isSaved())) await new Promise((resolve) => setTimeout(resolve, 5));
    running.kill("SIGINT");
    await ended;
    assert(await isSaved(), "the run was interrupted before its end");
    const zip = join(folder, "checkpoint.zip");
    await promisify(execFile)("python3", ["-m", "zipfile", "-c", zip, saves]);

    await next.close();
    next = await visit(page.context());
    await next.getByLabel("Continue a run from a file").setInputFiles(zip);
    await continued(next);
    const found = outcome(await next.evaluate(() => globalThis.events));
    assertSame(found, await reported(join(folder, "alone")), 0);
  });
});
