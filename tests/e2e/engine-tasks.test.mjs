// Every task with the real engine, on micro models that train in seconds: from a file to answers and a download.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileOf, out, screenshot, withPage } from "./harness.mjs";
import { microDecoder, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn, events, listen } from "./real.mjs";

const jsonl = (name, rows) => fileOf(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(""), "text/plain");

/** Reproducible pseudo-random numbers. */
function dice() {
  let state = 7;
  return (n) => (state = (state * 48271) % 2147483647) % n;
}

/** Rows of meaningless words, with w5 or w6 at a varying position. */
function sentences(count) {
  const draw = dice();
  return Array.from({ length: count }, (_, i) => {
    const words = Array.from({ length: 4 + draw(4) }, () => `w${10 + draw(30)}`);
    const at = draw(words.length);
    words[at] = i % 2 ? "w6" : "w5";
    return { words, at, isSix: i % 2 === 1 };
  });
}

const alike = /^At step \d+, the nearest other text is of the same kind for \d+\s% of these texts/;
const vectors = /^The vectors at step \d+\.$/;
const corner = /(rows are|row is) in the hard corner/;

/** The training data of each task, the evidence that the model has learned, and what its maps say. */
const tasks = {
  multi_label: {
    file: fileOf(
      "labels.csv",
      ["text,five,six", ...sentences(96).map(({ words, isSix }) => `${words.join(" ")},${isSix ? 0 : 1},${isSix ? 1 : 0}`)].join("\n"),
    ),
    suspects: /label.* of 96 rows .* wrong\. The heads agree with/,
    score: ["micro_f1", 0.9],
    maps: [alike, corner],
    async ask(page) {
      await page.getByLabel("Text", { exact: true }).fill("w10 w5 w12 w13");
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await page.getByRole("row", { name: /^five 9.* ✓/ }).waitFor();
    },
    /** Input of the check in Python. */
    expected: (texts, answers, max_length) => ({ texts, max_length, probabilities: answers.map(({ labels }) => labels.probabilities) }),
    texts: ["w10 w5 w12 w13"],
  },
  regression: {
    file: fileOf(
      "numbers.csv",
      ["text,score", ...sentences(96).map(({ words, isSix }) => `${words.join(" ")},${isSix ? 1.5 : -0.5}`)].join("\n"),
    ),
    score: ["pearson", 0.9],
    maps: [alike],
    async ask(page) {
      await page.getByLabel("Text", { exact: true }).fill("w10 w6 w12 w13");
      await page.getByRole("button", { name: "Predict", exact: true }).click();
    },
    expected: (texts, answers, max_length) => ({ texts, max_length, probabilities: answers.map(({ number }) => [number.value]) }),
    texts: ["w10 w6 w12 w13"],
  },
  token_classification: {
    file: jsonl(
      "entities.jsonl",
      sentences(96).map(({ words, isSix }) => ({
        tokens: words,
        tags: words.map((word) => (/^w[56]$/.test(word) ? `B-${isSix ? "SIX" : "FIVE"}` : "O")),
      })),
    ),
    suspects: /tags? of \d+ words in 96 rows .* wrong\. The heads agree with/,
    score: ["f1", 0.9],
    maps: [corner],
    async ask(page) {
      await page.getByLabel("Text", { exact: true }).fill("w10 w6 w12 w13");
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await page.locator("mark", { hasText: "w6" }).first().waitFor();
    },
  },
  question_answering: {
    file: jsonl(
      "questions.jsonl",
      sentences(120).map(({ words, at, isSix }, i) => ({
        question: `w${50 + (i % 20)} w7`,
        context: `${words.join(" ")} w${40 + (i % 9)}`,
        answer: isSix ? "w6" : "w5",
        start: words.slice(0, at).join(" ").length + (at ? 1 : 0),
      })),
    ),
    score: ["f1", 0.9],
    // Questions are of two kinds if some of them are answered wrongly.
    maps: ({ exact_match }) => [exact_match < 1 ? alike : vectors, corner],
    async ask(page) {
      await page.getByLabel("Passage", { exact: true }).fill("w10 w11 w5 w13");
      await page.getByLabel("Question", { exact: true }).fill("w50 w7");
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await page.locator("mark", { hasText: "w5" }).first().waitFor();
    },
  },
  embeddings: {
    file: fileOf(
      "pairs.csv",
      ["anchor,positive", ...sentences(96).map(({ words, isSix }, i) => `${words.join(" ")},${isSix ? "w61" : "w51"} w${10 + (i % 30)} w${10 + ((7 * i) % 29)}`)].join("\n"),
    ),
    score: ["mrr_at_10", 0.4],
    maps: [vectors],
    wrong: /^1 to \d+ of \d+ wrong rows?, the surest mistakes first/,
    async ask(page) {
      await page.getByLabel("Search for").fill("w10 w6 w12");
      await page.getByLabel(/^Texts to search/).fill("w51 w20\nw61 w20\nw51 w21");
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.locator(".after").getByRole("listitem").first().filter({ hasText: "w61 w20" }).waitFor();
    },
  },
  reranking: {
    // Of the two passages of each query, the one with w6 fits.
    file: fileOf(
      "passages.csv",
      ["query,passage,label", ...sentences(96).map(({ words, isSix }, i) => `w${40 + (i >> 1)} w7,${words.join(" ")},${isSix ? 1 : 0}`)].join("\n"),
    ),
    score: ["mrr_at_10", 0.9],
    maps: [alike, corner],
    async ask(page) {
      await page.getByLabel("Query", { exact: true }).fill("w41 w7");
      await page.getByLabel(/^Passages, one/).fill("w10 w5 w13\nw10 w6 w13\nw5 w12 w13");
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await page.locator(".after").getByRole("listitem").first().filter({ hasText: "w10 w6 w13" }).waitFor();
    },
  },
  generation: {
    model: { family: "llama", model: microDecoder },
    file: jsonl(
      "prompts.jsonl",
      sentences(96).map(({ words, isSix }) => ({ prompt: `${words.slice(0, 3).join(" ")} ${isSix ? "w6" : "w5"} `, completion: isSix ? "w61 w62" : "w51 w52" })),
    ),
    recipe: { generated_rows: 8, max_new_tokens: 4 },
    score: ["exact_match", 0.9],
    maps: [/^Confidence goes from \d+\s% to \d+\s%\. The rows with the lowest are listed/],
    async ask(page) {
      await page.getByLabel("Prompt", { exact: true }).last().fill("w10 w11 w6 ");
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await page.getByText("w61 w62").last().waitFor();
    },
  },
};

