// Models that are kept in the browser: the real engine with a micro model, on the CPU.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseFile, finished, start, withFakeWorker } from "./fake.mjs";
import { bothScreens, look, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn } from "./real.mjs";

const heading = (page) => page.getByRole("heading", { name: "Your models" });

async function keep(page) {
  await page.getByRole("button", { name: /^Keep it in this browser/ }).click();
  await page.getByText("Kept under “Your models”").waitFor();
}

async function rename(page, from, to, shown = to) {
  await page.getByRole("button", { name: `Rename ${from}` }).click();
  await page.getByLabel("New name").fill(to);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name: `Try ${shown}` }).waitFor();
}

async function predict(page, text) {
  await page.getByLabel("Text", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Predict", exact: true }).click();
  await page.getByText(/^Input: /).waitFor();
  return page.locator(".columns.answer").first().innerText();
}

test("a kept model is tried, downloaded and trained further on a later visit, without the data and the base model", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(4 * MINUTE);
    await withMicroModel(page);
    await computeOn(page, "CPU");
    await page.getByLabel("Choose a file").setInputFiles(microTexts(160));
    await page.getByText("Loaded: 2 layers").waitFor();
    await start(page);
    await finished(page);
    const before = await predict(page, "w10 w5 w30");
    await keep(page);
    await rename(page, "Micro on micro.csv", "Five or six");

    // A later visit: no data, and the base model is nowhere.
    await page.getByRole("button", { name: "Remove it" }).click();
    await page.getByText("Already in this browser").waitFor({ state: "detached" });
    await page.context().unroute("**/models/micro/*");
    await page.context().route("**/models/micro/*", (route) => route.fulfill({ status: 404 }));
    await page.reload();
    await heading(page).waitFor();
    await computeOn(page, "CPU");
    await page.getByRole("button", { name: "Try Five or six" }).click();
    await page.getByText("one of your models").waitFor();
    const after = await predict(page, "w10 w5 w30");
    const shares = (text) => text.match(/\d+(\.\d+)?\s%/g);
    assert.deepEqual(shares(after), shares(before).slice(-2), `${before} and then ${after}`);

    const downloads = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download Five or six" }).click();
    const download = await downloads;
    assert.equal(download.suggestedFilename(), "Five or six.zip");
    assert.equal((await readFile(await download.path())).subarray(0, 2).toString(), "PK");

    // It becomes the base of a run on new data.
    await page.getByLabel("Choose a file").setInputFiles(microTexts(90));
    // The page tries to load the base model first.
    await page.locator("#model").getByRole("alert").waitFor();
    await page.getByRole("button", { name: "Train further: Five or six" }).click();
    await page.getByText("Loaded: 2 layers").waitFor();
    await start(page);
    await finished(page);
    await keep(page);
    assert.equal(await page.locator(".shelf li").count(), 2);

    // Both answer the same text.
    await page.getByRole("button", { name: "Try Five or six on micro.csv" }).click();
    await page.getByLabel("Compare with").selectOption({ label: "Five or six" });
    await page.getByText("one of your models").waitFor();
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.locator(".columns.answer .after caption, .columns.answer .before caption").nth(1).waitFor();
    const captions = await page.locator(".columns.answer caption").allInnerTexts();
    assert.deepEqual(captions, ["Five or six on micro.csv", "Five or six"]);
    await page.getByRole("button", { name: "Back to the last run" }).click();
    await page.getByText("Uses the model of the last run").waitFor();

    await page.getByRole("button", { name: "Delete Five or six", exact: true }).click();
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByRole("button", { name: "Delete Five or six", exact: true }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Remove everything" }).click();
    await page.getByRole("button", { name: "Remove for good" }).click();
    await page.getByText("Nothing of yours is stored in this browser.").waitFor();
    await heading(page).waitFor({ state: "hidden" });
    const left = await page.evaluate(async () => {
      // The folders themselves may be there again, as the lists have been read.
      const folders = await Array.fromAsync((await navigator.storage.getDirectory()).values());
      const names = await Promise.all(folders.map((folder) => Array.fromAsync(folder.keys())));
      return [names.flat().length, Object.keys(localStorage)];
    });
    assert.deepEqual(left, [0, []]);
  }, { expectComplaints: /404/ });
});

