// The user's path through every task, from the file to the answer, with a scripted worker.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseFile, chooseTask, finished, openGroups, start, withFakeWorker } from "./fake.mjs";
import { assertAccessible, bothScreens, look, withPage } from "./harness.mjs";

/** How the rows are read, from the recipe that the page saves. */
async function savedData(page) {
  await page.getByText("Advanced", { exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save the recipe" }).click(),
  ]);
  return JSON.parse(await readFile(await download.path(), "utf8")).data;
}

/** Visits the page, and looks at what that has led to on both screens. */
async function visited(name, visit) {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await visit(page);
    await look(page, `task-${name}`, bothScreens);
  });
}

async function train(page) {
  await start(page);
  await finished(page);
}

test("several labels: thresholds next to the scores, and each label of a text marked", async () => {
  await visited("labels", async (page) => {
    await chooseTask(page, "films.csv");
    await page.getByText("0.85 labels per row on average").waitFor();
    assert.equal(await page.getByLabel(/^Task/).inputValue(), "0");
    await page.getByLabel("sad", { exact: true }).uncheck();
    await page.getByLabel("sad", { exact: true }).check();
    await openGroups(page, "Stopping", "Regularization");
    await page.getByLabel("Metric for best model").selectOption("accuracy");
    assert.equal(await page.getByLabel("Focal loss gamma").count(), 0);
    await train(page);
    await page.getByRole("row", { name: /^sad 0\.740 0\.740 0\.740 41 31/ }).waitFor();
    await page.getByLabel("Text", { exact: true }).fill("So quiet.");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.getByRole("row", { name: /^sad 88.% ✓/ }).waitFor();
    assert.equal(await page.getByRole("row", { name: /^funny 12.% ✓/ }).count(), 0);
  });
});

test("plain tags: words next to the most frequent tag, with a confusion matrix that opens texts", async () => {
  await visited("speech", async (page) => {
    await chooseTask(page, "speech.conll");
    await train(page);
    await page.getByRole("row", { name: /^Tuned model 0\.910 0\.890/ }).waitFor();
    await page.getByRole("row", { name: /^Always predicting “NOUN” 0\.650 0\.394/ }).waitFor();
    await page.getByText("Select a number to read texts with such words.").waitFor();
    await page.getByRole("button", { name: "38 words of VERB, predicted NOUN" }).click();
    await page.getByText("1 to 4 of 7 wrong rows, the surest mistakes first").waitFor();
  });
});

test("embeddings: scores next to those before training, and a search of the user's own texts", async () => {
  await visited("embeddings", async (page) => {
    await chooseTask(page, "meanings.csv");
    await page.getByLabel("Negative column").waitFor();
    await openGroups(page, "Regularization");
    assert.equal(await page.getByLabel("Head dropout").count(), 0);
    await page.getByLabel("Sizes of the vectors").selectOption({ index: 1 });
    await train(page);
    await page.getByRole("row", { name: /^Tuned model 0\.810 0\.770 0\.680 0\.930/ }).waitFor();
    await page.getByRole("row", { name: /^First \d+ numbers 0\.800 0\.760 0\.670 0\.920/ }).waitFor();
    await page.getByRole("row", { name: /^Before training 0\.620 0\.570/ }).waitFor();
    await page.getByLabel("Search for").fill("move fast");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByRole("listitem").filter({ hasText: /The pond mirrors the sky\.\s*0\.812/ }).first().waitFor();
    await page.getByLabel(/^Texts to search/).fill("She runs every day.\n\nA cat sleeps.");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByRole("listitem").filter({ hasText: /She runs every day\.\s*0\.812/ }).first().waitFor();
  });
});

test("rerankers: scores next to those before training, and the user's own passages in the order of their scores", async () => {
  await visited("reranker", async (page) => {
    await chooseTask(page, "passages.csv");
    await page.getByLabel("Passage column").waitFor();
    await train(page);
    await page.getByRole("row", { name: /^Tuned model 0\.860 0\.820 0\.790/ }).waitFor();
    await page.getByRole("row", { name: /^Before training 0\.610 0\.550 0\.480/ }).waitFor();
    const rank = page.getByRole("button", { name: "Predict", exact: true });
    await page.getByLabel("Query", { exact: true }).fill("how to run fast");
    assert(await rank.isDisabled(), "there is no passage");
    await page.getByLabel(/^Passages, one/).fill("Lean forward.\n\nThe pond mirrors the sky.");
    await rank.click();
    const first = (column) => page.locator(`.${column}`).getByRole("listitem").first();
    await first("after").filter({ hasText: /Lean forward\.\s*0\.912/ }).waitFor();
    await first("before").filter({ hasText: /The pond mirrors the sky\.\s*0\.912/ }).waitFor();
  });
});