for (const [name, task] of Object.entries(tasks)) {
  test(`the real engine learns a task of a micro model, answers and exports: ${name}`, async () => {
    await withPage(async (page) => {
      page.setDefaultTimeout(2 * MINUTE);
      await listen(page);
      await withMicroModel(page, undefined, task.model);
      await computeOn(page, "CPU");
      await page.getByLabel("Choose a file").setInputFiles(task.file);
      await page.getByText(/(96|120) rows can be used/).waitFor();
      const load = page.getByRole("button", { name: /^Load model/ });
      await page.getByText("Loaded: 2 layers").or(load).first().waitFor();
      if (await load.isVisible()) await load.click();
      await page.getByText("Loaded: 2 layers").waitFor();
      if (task.suspects) {
        await page.getByRole("button", { name: "Find suspected labels" }).click();
        await page.getByText(task.suspects).waitFor();
      }
      await page.getByText("Advanced", { exact: true }).click();
      const recipe = { task: name, epochs: 12, batch_size: 12, learning_rate: 0.01, eval_every_epochs: 4, dropout: 0, ...task.recipe };
      const file = fileOf("recipe.json", JSON.stringify(recipe), "application/json");
      await page.getByLabel("Open a recipe").setInputFiles(file);
      // A run that started before the page has read the file would have the recipe of before.
      await page.locator("summary").filter({ hasText: /(?<!\d)12 epochs\b/ }).waitFor();
      await page.getByRole("button", { name: /^Start/ }).click();
      await page.waitForFunction(() => globalThis.events.some(({ kind }) => kind === "finished" || kind === "run_failed"));
      assert.deepEqual(await events(page, "run_failed"), []);
      const [{ summary }] = await events(page, "finished");
      const [score, least] = task.score;
      console.log(`${name}: ${JSON.stringify(summary.best.scores)}`);
      assert(summary.best.scores[score] >= least, `${score} ${summary.best.scores[score]}`);

      await page.getByRole("button", { name: "Show maps" }).click();
      const maps = typeof task.maps === "function" ? task.maps(summary.best.scores) : task.maps;
      for (const words of maps) await page.getByText(words).waitFor();
      if (task.wrong) {
        await page.getByRole("button", { name: "Show wrong rows" }).click();
        await page.getByText(task.wrong).waitFor();
        await page.getByText(/the right answer is on rank \d+, with \d\.\d+/).first().waitFor();
      }
      await screenshot(page, `task-${name}-maps`);
      await task.ask(page);
      await page.waitForFunction(() => globalThis.events.some(({ kind }) => kind === "predicted"));
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: /Download model/ }).click(),
      ]);
      await download.saveAs(join(out, `task-${name}.zip`));
      if (task.expected) {
        const [{ plan }] = await events(page, "started");
        const answers = (await events(page, "predicted")).map(({ tuned }) => tuned);
        await writeFile(join(out, `task-${name}.json`), JSON.stringify(task.expected(task.texts, answers, plan.max_length)));
      }
    });
  });
}

