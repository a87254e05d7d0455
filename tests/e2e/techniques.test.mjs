// The user's view of the fine-tuning techniques, with a fake worker.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseFile, finished, group, openGroups, start, withFakeWorker } from "./fake.mjs";
import { assertAccessible, bothColors, bothScreens, look, screenshot, withPage } from "./harness.mjs";

test("a preset fills the recipe, is marked as changed, and can be restored", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await page.getByText(/about 2.min · 410.MB/).waitFor();
    await page.getByRole("radio", { name: /^Balanced/ }).check();
    await openGroups(page, "Unfreezing", "Stopping", "Learning rate");
    await page.getByRole("img", { name: /Learning rate over \d+ steps, at most 2e-4/ }).first().waitFor();
    const schedule = page.getByLabel("Schedule", { exact: true });
    const proposed = await schedule.inputValue();
    await schedule.selectOption("Cosine");
    await schedule.selectOption(proposed);
    await schedule.selectOption("Cosine");
    const grid = page.getByRole("region", { name: "Unfreezing schedule" });
    await grid.getByRole("row", { name: /^layer 6 frozen trainable/ }).waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Back to Balanced" }).click();
    const top = () => page.getByRole("button", { name: /^Start/ }).evaluate((node) => node.getBoundingClientRect().top + scrollY);
    const before = await top();
    await page.getByLabel("Epochs").fill("1");
    await page.getByLabel("Epochs").blur();
    await page.getByText("Changed from Balanced.").waitFor();
    assert.equal(await top(), before, "the start button stays where it is");
    const ends = page.getByText("The run ends after 4 of 7 stages. Use more epochs");
    await ends.waitFor();
    await page.getByText("3 parameter groups stay frozen from beginning to end: layer.0, layer.1, layer.2.").waitFor();
    // Leaving the field moves the button that is being pressed, which is clicked all the same, unless the user moves away.
    const summary = group(page, "Adapter").locator("summary").first();
    for (const away of [40, 0]) {
      await page.getByLabel("Epochs").fill("3");
      await page.getByLabel("Epochs").blur();
      await ends.waitFor({ state: "hidden" });
      await page.getByLabel("Epochs").fill("1");
      await summary.scrollIntoViewIfNeeded();
      const { x, y } = await summary.boundingBox();
      await page.mouse.move(x + 20, y + 4);
      await page.mouse.down();
      await ends.waitFor();
      await page.mouse.move(x + 20 + away, y + 4);
      await page.mouse.up();
      assert.equal(await summary.evaluate((node) => node.parentElement.open), !away);
    }
    await page.getByRole("button", { name: "Back to Balanced" }).click();
    assert.equal(await page.getByLabel("Epochs").inputValue(), "3");
    assert.equal(await schedule.inputValue(), proposed, "the menu shows what the recipe has");
  });
});

test("only the fields that a schedule uses are shown, and the curve follows them", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await openGroups(page, "Learning rate");
    const card = group(page, "Learning rate");
    const curve = card.getByRole("img", { name: /^Learning rate over/ }).locator("path").nth(1);
    const linear = await curve.getAttribute("d");
    await card.getByLabel("Schedule").selectOption("Cosine with restarts");
    await card.getByLabel("Cycles").waitFor();
    assert.notEqual(await curve.getAttribute("d"), linear);
    await card.getByLabel("Schedule").selectOption("Slanted triangular");
    await card.getByLabel("Peak-to-lowest ratio").waitFor();
    assert.equal(await card.getByLabel("Cycles").count(), 0);
    await card.getByRole("button", { name: "1/2.6, as ULMFiT" }).click();
    await card.getByText("● 1.48e-5").waitFor();
    await card.getByLabel("A learning rate for each group").check();
    await card.getByLabel("layer 6").fill("2e-4");
    await card.getByLabel("layer 6").blur();
    await card.getByText("● 2e-4").waitFor();
  });
});

