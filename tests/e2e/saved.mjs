// Helpers for tests of saved runs: the real engine with a micro model, on the CPU.

import { finished, start } from "./fake.mjs";
import { url } from "./harness.mjs";
import { microTexts } from "./micro.mjs";
import { MINUTE, computeOn, listen } from "./real.mjs";

/** A run that is long enough to be interrupted. */
export const RECIPE = { task: "classification", epochs: 100, batch_size: 8, learning_rate: 0.002, early_stopping_patience: 0 };

/** The file of its rows. */
export const texts = microTexts(160);

/** Presses a button of a run, wherever the growing page has moved it. */
export const press = (page, name) => page.getByRole("button", { name, exact: true }).dispatchEvent("click");

/** Opens the page in a new tab of the context. */
export async function visit(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(3 * MINUTE);
  await listen(page);
  await page.goto(url);
  await page.locator("#shell").waitFor({ state: "detached" });
  await computeOn(page, "CPU");
  await page.getByText("Computes on the CPU").waitFor();
  return page;
}

/** Chooses the file of the rows. */
export const choose = (page) => page.getByLabel("Choose a file").setInputFiles(texts);

/** Begins a run and pauses it, which saves it; `change` is what differs from the recipe, and `open` opens the data. */
export async function paused(page, change = {}, open = choose) {
  await open(page);
  await page.getByText("Loaded: 2 layers").waitFor();
  await page.getByText("Advanced", { exact: true }).click();
  const buffer = Buffer.from(JSON.stringify({ ...RECIPE, ...change }));
  await page.getByLabel("Open a recipe").setInputFiles({ name: "recipe.json", mimeType: "application/json", buffer });
  await start(page);
  await page.waitForFunction(() => globalThis.events.some(({ kind, steps }) => kind === "steps" && steps.at(-1).step > 40));
  await press(page, "Pause");
  await saved(page);
}

/** Waits for a save. */
export async function saved(page) {
  await page.waitForFunction(() => globalThis.events.at(-1).kind === "run_saved");
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