test("a number for a pair: next to a baseline, as a scatter plot, and for the user's own pair", async () => {
  await visited("numbers", async (page) => {
    await chooseTask(page, "pairs.tsv");
    await page.getByText("From 0 to 5, 2.61 on average").waitFor();
    await page.getByLabel("Second text column").selectOption("none");
    await page.getByLabel("Second text column").selectOption("sentence2");
    await train(page);
    await page.getByRole("row", { name: /^Tuned model 0\.710/ }).waitFor();
    await page.getByRole("row", { name: /^Always predicting “2\.61” 1\.520 1\.300 – –/ }).waitFor();
    await page.getByRole("img", { name: /^60 predictions over the true numbers/ }).waitFor();
    await page.getByLabel("First text").fill("It rains.");
    assert(await page.getByRole("button", { name: "Predict", exact: true }).isDisabled());
    await page.getByLabel("Second text", { exact: true }).fill("It pours.");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.getByText("4.62").waitFor();
  });
});

test("entities: repairs are reported, and entities are highlighted in the text", async () => {
  await visited("entities", async (page) => {
    await chooseTask(page, "people.conll");
    await page.getByText("12 tags were repaired").waitFor();
    await page.getByText("1 span skipped").click();
    await page.getByText("Line 7: the span overlaps another one").waitFor();
    await train(page);
    await page.getByRole("row", { name: /^LOC 0\.890 0\.890 0\.890 39/ }).waitFor();
    await page.getByLabel("Text", { exact: true }).fill("She moved to Rome.");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.locator("mark", { hasText: "Rome" }).waitFor();
    await page.getByText("No entities found.").waitFor();
  });
});

test("answers: the most likely span is highlighted in the passage, and the others are listed", async () => {
  await visited("answers", async (page) => {
    await chooseTask(page, "questions.json");
    await page.getByText("9 answers were located").waitFor();
    await openGroups(page, "Batch and length");
    await page.getByLabel("Window overlap").waitFor();
    assert.equal(await page.getByLabel("Pooling", { exact: true }).count(), 0);
    await train(page);
    await page.getByText("118 questions with an answer, 6 without.").waitFor();
    await page.getByLabel("Passage", { exact: true }).fill("Anna wrote the letter in Rome.");
    await page.getByLabel("Question", { exact: true }).fill("Who wrote it?");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.getByText("The passage does not answer this.").waitFor();
    await page.getByRole("row", { name: /^Anna wrote 10/ }).waitFor();
  });
});

test("generation: two files become prompts, a decoder is chosen, and both models generate side by side", async () => {
  await visited("texts", async (page) => {
    await chooseTask(page, "corpus.fra", "corpus.eng");
    await page.getByText(/English\.\s+Il fait beau/).waitFor();
    await page.getByLabel("Prompt", { exact: true }).first().fill("English for {nothing}");
    await page.getByText("The prompt contains an unknown column").waitFor();
    await page.getByLabel("Prompt", { exact: true }).first().fill("In English: {fra}\n");
    await page.getByText("In English: Il fait beau.").waitFor();
    await page.getByText("This task generates text and needs a decoder; this model is an encoder.").first().waitFor();
    assert(await page.getByRole("radio", { name: /^SmolLM2/ }).isChecked());
    assert(await page.getByRole("radio", { name: /^MiniLM/ }).isDisabled());
    await page.getByText("Waiting for the model. Load it above.").waitFor();
    await page.getByRole("button", { name: "Load model, 98" }).click();
    assert(await page.getByRole("radio", { name: /^Adapter/ }).isChecked());
    await train(page);
    await page.getByRole("row", { name: /^Tuned model 3\.4 31\.2 52\.7 0\.210/ }).waitFor();
    await page.getByText("Thank you.").last().waitFor();
    await page.getByText("22.4 before and 24.1 after").waitFor();
    await page.locator("summary", { hasText: "Sampling parameters" }).click();
    await page.getByLabel("Temperature").fill("9");
    await page.getByLabel("Temperature").blur();
    await page.getByText("This must be a number from 0 to 5.").waitFor();
    await page.getByLabel("Temperature").fill("0.7");
    await page.getByLabel("Temperature").blur();
    await page.getByLabel("Prompt", { exact: true }).last().fill("In English: Merci.");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.getByRole("button", { name: "Stop generating" }).click();
    await page.getByText("Generation has ended.").waitFor();
    await page.getByText("The weather").first().waitFor();
    await page.getByRole("combobox", { name: "Format", exact: true }).selectOption({ label: "GGUF, for llama.cpp and Ollama" });
    const weights = page.getByRole("combobox", { name: "Weights", exact: true });
    assert.deepEqual(await weights.locator("option").allTextContents(), [
      "16 bits (float16), half the size",
      "8 bits (int8), a quarter of the size",
      "4 bits (int4), an eighth of the size",
    ]);
    await page.getByText("llama-cli -m model.gguf").waitFor();
    assert.equal(await page.getByText("Use it in Python").isVisible(), false);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: /^Download merged model \(zip, \d/ }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "hone-reviews-gguf.zip");
  });
});