test("a damaged model is reported and can be deleted, and the others still open", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(4 * MINUTE);
    await withMicroModel(page);
    await computeOn(page, "CPU");
    await page.getByLabel("Choose a file").setInputFiles(microTexts(90));
    await page.getByText("Loaded: 2 layers").waitFor();
    await start(page);
    await finished(page);
    await keep(page);
    await page.evaluate(async () => {
      const tuned = await (await navigator.storage.getDirectory()).getDirectoryHandle("tuned");
      const [[id, whole]] = await Array.fromAsync(tuned.entries());
      const copy = async (folder, name, change) => {
        const bytes = new Uint8Array(await (await (await whole.getFileHandle(name)).getFile()).arrayBuffer());
        const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
        await writable.write(change(bytes));
        await writable.close();
      };
      const same = (bytes) => bytes;
      const half = (bytes) => bytes.subarray(0, bytes.length / 2);
      const text = (from, to) => (bytes) => new TextEncoder().encode(new TextDecoder().decode(bytes).replace(from, to));
      const flipped = (bytes) => bytes.with(bytes.length / 2 | 0, bytes[bytes.length / 2 | 0] ^ 1);
      const cases = {
        a: { "model.zip": half, "manifest.json": same },
        b: { "model.zip": same },
        c: { "model.zip": same, "manifest.json": text('"version":1', '"version":99') },
        d: { "model.zip": flipped, "manifest.json": text(/"name":"Micro on micro.csv"/, '"name":"Flipped"') },
      };
      for (const [name, files] of Object.entries(cases)) {
        const folder = await tuned.getDirectoryHandle(`${id}${name}`, { create: true });
        for (const [file, change] of Object.entries(files)) await copy(folder, file, change);
      }
    });
    await page.reload();
    await heading(page).waitFor();
    await computeOn(page, "CPU");
    for (const words of ["another size than when it was stored", "was not stored completely", "Another version of Hone"]) {
      await page.getByText(words).waitFor();
    }
    await page.getByRole("button", { name: "Try Flipped" }).click();
    await page.locator(".shelf").getByText("cannot be read from the zip").waitFor();
    await page.getByRole("button", { name: "Try Micro on micro.csv" }).click();
    await page.getByText("one of your models").waitFor();
    for (let left = 3; left > 0; left -= 1) {
      await page.getByRole("button", { name: "Delete the damaged model" }).first().click();
      await page.getByRole("button", { name: "Delete for good" }).click();
      await page.waitForFunction((left) => document.querySelectorAll(".shelf li").length === left + 1, left);
    }
  });
});

test("the list of kept models is readable on every screen and by everyone", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "damaged-model");
    await chooseFile(page);
    await start(page);
    await finished(page);
    await keep(page);
    await rename(page, "MiniLM on reviews.csv", "<b>Films</b> \u202e, first try", "<b>Films</b> ‹202E›, first try");
    await page.getByRole("button", { name: "Delete <b>Films</b>" }).click();
    await look(page, "shelf", bothScreens);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Try <b>Films</b>" }).click();
    await predict(page, "A quiet triumph.");
    await look(page, "shelf-try", bothScreens);
  });
});

test("a full storage is reported, and the model can still be downloaded", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "storage-full");
    await chooseFile(page);
    await start(page);
    await finished(page);
    await page.getByRole("button", { name: /^Keep it in this browser/ }).click();
    await page.getByText("The browser did not store the model: there is no room.").waitFor();
    await page.getByRole("button", { name: /^Download model/ }).click();
    await page.getByText("is in your downloads").waitFor();
  });
});
