// The page from an empty tab to a downloaded model, with a fake worker.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseFile, finished, openGroups, reviews, start, withFakeWorker } from "./fake.mjs";
import { assertAccessible, bothColors, bothScreens, drop, fileOf, look, screenshot, withPage } from "./harness.mjs";

test("a user drops a file, trains, tries and downloads; each step is accessible", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await drop(page.getByText("Drop a file of examples, or a folder"), reviews);
    await page.getByText("1,237 rows can be used.").waitFor();
    await page.getByText("Loaded: 6 layers").waitFor();
    await page.getByLabel("Test split").fill("20");
    await page.getByLabel("Test split").blur();
    await page.getByText("124 for validation, 247 for the test.").waitFor();
    await page.getByRole("button", { name: "Find suspected labels" }).click();
    await page.getByText("4 labels of 1,237 rows may be wrong.").waitFor();
    await page.getByRole("region", { name: "Suspected labels" }).getByText("labeled rotten (2 %), probably fresh (98 %)").waitFor();
    const groups = page.getByRole("region", { name: "Duplicates and outliers" });
    await groups.getByText("Nearly the same in training and validation").waitFor();
    await groups.getByText("Unlike all others: 3.1 times as far").waitFor();
    await page.getByRole("button", { name: "Next rows" }).click();
    await page.getByText("9 to 28 of 1,240 rows").waitFor();
    await page.getByLabel("Only rows that are not used").check();
    await page.getByText("1 to 3 of 3 rows").waitFor();
    assert.equal(await page.getByText("Not used: no label").count(), 3);
    const suspects = page.getByRole("region", { name: "Suspected labels" });
    await suspects.getByRole("button", { name: "Drop the row" }).first().click();
    await suspects.getByText("Dropped.").waitFor();
    await suspects.getByRole("button", { name: "Undo" }).first().click();
    await suspects.getByRole("button", { name: "Change to fresh" }).first().click();
    await page.getByText("1 change, not in the open file yet. Opening another file drops them.").waitFor();
    const [corrected] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the corrected file" }).click(),
    ]);
    assert.equal(corrected.suggestedFilename(), "reviews-corrected.csv");
    assert.equal(await readFile(await corrected.path(), "utf8"), JSON.stringify([{ line: 2, word: null, labels: ["fresh"] }]));
    await look(page, "suspects", bothColors);
    await page.getByRole("button", { name: "Label rows" }).click();
    const asked = page.getByRole("group", { name: "Row to label" });
    await asked.getByText("on line 17").waitFor();
    await asked.focus();
    await page.keyboard.press("1");
    await asked.getByText("on line 214").waitFor();
    await page.keyboard.press("s");
    await asked.getByText("on line 803").waitFor();
    await page.keyboard.press("u");
    await asked.getByText("on line 214").waitFor();
    await page.getByLabel("Another label").fill("stale");
    await page.keyboard.press("Enter");
    await page.getByText("2 labels given, 1 rows left.").waitFor();
    await asked.getByRole("button", { name: "3 stale" }).waitFor();
    await look(page, "label-rows", bothColors);
    await page.getByRole("button", { name: "Use the corrected file" }).click();
    await page.getByText("3 changes are in the open file.").waitFor();
    await page.getByText("Advanced", { exact: true }).click();
    await look(page, "data", bothColors);

    await start(page);
    await page.getByRole("img", { name: /^Training loss fell from/ }).waitFor();
    await look(page, "running", bothColors);

    await finished(page);
    await page.getByRole("heading", { name: "Result on the test rows" }).waitFor();
    const score = page.getByRole("region", { name: "Test result" }).getByRole("cell", { name: /^0\.\d+ \(0\.\d+–0\.\d+\)$/ });
    await score.waitFor();
    await page.getByText("calibrated with temperature 1.42").waitFor();
    await page.getByLabel("or choose it for an accuracy of").fill("92");
    await page.getByLabel("or choose it for an accuracy of").blur();
    await page.getByText(/of the validation rows keep a label/).waitFor();
    assert.notEqual(await page.getByLabel("Unsure below").inputValue(), "0");
    await page.getByRole("button", { name: "5 rows of rotten, predicted fresh" }).click();
    await page.getByText("1 to 4 of 7 wrong rows, the surest mistakes first").waitFor();
    assert.equal(await page.getByLabel("True label").inputValue(), "1");
    await page.getByRole("button", { name: "More wrong rows" }).click();
    await page.getByText("21 to 24 of 27 wrong rows").waitFor();
    await page.getByLabel("Search in them").fill("triumph");
    await page.getByLabel("Search in them").blur();
    await page.getByText("1 to 1 of 4 wrong rows").waitFor();
    await page.getByText("Nearest training rows", { exact: true }).click();
    await page.getByText("rotten, line 40, cosine 0.934").waitFor();
    await page.getByRole("button", { name: "Change to fresh" }).click();
    await page.getByText("Changed to fresh.").waitFor();
    await page.getByRole("button", { name: "Show maps" }).click();
    await page.getByText(/^At step \d+, the nearest other text has the same label for 80 %/).waitFor();
    await page.getByRole("slider", { name: /^Evaluation step/ }).fill("0");
    await page.getByText(/^At before training, the nearest other text/).waitFor();
    const rowCursor = page.getByRole("slider", { name: "Row on the map “Rows by confidence and variability”" });
    await rowCursor.fill("3");
    assert.equal(await rowCursor.getAttribute("aria-valuetext"), "“Warm and funny.”, line 5, rotten, confidence 25 %, variability 0.03");
    await page.getByText("true: rotten; predicted: fresh", { exact: true }).last().waitFor();
    await look(page, "maps", bothScreens);
    await page.getByLabel("Text", { exact: true }).fill("It was not good.");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    const after = page.getByRole("table", { name: "After training" });
    await after.getByRole("row", { name: /rotten.*91/ }).waitFor();

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: /Download model/ }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "hone-reviews.zip");
    assert.equal(await readFile(await download.path(), "utf8"), "PK");
    await look(page, "finished", bothColors);
  });
});

