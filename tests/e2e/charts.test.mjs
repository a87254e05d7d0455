// What a run's charts tell, the replay of early stopping, and links that carry a recipe.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseFile, finished, openGroups, start, withFakeWorker } from "./fake.mjs";
import { address, allOpen, assertAccessible, bothScreens, look, withPage } from "./harness.mjs";

const saved = async (page, name) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
};

test("charts tell their values to pointer and keyboard, and can be taken away", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await page.locator("summary", { hasText: "Pinned texts" }).click();
    for (const text of ["Not my film at all.", "I laughed twice."]) {
      await page.getByLabel("Text to pin").fill(text);
      await page.getByRole("button", { name: "Pin", exact: true }).click();
    }
    await page.getByRole("button", { name: "Remove “I laughed twice.”" }).waitFor();
    await assertAccessible(page);
    await start(page);
    await finished(page);
    await page.getByText("“Not my film at all.”: turned from “fresh” to “rotten” at step 15, now with 95 %.").waitFor();
    await page.getByText("“I laughed twice.”: turned from “rotten” to “fresh” at step 15").waitFor();
    // Charts are drawn a few times a second: the last step may come after the result.
    await page.getByText(/^Training loss fell from .* at step 120\.$/).waitFor();
    const loss = page.getByRole("slider", { name: "Cursor of the chart “Loss”" });
    await loss.focus();
    assert.match(await loss.getAttribute("aria-valuetext"), /^Step 15: training 0\.\d{3}, validation 0\.\d{3}$/);
    await page.keyboard.press("ArrowRight");
    assert.match(await loss.getAttribute("aria-valuetext"), /^Step 30: /);
    await page.getByText(/^Step 30: training/).waitFor();
    await page.keyboard.press("End");
    await page.getByText(/^Step 120: training/).waitFor();
    await loss.evaluate((slider) => slider.blur());
    await page.getByRole("img", { name: /^Training loss fell from/ }).hover();
    await page.getByText(/^Step (59|60|61): training/).waitFor();
    await page.mouse.move(0, 0);

    const figure = page.locator("figure").filter({ has: page.getByRole("heading", { name: "Loss", exact: true }) });
    const ticks = () => figure.locator(".marks text").allTextContents();
    assert.deepEqual(await ticks(), ["0.2", "0.4", "0.6", "0.8"]);
    await figure.getByRole("button", { name: "Log scale" }).click();
    assert.deepEqual(await ticks(), ["0.2", "0.5", "1"]);
    await page.getByText("Gradient norm at most").first().waitFor();

    const layers = page.getByRole("region", { name: "Layers over time" });
    await layers.getByRole("row", { name: /^head .* 6\.7$/ }).waitFor();
    await page.getByText(/At step 120, the farthest is head 6\.7 %, the nearest embeddings 0\.0 %\./).waitFor();

    const csv = await saved(page, "Save as CSV");
    assert.equal(csv.name, "hone-curves.csv");
    const lines = csv.bytes.toString().trimEnd().split("\n");
    assert.equal(lines.length, 121);
    assert.match(lines[0], /^step,epoch,training_loss,learning_rate,gradient_norm,validation_loss,validation_accuracy/);
    const png = await saved(page, "Save as PNG");
    assert.equal(png.name, "hone-curves.png");
    assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");

    const patience = page.getByRole("slider", { name: "Patience" });
    await patience.focus();
    await page.keyboard.press("Home");
    await page.getByText(/^Without early stopping, the run does all its steps/).first().waitFor();
    await page.getByRole("slider", { name: "Minimum change" }).press("End");
    await patience.press("ArrowRight");
    await page.getByText(/^With a patience of 1, the run would have ended at step \d+/).first().waitFor();
    await look(page, "charts", bothScreens);
  });
});

test("a link carries a recipe, and says so if it is damaged", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await openGroups(page, "Stopping");
    await page.getByLabel("Epochs").fill("5");
    await page.getByLabel("Epochs").blur();
    await page.getByRole("button", { name: "Copy a link to the recipe" }).click();
    await page.getByText("Copied. The link carries the recipe").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(link, `${address}#recipe=${encodeURIComponent('{"epochs":5}')}`);

    await page.goto("about:blank");
    await page.goto(link);
    await page.getByText(/with the recipe of the link: Full, changed · 5 epochs/).waitFor();
    // The rest of the address stays usable, and a link that is opened in the same tab works too.
    await page.goto(`${address}#recipe=%7B%22epochs%22`);
    await page.getByText("The link has no recipe that can be run").waitFor();
    await page.getByText("The recipe in the form is unchanged.").waitFor();
    await page.goto(`${address}${allOpen}#recipe=${encodeURIComponent('{"epochs":500}')}`);
    await page.getByText(/The link has no recipe that can be run: .*pochs/).waitFor();
    await page.goto(`${address}${allOpen}#recipe=${encodeURIComponent('{"epoch":5}')}`);
    await page.getByText(/unknown field `epoch`/).waitFor();
    await page.goto(`${address}${allOpen}#recipe=${encodeURIComponent('{"epochs":"many"}')}`);
    await page.getByText(/`epochs`: expected a whole number, found a text/).waitFor();
    assert.notEqual(await page.locator("#epochs").inputValue(), "500");
  }, { permissions: ["clipboard-read", "clipboard-write"] });
});

test("a lesson opens by its link, asks for a prediction, and explains what its runs have shown", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await page.locator("summary", { hasText: "Lessons" }).click();
    await page.getByRole("link", { name: "Dropout and weight decay" }).click();
    const lesson = page.getByRole("region", { name: "Dropout and weight decay" });
    await lesson.getByText("First choose what you expect.").waitFor();
    assert(await lesson.getByRole("button", { name: "Run it" }).isDisabled());
    await lesson.getByRole("radio", { name: "In both about the same." }).check();
    await lesson.getByText(/2.runs, about .* on a CPU with two cores/).waitFor();
    await assertAccessible(page);
    await lesson.getByRole("button", { name: "Run it" }).click();
    await lesson.getByText("Run 2 of 2 is going on.").waitFor();
    // The runs of the fake worker are the same.
    await lesson.getByText("As you predicted: In both about the same.").waitFor();
    await lesson.getByText(/The gap at the end was -?[\d.e-]+ without and -?[\d.e-]+ with the techniques/).waitFor();
    await lesson.getByText(/that is no difference that|Best validation accuracy/).first().waitFor();
    await look(page, "lesson", bothScreens);
    await lesson.getByRole("button", { name: "Close the lesson" }).click();
    await lesson.waitFor({ state: "hidden" });

    await page.goto(`${address}#lesson=no-such`);
    await page.getByText("The lesson “no-such” cannot be opened: lessons/no-such.json could not be fetched").waitFor();
  }, { query: "", expectComplaints: /404/ });
});
