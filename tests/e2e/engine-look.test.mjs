// What a technique does and what is wrong with the data, on the real engine with a micro model, on the CPU: what the page
// shows is computed here, and not scripted.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { finished, openGroups, start } from "./fake.mjs";
import { address, bothScreens, fileOf, look, withPage } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { MINUTE, computeOn, fill, knowGpu, listen } from "./real.mjs";

/** The micro model, and rows of which every tenth has the other label, two have the same text, one is unlike all others, and eight have no label. */
async function withWrongLabels(page) {
  page.setDefaultTimeout(3 * MINUTE);
  await listen(page);
  await knowGpu(page);
  await withMicroModel(page);
  await computeOn(page, "CPU");
  const [header, ...lines] = microTexts(248).buffer.toString().trimEnd().split("\n");
  const other = (line) => (line.endsWith("five") ? line.replace(/five$/, "six") : line.replace(/six$/, "five"));
  const rows = lines.map((line, row) => (row >= 240 ? line.replace(/(five|six)$/, "") : row % 10 ? line : other(line)));
  rows[238] = other(rows[3]);
  rows[101] = `${"w49 ".repeat(40).trim()},${rows[101].split(",")[1]}`;
  await page.getByLabel("Choose a file").setInputFiles(fileOf("micro.csv", [header, ...rows, ""].join("\n")));
  await page.getByText("Loaded: 2 layers").waitFor();
  return rows;
}

test("wrong labels are found, mended and taken away in the file, and rows without a label are labeled", async () => {
  await withPage(async (page) => {
    const rows = await withWrongLabels(page);
    await page.getByRole("button", { name: "Find suspected labels" }).click();
    const suspects = page.getByRole("region", { name: "Suspected labels" });
    await page.getByText(/^\d+ labels? of 240 rows may be wrong\. The heads agree with \d+\s% of all labels\./).waitFor();
    await page.getByText(/^\d+ groups? of texts that are nearly the same .* with different labels/).waitFor();
    const groups = page.getByRole("region", { name: "Duplicates and outliers" });
    await groups.getByText(/^Unlike all others: \d/).first().waitFor();
    await suspects.getByRole("button", { name: "Drop the row" }).first().click();
    await page.getByText("1 change, not in the open file yet.").waitFor();
    await suspects.getByRole("button", { name: "Undo" }).first().click();
    await page.getByText("1 change, not in the open file yet.").waitFor({ state: "hidden" });
    await suspects.getByRole("button", { name: /^Change to (five|six)$/ }).first().click();
    await page.getByText("1 change, not in the open file yet. Opening another file drops them.").waitFor();

    await page.getByRole("button", { name: "Label rows" }).click();
    const asked = page.getByRole("group", { name: "Row to label" });
    await asked.getByText(/^w\d+ /).waitFor();
    await asked.focus();
    for (const given of [1, 2, 3]) {
      await page.keyboard.press("1");
      await page.getByText(`${given} label${given > 1 ? "s" : ""} given`).waitFor();
    }
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the corrected file" }).click(),
    ]);
    const corrected = (await readFile(await download.path(), "utf8")).trimEnd().split("\n").slice(1);
    const changed = corrected.filter((line, row) => line !== rows[row]);
    assert.equal(changed.length, 4);
    assert.equal(corrected.filter((line) => line.endsWith(",")).length, 5);
    await page.getByRole("button", { name: "Use the corrected file" }).click();
    await page.getByText("4 changes are in the open file.").waitFor();
    await page.getByText("243 rows can be used.").waitFor();
  });
});