test("the whole flow fits a narrow screen", async () => {
  await withPage(
    async (page) => {
      await withFakeWorker(page);
      await chooseFile(page);
      await page.getByText("Advanced", { exact: true }).click();
      await start(page);
      await finished(page);
      await page.getByRole("button", { name: "Pick a misclassified row" }).click();
      await page.getByRole("button", { name: /Warm and funny/ }).click();
      await page.getByRole("table", { name: "After training" }).waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(width <= 320, `${width} px wide`);
      await screenshot(page, "finished-narrow");
    },
    // A window of 1280 by 1024 at a zoom of 400 %.
    { viewport: { width: 320, height: 256 } },
  );
});

test("the whole flow works with the keyboard alone", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    // Presses Tab until the focused element has this name.
    const reach = async (name) => {
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press("Tab");
        const reached = await page.evaluate(() => {
          const { ariaLabel, labels, textContent } = document.activeElement;
          return ariaLabel ?? labels?.[0]?.textContent ?? textContent;
        });
        if (name.test(reached)) return;
      }
      assert.fail(`the keyboard does not reach ${name}`);
    };
    const press = async (name) => {
      await reach(name);
      await page.keyboard.press("Enter");
    };
    await press(/^Film reviews/);
    await page.getByText("Loaded: 6 layers").waitFor();
    await press(/^Start$/);
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await press(/^Stop and keep the best$/);
    await page.getByText("You stopped it.").waitFor();
    await press(/^5 rows of rotten/);
    await page.getByText("1 to 4 of 7 wrong rows, the surest mistakes first").waitFor();
    await reach(/^Text$/);
    await page.keyboard.type("It was not good.");
    await press(/^Predict$/);
    await page.getByRole("table", { name: "After training" }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), press(/^Download model/)]);
    assert.equal(download.suggestedFilename(), "hone-reviews.zip");
    const [script] = await Promise.all([page.waitForEvent("download"), press(/^Download the script/)]);
    assert.equal(script.suggestedFilename(), "hone-run.zip");
  });
});

test("the search for the nearest training rows shows its progress, can be stopped, and promises nothing after an error", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "reads-rows");
    await chooseFile(page);
    await start(page);
    await finished(page);
    await page.getByRole("button", { name: "Show wrong rows" }).click();
    const promise = page.getByText("Their nearest training rows appear once the tuned model has read all rows.");
    const progress = page.getByRole("progressbar", { name: "Fraction of the rows read" });
    await promise.waitFor();
    await page.waitForFunction((bar) => bar.value === 0.4, await progress.elementHandle());
    await page.getByRole("button", { name: "Stop looking for nearest rows" }).click();
    await progress.waitFor({ state: "hidden" });
    assert.equal(await promise.count(), 0);
    await page.getByRole("button", { name: "More wrong rows" }).click();
    await page.getByText("21 to 24 of 27 wrong rows").waitFor();
    assert.equal(await progress.isVisible(), false);
    const again = page.getByRole("button", { name: "Find nearest training rows" });
    await again.click();
    await page.getByText("The device failed.").waitFor();
    assert.equal(await promise.count(), 0);
    assert.equal(await progress.isVisible(), false);
    await assertAccessible(page);
    await again.click();
    await page.getByText("Nearest training rows", { exact: true }).first().click();
    await page.getByText("rotten, line 40, cosine 0.934").waitFor();
    assert.equal(await page.getByText("The device failed.").count(), 0);
    assert.equal(await again.isVisible(), false);
  });
});

