// The data of a saved run: read by its handle, from a copy in the browser, or chosen again. The real engine with a micro
// model, on the CPU.

import assert from "node:assert/strict";
import { test } from "node:test";
import { finished } from "./fake.mjs";
import { fileOf, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { press, paused, resume, texts, visit } from "./saved.mjs";

/**
 * Gives the page handles of a file in the browser's own file system, which are of the same class as those of files on the
 * disk. A browser without a screen shows neither its picker nor its question.
 */
async function withHandles(context) {
  await context.addInitScript(() => {
    globalThis.questions = [];
    globalThis.handleOfFile = async () => (await navigator.storage.getDirectory()).getFileHandle("micro.csv");
    globalThis.showOpenFilePicker = async () => [await globalThis.handleOfFile()];
    DataTransferItem.prototype.getAsFileSystemHandle = globalThis.handleOfFile;
    FileSystemHandle.prototype.queryPermission = async () => "prompt";
    FileSystemHandle.prototype.requestPermission = async () => {
      globalThis.questions.push(navigator.userActivation.isActive);
      return localStorage.getItem("answer");
    };
  });
}

/** Writes the file on the "disk". */
async function write(page, text, answer = "granted") {
  const edit = async ([text, answer]) => {
    localStorage.setItem("answer", answer);
    const file = await (await navigator.storage.getDirectory()).getFileHandle("micro.csv", { create: true });
    const writable = await file.createWritable();
    await writable.write(text);
    await writable.close();
  };
  await page.evaluate(edit, [text, answer]);
}

/** Chooses the file with the browser's picker. */
const pick = (page) => page.getByText("Choose a file", { exact: true }).click();

/** Drops the file. */
async function dropIt(page) {
  await page.evaluate(async () => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(await (await globalThis.handleOfFile()).getFile());
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
}

/** Ids of the runs with handles. */
const kept = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open("hone");
        opening.onsuccess = () => {
          const keys = opening.result.transaction("handles").objectStore("handles").getAllKeys();
          keys.onsuccess = () => {
            opening.result.close();
            resolve(keys.result);
          };
        };
      }),
  );

/** Waits until as many runs have handles. */
async function keeps(page, count) {
  for (let tries = 0; (await kept(page)).length !== count; tries += 1) {
    assert(tries < 100, `${await kept(page)}: ${count} expected`);
    await page.waitForTimeout(50);
  }
}

test("a run continues with the file that was picked or dropped, once the browser may read it again", async () => {
  await withPage(async (page) => {
    const context = page.context();
    await withHandles(context);
    await withMicroModel(page);
    await write(page, texts.buffer.toString());
    for (const open of [pick, dropIt]) {
      let next = await visit(context);
      await paused(next, {}, open);
      await keeps(next, 1);
      await next.close();
      next = await visit(context);
      await resume(next);
      await finished(next);
      assert.deepEqual(await next.evaluate(() => globalThis.questions), [true], "asked once, in answer to the press");
      await next.close();
      // The handle goes with the run.
      next = await visit(context);
      await next.getByRole("button", { name: "Delete", exact: true }).click();
      await next.getByRole("button", { name: "Delete the run for good" }).click();
      await keeps(next, 0);
      await next.close();
    }
  });
});

test("a run asks for its file if the browser may not read it, and refuses one that has changed", async () => {
  await withPage(async (page) => {
    const context = page.context();
    await withHandles(context);
    await withMicroModel(page);
    await write(page, texts.buffer.toString());
    let next = await visit(context);
    await paused(next, {}, pick);
    await next.close();

    await write(page, microTexts(90).buffer.toString());
    next = await visit(context);
    await resume(next);
    await next.locator("#saved-runs").getByText("micro.csv has changed since the run was saved.").waitFor();

    await write(page, texts.buffer.toString(), "denied");
    await next.getByRole("button", { name: "Continue", exact: true }).click();
    await next.getByText("Choose “micro.csv” again.").waitFor();
    await next.getByLabel("Choose the file again").setInputFiles(texts);
    await finished(next);
  });
});