test("a run shows its rows, layers and pinned texts, and studies and three rates train and compare", async () => {
  await withPage(async (page) => {
    await withWrongLabels(page);
    await page.locator("summary", { hasText: "Pinned texts" }).click();
    await page.getByLabel("Text to pin").fill("w5 w30 w40");
    await page.getByRole("button", { name: "Pin", exact: true }).click();
    await openGroups(page, "Learning rate", "Stopping");
    await fill(page, "Peak learning rate", "0.005");
    await fill(page, "Epochs", "4");
    await start(page);
    await finished(page);

    await page.getByText(/^“w5 w30 w40”: /).waitFor();
    await page.getByRole("region", { name: "Layers over time" }).getByRole("row", { name: /^head / }).waitFor();
    await page.getByRole("slider", { name: "Patience" }).press("Home");
    await page.getByText(/^Without early stopping, the run (does all its steps|would have gone on)/).first().waitFor();
    await page.getByRole("button", { name: "Show wrong rows" }).click();
    await page.getByText(/^1 to \d+ of \d+ wrong rows?, the surest mistakes first/).waitFor();
    await page.getByText("Nearest training rows", { exact: true }).first().click();
    await page.getByText(/^(five|six), line \d+, cosine \d\.\d+$/).first().waitFor();
    await page.getByRole("button", { name: "Show maps" }).click();
    await page.getByText(/^At step \d+, the nearest other text has the same label for \d+\s% of these texts/).waitFor();
    await page.getByText(/(rows are|row is) in the hard corner/).waitFor();

    await page.getByRole("button", { name: "Find a learning rate" }).click();
    await page.getByRole("button", { name: "Try three rates" }).click();
    await page.getByText(/: loss from \d.*24 steps say whether a rate learns/).first().waitFor();
    await page.getByRole("button", { name: /^See what it does ?: Schedule$/ }).click();
    await page.getByRole("button", { name: "Run both" }).click();
    const study = page.getByRole("region", { name: /^See what it does/ });
    await study.getByText(/^Best validation accuracy: /).waitFor();
    await study.getByRole("button", { name: "Close" }).click();
    await page.getByText("Overfit on purpose", { exact: true }).click();
    await page.getByRole("button", { name: "See what happens" }).click();
    await page.getByRole("button", { name: "Run all" }).click();
    await study.getByText(/^Without a remedy, validation loss /).waitFor();
    await study.getByText(/^Best validation accuracy: .*early stopping/).waitFor();
    await look(page, "study", bothScreens);
  });
});

test("one press keeps the tuned model and trains it further on the corrected rows", async () => {
  await withPage(async (page) => {
    await withWrongLabels(page);
    await start(page);
    await finished(page);
    await page.getByRole("button", { name: "Show wrong rows" }).click();
    await page.getByText(/^1 to \d+ of \d+ wrong rows?, the surest mistakes first/).waitFor();
    await page.getByRole("button", { name: "Drop the row" }).last().click();
    await page.getByRole("button", { name: "Train further on the corrected file" }).last().click();
    const status = page.getByText(/^(Keeping the tuned model|Opening the corrected file|Loading the tuned model)…$/);
    await status.last().waitFor();
    await status.last().waitFor({ state: "hidden" });
    await finished(page);
    await page.getByText("1 change is in the open file.").first().waitFor({ state: "attached" });
    await page.getByText(/^Loaded: 2 layers/).waitFor({ state: "attached" });
    assert.equal(await page.getByRole("button", { name: /^Try Micro on / }).count(), 1);
  });
});

test("every lesson runs, and compares its outcome with the prediction", async () => {
  await withPage(async (page) => {
    page.setDefaultTimeout(3 * MINUTE);
    await knowGpu(page);
    await withMicroModel(page);
    await computeOn(page, "CPU");
    const lessons = await (await fetch(new URL("lessons/index.json", address))).json();
    for (const { id, title } of lessons) {
      await page.goto(`${address}#lesson=${id}`);
      const lesson = page.getByRole("region", { name: title });
      await lesson.getByRole("radio").last().check();
      await lesson.getByRole("button", { name: "Run it" }).click();
      await lesson.getByText(/^(As you|You) predicted: /).waitFor();
      assert.doesNotMatch(await lesson.innerText(), /\{\d|NaN|undefined/);
      await lesson.getByRole("button", { name: "Close the lesson" }).click();
      await lesson.waitFor({ state: "hidden" });
    }
  });
});