test("two files that do not belong together are refused with the reason", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "unequal-lines");
    await page
      .getByLabel("Choose a file")
      .setInputFiles(["a.fra", "a.eng"].map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from("x") })));
    await page.getByText("line 3 has no counterpart").waitFor();
  });
});

test("a task that the file does not seem to fit can be chosen, and its columns set by hand", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    const task = page.getByLabel(/^Task/);
    const entities = { label: "Find entities: needs a column of tags, one for each word" };
    await task.selectOption(entities);
    await page.getByText("Line 2: 3 words and 1 tag.").waitFor();
    await page.getByText("This task needs a column of tags, one for each word.", { exact: true }).waitFor();
    await assertAccessible(page);
    // Nothing is lost: another column, or another task, can be chosen at once.
    await page.getByLabel("Tags column").selectOption("2");
    await page.getByText("1,237 rows can be used.").waitFor();
    await page.getByRole("columnheader", { name: /alert.*tags/ }).waitFor();
    await task.selectOption({ label: "Classify texts: one label each" });
    await page.getByLabel("Label column").waitFor();
    await task.selectOption(entities);
    assert.equal(await page.getByLabel("Tags column").inputValue(), "2", "the column that was set");
    await task.selectOption({ label: "Tag texts: needs a column that lists labels" });
    assert(await page.getByLabel("label", { exact: true }).isChecked());
    await page.getByLabel("<script>alert(1)</script>", { exact: true }).check();
    await page.locator("summary", { hasText: "in the program" }).click();
    await page.getByText(/^hone train recipe.json --data .* --out tuned$/).waitFor();
    const { columns, mapping } = await savedData(page);
    assert.deepEqual(columns, ["text", "label", "<script>alert(1)</script>"]);
    assert.deepEqual(mapping, { multi_label: { text: 0, pair: null, labels: [1, 2] } });
  });
});

test("header, delimiter and quotes can be set, and a setting that does not fit is taken back", async () => {
  await visited("reading", async (page) => {
    await chooseFile(page);
    await page.getByText("Change how it is read", { exact: true }).click();
    await page.getByLabel(/^Header/).selectOption({ label: "no: the first line is a row" });
    await page.getByRole("columnheader", { name: "column 2" }).waitFor();
    await page.getByText(/no header/).waitFor();
    await page.getByLabel(/^Delimiter/).selectOption({ label: "semicolon ;" });
    await page.getByText(/semicolon-separated/).waitFor();
    await page.getByLabel(/^Quotes/).selectOption({ label: "none: a quote is part of the text" });
    await page.getByText(/quotes are part of the text/).first().waitFor();
    await page.getByLabel(/^Delimiter/).selectOption({ label: "vertical bar |" });
    await page.getByText("Most lines have no “|” between cells.").waitFor();
    await page.getByText("It is still read the way it was before.").waitFor();
    await page.getByText(/semicolon-separated/).waitFor();
    assert.equal(await page.getByLabel(/^Delimiter/).inputValue(), "semicolon");
    await page.locator("summary", { hasText: "in the program" }).click();
    await page.getByText("hone train recipe.json --data reviews.csv --out tuned", { exact: true }).waitFor();
    const { hints } = await savedData(page);
    assert.deepEqual([hints.delimiter, hints.has_header, hints.quoting], [{ character: ";" }, false, "never"]);
    await page.getByRole("button", { name: "Detect everything again" }).click();
    await page.getByText(/comma-separated · first line is a header/).waitFor();
    assert(await page.getByRole("button", { name: "Detect everything again" }).isHidden());
    await page.getByText("1,237 rows can be used.").waitFor();
  });
});
