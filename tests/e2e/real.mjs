// Helpers for tests of the real engine: its events, its data, and the program `hone`.

import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileOf, out, url } from "./harness.mjs";

export const MINUTE = 60_000;

/** Records the page's workers and their events in `globalThis.workers` and `globalThis.events`, from the next load of the page on. */
export async function listen(page) {
  await page.addInitScript(() => {
    globalThis.events = [];
    globalThis.workers = [];
    globalThis.Worker = class extends Worker {
      constructor(...args) {
        super(...args);
        globalThis.workers.push(this);
        this.addEventListener("message", ({ data: { message } }) => {
          if (!message) return;
          // An enum is an object with its fields under its name, or just its name.
          const [[kind, fields]] = typeof message === "string" ? [[message, {}]] : Object.entries(message);
          globalThis.events.push({ kind, ...fields });
        });
      }
    };
  });
}

/** All events of a kind so far. */
export const events = (page, kind) =>
  page.evaluate((kind) => globalThis.events.filter((event) => event.kind === kind), kind);

/** The losses of all steps so far. */
export async function losses(page) {
  return (await events(page, "steps")).flatMap(({ steps }) => steps.map(({ loss }) => loss));
}

/** Presses Pause at the next step after `step` of the run that is under way or about to start. */
export async function pressPause(page, step = 0) {
  // Pressed from within the page: the run of a micro model must not end first.
  await page.evaluate(
    ([step, earlier]) =>
      new Promise((resolve) => {
        const press = () => {
          const isFar = globalThis.events.slice(earlier).some(({ kind, steps }) => kind === "steps" && steps.at(-1).step > step);
          const button = [...document.querySelectorAll("button")].find(({ textContent }) => textContent.trim() === "Pause");
          if (isFar && button) resolve(button.click());
          else setTimeout(press, 5);
        };
        press();
      }),
    [step, await page.evaluate(() => globalThis.events.length)],
  );
}

/** Chooses the device. */
export async function computeOn(page, label) {
  await page.getByLabel("Compute on").selectOption({ label });
}

/** The last self-check of the software GPU, which takes it 15 seconds. The engine ignores that of another build. */
const gpuCheck = join(out, "self-check.json");

/** The last self-check of the GPU, for a test that is about something else. */
export async function knownCheck() {
  return JSON.parse(await readFile(gpuCheck, "utf8").catch(() => "null"));
}

/** Makes the page know the GPU from its next load on, as if it had checked it at an earlier visit. */
export async function knowGpu(page) {
  const check = await knownCheck();
  if (check) await page.addInitScript((check) => localStorage.setItem("hone.self-check", check), JSON.stringify(check));
}

/** Chooses the GPU, and notes its check for other tests. */
export async function computeOnGpu(page) {
  await computeOn(page, "GPU");
  await page.getByText(/^Computes with WebGPU/).waitFor();
  const part = `${gpuCheck}.${process.pid}`;
  await writeFile(part, await page.evaluate(() => localStorage.getItem("hone.self-check")));
  await rename(part, gpuCheck);
}

/** Sets a field of the recipe by its label. */
export async function fill(page, label, value) {
  const field = page.getByLabel(label, { exact: true }).locator("visible=true");
  await field.fill(value);
  await field.blur();
}

/** The sample of definitions; every fifth row of a class is a validation row, as in the reference. */
export async function definitions() {
  const csv = await (await fetch(new URL("samples/definitions.csv", url))).text();
  const [header, ...lines] = csv.trimEnd().split("\n");
  const seen = {};
  const parts = { train: [header], validation: [header] };
  for (const line of lines) {
    const label = line.slice(line.lastIndexOf(",") + 1);
    seen[label] = (seen[label] ?? 0) + 1;
    parts[seen[label] % 5 ? "train" : "validation"].push(line);
  }
  const file = (name) => fileOf(`${name}.csv`, parts[name].join("\n"));
  return { train: file("train"), validation: file("validation") };
}
