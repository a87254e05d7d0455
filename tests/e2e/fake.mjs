// The page with a worker that answers immediately and always in the same way (fake-worker.js).

import { readFile } from "node:fs/promises";
import { fileOf, ofWorker } from "./harness.mjs";

/** A file whose content does not matter: the fake worker does not read it. */
export const reviews = fileOf("reviews.csv", "text,label\nA quiet triumph.,fresh\n");

/** Reloads the page with the fake worker in one of its scenarios. */
export async function withFakeWorker(page, scenario = "") {
  const sources = ["fake-tasks.js", "fake-worker.js"].map((name) => readFile(new URL(name, import.meta.url), "utf8"));
  const body = `self.scenario = ${JSON.stringify(scenario)};\n${(await Promise.all(sources)).join("\n")}`;
  await page.route("**/hone-worker_loader.js", (route) => route.fulfill({ headers: ofWorker, body }));
  await page.reload();
  await page.locator("#shell").waitFor({ state: "detached" });
}

/** Chooses the file and waits until a run can start. */
export async function chooseFile(page, file = reviews) {
  await page.getByLabel("Choose a file").setInputFiles(file);
  await page.getByText("Loaded: 6 layers").waitFor();
}

/** Chooses a file for another task, by its name in fake-tasks.js. */
export async function chooseTask(page, ...names) {
  await page.getByLabel("Choose a file").setInputFiles(names.map((name) => fileOf(name, "x\n", "text/plain")));
  await page.getByRole("heading", { name: "What the file contains" }).waitFor();
}

/** Opens the recipe and some of its groups. */
export async function openGroups(page, ...titles) {
  await page.getByText("Advanced", { exact: true }).click();
  for (const title of titles) await group(page, title).locator("summary").first().click();
}

/** A group of the recipe by its heading. */
export function group(page, title) {
  return page.locator("details.group").filter({ has: page.locator(`summary > :text-is("${title}")`) });
}

/** Starts a run and waits until it is under way, or over already. */
export async function start(page) {
  await page.getByRole("button", { name: /^Start/ }).click();
  const result = page.getByRole("heading", { name: "Result on the validation rows" });
  await page.getByRole("button", { name: "Pause" }).or(result).first().waitFor();
}

/** Waits for the end of the run. */
export async function finished(page) {
  await page.getByRole("heading", { name: "Result on the validation rows" }).waitFor();
}