test("the real engine reads a table as the user says, and refuses columns that do not fit by their row", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(2 * MINUTE);
    await withMicroModel(page);
    await computeOn(page, "CPU");
    const label = ({ isSix }, i) => (i % 8 ? (isSix ? "six" : "five") : "five, six");
    const lines = sentences(96).map((row, i) => `'${row.words.join(" ")}'^${label(row, i)}`);
    await page.getByLabel("Choose a file").setInputFiles(fileOf("odd.txt", ["text^labels", ...lines].join("\n"), "text/plain"));
    await page.getByText("plain text, one line per row").waitFor();
    await page.getByText("Change how it is read", { exact: true }).click();
    await page.getByLabel(/^Delimiter/).selectOption({ label: "caret ^" });
    await page.getByText("separated by “^”").waitFor();
    await page.getByLabel(/^Quotes/).selectOption("single");
    await page.getByRole("cell", { name: sentences(1)[0].words.join(" "), exact: true }).waitFor();

    // One cell in eight lists both labels.
    const task = page.getByLabel(/^Task/);
    assert.equal(await task.evaluate(({ selectedOptions }) => selectedOptions[0].text), "Tag texts: any number of labels each");
    await page.getByText(/labels per row on average, at most 2/).waitFor();
    await task.selectOption({ label: "Find entities: needs a column of tags, one for each word" });
    await page.getByText(/Line 2: \d words and 2 tags/).waitFor();
    await page.getByLabel(/^Delimiter/).selectOption({ label: "semicolon ;" });
    await page.getByText("Most lines have no “;” between cells.").waitFor();
    await task.selectOption({ label: "Classify texts: one label each" });
    await page.getByText("96 rows can be used.").waitFor();
  });
});

test("the real engine unpacks files, and reads the sheet that the user chooses", async () => {
  const file = (name) => fileURLToPath(new URL(`../golden/data_files/${name}`, import.meta.url));
  await withPage(async (page) => {
    page.setDefaultTimeout(2 * MINUTE);
    for (const [name, facts] of [
      ["table.csv.gz", "unpacked from gzip"],
      ["table.jsonl.zst", "unpacked from Zstandard"],
      ["table.ods", "spreadsheet · first line is a header"],
    ]) {
      await page.getByLabel("Choose a file").setInputFiles(file(name));
      await page.getByText(facts).waitFor();
      await page.getByText("36 rows can be used.").waitFor();
    }
    await page.getByLabel("Choose a file").setInputFiles(file("odd.xlsx"));
    await page.getByRole("cell", { name: "2024-03-05 14:30:00" }).waitFor();
    await page.getByText("1 cell is an error of a formula (first: C21, #N/A).").waitFor();
    await screenshot(page, "spreadsheet");
    const sheet = page.getByLabel(/^Sheet/);
    assert.deepEqual(await sheet.locator("option").allTextContents(), ["Empty", "Odd cells", "Other", "Hidden"]);
    await sheet.selectOption("Empty");
    await page.getByText("Sheet \"Empty\" is empty.").waitFor();
    await page.waitForFunction(() => document.querySelector(".part select").value === "Odd cells");
    await page.getByLabel("Choose a file").setInputFiles(file("tables.zip"));
    await page.getByText("18 rows for training, 18 for validation.").waitFor();
    await page.getByLabel(/^File in the archive/).first().selectOption("archive/packed.csv.gz");
    await page.getByText("36 rows can be used.").waitFor();
    const rows = (from, to) => ["text,label", ...Array.from({ length: to - from }, (_, i) => `text ${from + i},${i % 2}`)].join("\n");
    const together = { "train-1.csv": rows(0, 14), "train-0.csv": rows(14, 24), "test.csv": rows(24, 30) };
    await page.getByLabel("Choose a file").setInputFiles(Object.entries(together).map(([name, text]) => fileOf(name, text)));
    await page.getByText("24 rows for training, 6 for validation.").waitFor();
    await page.getByText(/has 2 files: "train-0\.csv", "train-1\.csv"\./).first().waitFor();
    await page.getByLabel("Choose a file").setInputFiles(file("folders.tar.gz"));
    await page.getByText("10 rows for training, 8 for validation.").waitFor();
    await page.getByText("1 text in folders without a class").waitFor();
    await screenshot(page, "folders");
    const folder = join(out, "moods");
    for (const [nth, label] of ["neg", "pos", "neg", "pos", "neg", "pos"].entries()) {
      await mkdir(join(folder, label), { recursive: true });
      await writeFile(join(folder, label, `${nth}.txt`), `A text, ${label}, number ${nth}.\n`);
    }
    await page.getByLabel("Open a folder").setInputFiles(folder);
    await page.getByText("6 rows can be used.").waitFor();
    await page.getByText("moods", { exact: true }).waitFor();
    assert.equal(await page.getByText("Validation file:").count(), 0, "the archive was its own validation file");
    await page.getByLabel("Choose a file").setInputFiles(file("odd.xlsx"));
    await sheet.selectOption("Hidden");
    await page.getByRole("cell", { name: "hidden" }).first().waitFor();
  });
});