test("a learning rate is found and adopted, and the search can be stopped", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await openGroups(page, "Learning rate");
    await page.getByRole("button", { name: "Find a learning rate" }).click();
    await page.getByRole("img", { name: /Loss 0\.\d+ at rate/ }).waitFor();
    assert(await page.getByRole("button", { name: "Start" }).isDisabled());
    await page.getByRole("button", { name: "Use 1.1e-3 valley" }).click();
    await assertAccessible(page);
    await screenshot(page, "rate-found");
    assert.equal(await page.getByLabel("Peak learning rate").inputValue(), "0.0011");
    await page.getByRole("button", { name: "Find a learning rate" }).click();
    await page.getByRole("button", { name: "Stop searching" }).click();
    await page.getByText("The test ended before the loss diverged").or(page.getByText("No suggestion")).waitFor();
    await page.getByRole("button", { name: "Try three rates" }).click();
    await page.getByText(/1\.1e-4 crawls: .* 1\.1e-3 learns: .* breaks: /).first().waitFor();
    await page.getByRole("button", { name: /^See what it does ?: Schedule$/ }).click();
    await page.getByText(/differ in nothing else: Schedule linear against Schedule constant\. .*steps each/i).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "study");
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByText("Overfit on purpose", { exact: true }).click();
    await page.getByLabel("Flipped labels").fill("10");
    await page.getByRole("button", { name: "See what happens" }).click();
    await page.getByRole("heading", { name: "See what it does: overfit on purpose, 60 rows, 10 % of their labels wrong" }).waitFor();
    await page.getByText(/no remedy against dropout 40 % against weight decay 1 against early stopping\. 60 steps each/).waitFor();
    await page.getByRole("button", { name: "Run all" }).waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Close", exact: true }).click();
  });
});

test("layers light up as they are unfrozen, and are frozen and unfrozen by hand", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await page.getByRole("radio", { name: /^Balanced/ }).check();
    await start(page);
    const button = (name) => page.getByRole("button", { name, exact: true });
    await button("Unfreeze layer 1").click();
    await button("Freeze layer 1").waitFor();
    await page.getByText("by hand", { exact: true }).waitFor();
    // Paused, because on a busy machine the run could be over before the check.
    await button("Pause").click();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Follow the recipe again" }).click();
    await button("Unfreeze layer 1").waitFor();
    await button("Resume").click();
    await button("Freeze layer 6").waitFor();
    await finished(page);
    assert.equal(await page.getByRole("button", { name: /freeze layer/i }).count(), 0);
    await page.getByText("A little was forgotten").waitFor();
    await page.getByRole("row", { name: /Similarities between sentences preserved 91/ }).waitFor();
  });
});

test("runs follow each other in a queue, are kept, compared, renamed and deleted", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await page.locator("summary", { hasText: "Several runs" }).click();
    await page.getByRole("button", { name: "Run with 3 seeds" }).click();
    await page.getByText("Run 2 of 3").waitFor();
    await assertAccessible(page);
    await page.getByRole("row", { name: /seed 42 3 accuracy 0\.\d+ ± 0\.0\d+/ }).waitFor();

    await page.getByLabel("First field").selectOption("Peak learning rate");
    await page.getByLabel("Values").first().fill("2e-4, fast");
    await page.getByText("Peak learning rate, “fast”: This must be a number").waitFor();
    await page.getByLabel("Values").first().fill("2e-4, 3e-4, 1e-3");
    await page.getByRole("button", { name: "Start 3 runs" }).click();
    await page.getByText("Run 1 of 3").waitFor();
    await page.getByRole("button", { name: "Drop the 2 waiting runs" }).click();
    await page.getByRole("button", { name: "Stop and keep the best" }).click();
    await page.getByRole("button", { name: "Start again" }).and(page.locator(":enabled")).waitFor();

    await page.getByRole("checkbox", { name: "Compare 1 · seed 42" }).check();
    await page.getByRole("checkbox", { name: /Peak learning rate 2e-4/ }).check();
    await page.getByRole("img", { name: /Best accuracy: 1 · seed 42 0\.\d+/ }).waitFor();
    const table = page.getByRole("region", { name: "What differs between the runs" });
    await table.getByRole("row", { name: "Peak learning rate 1e-4 2e-4" }).waitFor();
    assert.equal(await table.getByRole("row", { name: /^Epochs/ }).count(), 0);
    await assertAccessible(page);
    await screenshot(page, "compared");

    await page.getByLabel("Name of 1 · seed 42").fill("the first");
    await page.getByLabel("Name of 1 · seed 42").blur();
    await page.getByRole("button", { name: "Delete 2 · seed 43" }).click();
    await withFakeWorker(page);
    await page.getByLabel("Name of the first").waitFor();
    assert.equal(await page.getByLabel("Name of 2 · seed 43").count(), 0);
  });
});