test("one press trains the tuned model further on the corrected file", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await finished(page);
    await page.getByRole("button", { name: "Show wrong rows" }).click();
    const further = page.getByRole("button", { name: "Train further on the corrected file" });
    await page.getByRole("button", { name: "Change to fresh" }).first().click();
    await further.last().click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByText("1 change is in the open file.").first().waitFor({ state: "attached" });
    await finished(page);
    await page.getByRole("heading", { name: "Your models" }).waitFor();
    await page.getByText("MiniLM on reviews.csv").first().waitFor({ state: "attached" });
  });
});

test("the model can be downloaded as ONNX, with the JavaScript that runs it", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await finished(page);
    const javascript = page.getByText("Use it in JavaScript");
    await page.getByText("Use it as an encoder in Python").waitFor();
    assert.equal(await javascript.isVisible(), false);
    const format = page.getByRole("combobox", { name: "Format", exact: true });
    await format.selectOption({ label: "ONNX, for transformers.js and onnxruntime" });
    await page.getByText("which runs without Python").waitFor();
    assert.equal(await page.getByText("Use it as an encoder in Python").isVisible(), false);
    await javascript.waitFor();
    await page.getByText('const pipe = await pipeline("text-classification", "./my-model");').waitFor();
    await page.getByRole("button", { name: /^Download model \(zip, \d/ }).waitFor();
    const weights = page.getByRole("combobox", { name: "Weights", exact: true });
    assert.deepEqual(await weights.locator("option").allTextContents(), [
      "32 bits (float32), as trained",
      "16 bits (float16), half the size",
      "8 bits (int8), a quarter of the size",
    ]);
    await weights.selectOption({ index: 2 });
    await page.getByText("the inputs of each layer are rounded too").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: /^Download model \(zip, about / }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "hone-reviews-onnx.zip");
    await page.getByText("Its rounded weights score").waitFor();
    await assertAccessible(page);
    await screenshot(page, "onnx");
  });
});

test("a table can be pasted, into the page or into its box", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", "text,label\na,b\n");
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    });
    await page.getByText("pasted table", { exact: true }).waitFor();

    await withFakeWorker(page);
    await page.getByText("Paste a table instead").click();
    await page.getByLabel(/^Rows of text and label/).fill("text,label\na,b\n");
    await page.getByRole("button", { name: "Use this table" }).click();
    await page.getByText("pasted table", { exact: true }).waitFor();
  });
});

test("a run can be paused and resumed, and its recipe saved and opened again", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await openGroups(page, "Stopping", "Regularization");
    await page.getByLabel("Epochs").fill("200");
    await page.getByLabel("Epochs").blur();
    await page.getByText("This must be a whole number from 1 to 100.").waitFor();
    assert(await page.getByRole("button", { name: "Start" }).isDisabled());
    const recipe = {
      epochs: 5,
      dropout: 0.25,
      lr_per_group: { head: 0.01, "layer.5": 0.001 },
      class_weights: { given: { fresh: 2 } },
      unfreeze_order: [["head"], ["layer.5", "layer.4"]],
    };
    const file = fileOf("recipe.json", JSON.stringify(recipe), "application/json");
    await page.getByLabel("Open a recipe").setInputFiles(file);
    await page.waitForFunction(() => document.querySelector("#epochs").value === "5");
    assert.equal(await page.getByLabel("Dropout", { exact: true }).inputValue(), "25");

    const strange = fileOf("recipe.json", '{"epoch": 5}', "application/json");
    await page.getByLabel("Open a recipe").setInputFiles(strange);
    await page.getByText("This file is not a recipe that can be run").waitFor();

    await start(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).click();
    await finished(page);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the recipe" }).last().click(),
    ]);
    const saved = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.deepEqual({ ...saved, ...recipe }, saved);
    assert.equal(saved.learning_rate, 1e-4);
    const { columns, mapping } = saved.data;
    assert.equal(columns[mapping.classification.label], "label");
  });
});
