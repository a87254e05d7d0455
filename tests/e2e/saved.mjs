// Helpers for tests of saved runs: the real engine with a micro model, on the CPU.

import { finished } from "./fake.mjs";
import { beforeEngine, url, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn, events, knowGpu, listen, pressPause } from "./real.mjs";

/** A run that is long enough to be interrupted. */
export const RECIPE = { task: "classification", epochs: 24, batch_size: 8, learning_rate: 0.002, early_stopping_patience: 0 };

/** The file of its rows. */
export const texts = microTexts(160);

/** Presses a button of a run, wherever the growing page has moved it. */
export const press = (page, name) => page.getByRole("button", { name, exact: true }).dispatchEvent("click");

/** The pause that is awaited on a page: the step after which it is pressed, and the promise of the press. */
const pauses = new WeakMap();

/**
 * Lets the engine ask before it goes on after each report of its steps. It gets no answer until an awaited pause has been
 * pressed: on a busy machine, the run of a micro model ends before the page has seen that it began.
 */
async function waitForPauses(page) {
  await page.route("**/may-go-on/*", async (route) => {
    const { step, pressed } = pauses.get(page) ?? { step: Infinity };
    if (Number(route.request().url().split("/").at(-1)) > step) await pressed.catch(() => {});
    await route.fulfill({ body: "" }).catch(() => {});
  });
  await beforeEngine(page, () => {
    const send = postMessage.bind(globalThis);
    globalThis.postMessage = (data, ...more) => {
      send(data, ...more);
      const steps = data.message?.steps?.steps ?? [];
      if (!steps.length) return;
      const request = new XMLHttpRequest();
      request.open("GET", `/may-go-on/${steps.at(-1).step}`, false);
      try {
        request.send();
      } catch {
        // The page is being closed.
      }
    };
  });
}

/** Opens the page in a new tab of the context. */
export async function visit(context) {
  const page = await context.newPage();
  await waitForPauses(page);
  page.setDefaultTimeout(3 * MINUTE);
  await listen(page);
  await knowGpu(page);
  await page.goto(url);
  await page.locator("#shell").waitFor({ state: "detached" });
  await computeOn(page, "CPU");
  await page.getByText("Computes on the CPU").waitFor();
  return page;
}

/** Chooses the file of the rows. */
export const choose = (page) => page.getByLabel("Choose a file").setInputFiles(texts);

/** Begins a run; `change` is what differs from the recipe, and `open` opens the data. */
export async function begun(page, change = {}, open = choose) {
  await open(page);
  await page.getByText("Loaded: 2 layers").waitFor();
  await page.getByText("Advanced", { exact: true }).click();
  const recipe = { ...RECIPE, ...change };
  const buffer = Buffer.from(JSON.stringify(recipe));
  await page.getByLabel("Open a recipe").setInputFiles({ name: "recipe.json", mimeType: "application/json", buffer });
  // The page reads the file meanwhile; a run that started now would have the recipe of before.
  await page.locator("summary").filter({ hasText: new RegExp(`(?<!\\d)${recipe.epochs} epochs?\\b`) }).waitFor();
  await page.getByRole("button", { name: /^Start/ }).click();
}

/** Begins a run and pauses it after `step`, which saves it. */
export async function paused(page, change, open, step = 40) {
  const pausing = pause(page, step);
  await begun(page, change, open);
  await pausing;
}

/** Lets a paused run go on for a step or more, and pauses it again, which saves it a second time. */
export async function pausedAgain(page) {
  const pausing = pause(page);
  await press(page, "Resume");
  await pausing;
}

/** Pauses the run at its next step after `step`, and waits until it is saved there. */
async function pause(page, step = 0) {
  const pressed = pressPause(page, step);
  pauses.set(page, { step, pressed });
  await pressed;
  pauses.delete(page);
  // A save of an earlier step may end after the press.
  await page.waitForFunction(() => {
    const last = (name) => globalThis.events.findLast(({ kind }) => kind === name);
    const isPaused = globalThis.events.findLast(({ kind }) => kind === "paused" || kind === "resumed")?.kind === "paused";
    return isPaused && last("run_saved")?.step === last("steps").steps.at(-1).step;
  });
}

/** The loss of each step and the best evaluation of the run that has ended. A run that continues sends its steps again. */
export async function outcome(page) {
  const steps = (await events(page, "steps")).flatMap(({ steps }) => steps.map(({ step, loss }) => [step, loss]));
  const [{ summary }] = await events(page, "finished");
  return { losses: [...new Map(steps)], best: summary.best };
}

const alone = {};

/** The outcome of a run with this change that nothing interrupts, on the CPU. It is computed once. */
export function leftAlone(change = {}) {
  alone[JSON.stringify(change)] ??= withPage(async (page) => {
    await withMicroModel(page);
    const next = await visit(page.context());
    await begun(next, change);
    await finished(next);
    return outcome(next);
  });
  return alone[JSON.stringify(change)];
}

/** Presses "Continue" of the saved run. */
export async function resume(page) {
  await page.getByText(/^A run stopped at step [\d,]+ of [\d,]+\.$/).waitFor();
  await page.getByRole("button", { name: "Continue", exact: true }).click();
}

/** Continues the saved run at a later visit. */
export async function continued(page) {
  await resume(page);
  await page.getByLabel("Choose the file again").setInputFiles(texts);
  await finished(page);
}