test("pasted text continues from the copy that the user asked for, which is removed at the end", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    const context = page.context();
    const copies = (page) =>
      page.evaluate(async () => {
        const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
        const [run] = await Array.fromAsync(runs.values());
        const data = await run.getDirectoryHandle("data").catch(() => null);
        return data ? Array.fromAsync(data.keys()) : [];
      });
    let next = await visit(context);
    await paused(next, {}, async (page) => {
      await page.getByText("Paste a table instead").click();
      await page.getByLabel("Rows of text and label").fill(texts.buffer.toString());
      await page.getByRole("button", { name: "Use this table" }).click();
      await page.getByText("Loaded: 2 layers").waitFor();
      await page.getByLabel(/^Keep a copy of my data/).check();
    });
    assert.deepEqual(await copies(next), ["train-0"]);
    await next.close();
    next = await visit(context);
    await resume(next);
    await finished(next);
    await next.waitForFunction(() => globalThis.events.at(-1).kind === "run_saved");
    assert.deepEqual(await copies(next), []);
  });
});

test("a run with its own validation and test files asks for all of them, by name", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    const context = page.context();
    const [header, ...rows] = microTexts(200).buffer.toString().trimEnd().split("\n");
    const validation = [0, 1].map((nth) =>
      fileOf(`check-0000${nth}-of-00002.csv`, [header, ...rows.slice(160 + 20 * nth, 180 + 20 * nth)].join("\n")));
    const exam = fileOf("exam.csv", [header, ...rows.slice(120, 160)].join("\n"));
    let next = await visit(context);
    await paused(next, {}, async (page) => {
      await page.getByLabel("Choose a file").setInputFiles(texts);
      await page.getByLabel("Choose a validation file").setInputFiles(validation);
      await page.getByLabel("Choose a test file").setInputFiles(exam);
      await page.getByText("120 rows for training, 40 for validation, 40 for the test.").waitFor();
    });
    await next.close();
    next = await visit(context);
    await resume(next);
    await next.getByText("Choose “micro.csv” and “check-00000-of-00002.csv and 1 more” and “exam.csv” again.").waitFor();
    await next.getByLabel("Choose the file again").setInputFiles([texts, exam]);
    await next.getByText("check-00000-of-00002.csv and 1 more is missing.").waitFor();
    await next.getByLabel("Choose the file again").setInputFiles([exam, ...validation, texts]);
    await finished(next);
    const [{ plan }] = await next.evaluate(() => globalThis.events.filter(({ kind }) => kind === "started"));
    assert.deepEqual([plan.train_rows, plan.validation_rows, plan.test_rows], [120, 40, 40]);
    await next.getByText("Scored once, at the end, on 40 rows.").waitFor();
  });
});

test("a run that had ended is opened again with its result, and trained further", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    const context = page.context();
    const summaries = (page) => page.evaluate(() => globalThis.events.flatMap(({ summary }) => summary ?? []));
    let next = await visit(context);
    await paused(next);
    await press(next, "Stop and keep the best");
    await finished(next);
    const [before] = await summaries(next);
    await next.waitForFunction(() => globalThis.events.at(-1).kind === "run_saved");
    await next.close();
    next = await visit(context);
    await next.getByText(/^A run ended at step \d+, and its model is not kept yet\.$/).waitFor();
    await next.getByRole("button", { name: "Open its result" }).click();
    await next.getByLabel("Choose the file again").setInputFiles(texts);
    await finished(next);
    await next.getByLabel("Train further for").fill("1");
    await next.getByLabel("Train further for").blur();
    await press(next, "Train further");
    await next.waitForFunction(() => globalThis.events.filter(({ kind }) => kind === "finished").length === 2);
    const [again, further] = await summaries(next);
    assert.deepEqual([again.best, again.steps], [before.best, before.steps]);
    assert(further.steps > before.steps, `${before.steps} steps, then ${further.steps}`);
    assert.equal(await next.evaluate(() => JSON.parse(localStorage.getItem("hone.runs")).length), 1, "one run in the list");
  });
});