test("an adapter is downloaded merged into the model or alone", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await page.getByRole("radio", { name: /^Adapter/ }).check();
    await openGroups(page, "Adapter");
    await page.getByText(/About \d+.K trainable parameters/).waitFor();
    await page.getByLabel("query", { exact: true }).uncheck();
    await page.getByText("Changed from Adapter.").waitFor();
    await start(page);
    await finished(page);
    await page.getByText("PeftModel.from_pretrained").waitFor();
    await assertAccessible(page);
    for (const [name, file] of [
      [/^Download adapter only/, "hone-reviews-adapter.zip"],
      [/^Download merged model/, "hone-reviews.zip"],
    ]) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name }).click(),
      ]);
      assert.equal(download.suggestedFilename(), file);
      assert.equal(await readFile(await download.path(), "utf8"), "PK");
    }
  });
});

test("every group of the recipe is accessible, and order and weights are typed in words", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await page.getByRole("radio", { name: /^Balanced/ }).check();
    await openGroups(
      page,
      ...["Learning rate", "Regularization", "Stopping", "Unfreezing", "Adapter", "Batch and length", "Seed"],
    );
    await page.getByLabel("Custom order").check();
    await page.getByLabel("Order", { exact: true }).fill("head; 9");
    await page.getByLabel("Order", { exact: true }).blur();
    await page.getByText("“9” is not a parameter group of this model.").waitFor();
    assert(await page.getByRole("button", { name: "Start" }).isDisabled());
    await page.getByLabel("Order", { exact: true }).fill("head; 6, 5; 4");
    await page.getByLabel("Order", { exact: true }).blur();
    await page.getByRole("row", { name: "layer 4 frozen frozen trainable" }).waitFor();
    await page.getByLabel("Class weights").selectOption("custom");
    await page.getByLabel("rotten", { exact: true }).fill("2,5");
    await page.getByLabel("rotten", { exact: true }).blur();
    await page.getByLabel("Gradient accumulation").fill("4");
    await page.getByLabel("Gradient accumulation").blur();
    await page.getByText("32 rows a step").first().waitFor();
    await look(page, "recipe", bothColors);
  });
});

test("a finished run says in a sentence what would help, and is trained further", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await finished(page);
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByText(/^The model was still improving when the run ended: macro-F1 went from/).waitFor();
    assert.equal(await verdict.getByRole("button").count(), 0, "the epochs are right below");
    await page.getByText(/^Training has finished\. .*still improving/).waitFor({ state: "attached" });
    await look(page, "verdict", bothScreens);

    const epochs = page.getByLabel("Train further for");
    assert.equal(await epochs.inputValue(), "3", "as many epochs again");
    await epochs.fill("2");
    await epochs.blur();
    await page.getByText("the learning rate of a run of 5 epochs").waitFor();
    await page.getByRole("button", { name: "Train further", exact: true }).click();
    await page.getByText(/^1\d\d \/ 200$/).waitFor();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await verdict.getByText("The run looks healthy").waitFor();
    await look(page, "verdict-further", bothScreens);
  });
});

test("the button of a verdict opens the control that would help", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "not-finite");
    await chooseFile(page);
    await start(page);
    await finished(page);
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByRole("button", { name: "Change the learning rate" }).click();
    const rate = page.getByLabel("Peak learning rate");
    assert(await rate.isVisible() && (await rate.evaluate((field) => field === document.activeElement)));
    assert.equal(await page.getByRole("button", { name: "Train further", exact: true }).isVisible(), false);
  });
});
