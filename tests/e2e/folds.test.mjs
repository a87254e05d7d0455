// Steps that fold into one line, as a new user meets them. The other tests open the page with everything open.

import assert from "node:assert/strict";
import { test } from "node:test";
import { finished, reviews, start, withFakeWorker } from "./fake.mjs";
import { assertAccessible, screenshot, withPage } from "./harness.mjs";

const desktop = { query: "", viewport: { width: 1280, height: 900 } };

const button = (page, name) => page.getByRole("button", { name, exact: true });
const isOpen = async (page, name) => (await button(page, name).getAttribute("aria-expanded")) === "true";
const search = (page) => page.evaluate(() => location.search);
const height = (page) => page.evaluate(() => document.documentElement.scrollHeight);

/** Fails if an element is not wholly in the window, where the page happens to be scrolled. */
async function assertInView(locator, name) {
  const { y, height } = await locator.boundingBox();
  const window = locator.page().viewportSize().height;
  assert(y >= 0 && y + height <= window, `${name}: from ${y} to ${y + height} px of ${window}`);
}

test("finished steps fold into a line, and the result, its verdict and Try are in view after a run", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await assertInView(page.getByRole("heading", { name: "Export" }), "the last step of an empty page");
    assert.equal(await page.getByText("Load model, 91 MB").isVisible(), false, "the model needs no decision");
    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByText("MiniLM · 22.7 M parameters · on the GPU, with WebGPU").waitFor();
    assert(await isOpen(page, "Fold Data"), "what was found in the file is to be seen");

    await start(page);
    assert.equal(await page.evaluate(() => document.activeElement.id), "train");
    // The page scrolls there once what is above has folded.
    await page.waitForFunction(() => Math.abs(document.querySelector("#train").getBoundingClientRect().top - 16) < 2);
    // It must not end before it has been looked at.
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await page.getByText("reviews.csv · 1,113 training rows, 124 validation rows · 2 labels").waitFor();
    for (const name of ["Loss", "Learning rate"]) await assertInView(page.getByRole("heading", { name, exact: true }), name);
    await assertInView(button(page, "Stop and keep the best"), "Stop");
    await page.getByRole("button", { name: "Resume" }).click();

    await finished(page);
    await page.getByRole("button", { name: "Predict", exact: true }).waitFor();
    await assertInView(page.getByRole("region", { name: "Result", exact: true }), "the scores");
    await assertInView(page.getByRole("region", { name: "Verdict" }), "the verdict");
    await assertInView(page.getByLabel("Text", { exact: true }), "Try");
    await assertInView(page.getByRole("button", { name: "Predict", exact: true }), "Predict");
    assert((await height(page)) < 2500, `${await height(page)} px high`);
    await assertAccessible(page);
    await screenshot(page, "folded");
  }, desktop);
});

test("a folded step opens with the keyboard, and the address remembers it", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await button(page, "Open Model").focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Fold Model", "the focus stays");
    await page.getByText("Load model, 91 MB").waitFor();
    assert.equal(await search(page), "?open=model");
    await page.reload();
    await page.getByText("Load model, 91 MB").waitFor();
    await button(page, "Fold Model").press("Enter");
    assert.equal(await search(page), "");

    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByText("MiniLM · 22.7 M parameters").waitFor();
    await button(page, "Open all steps").click();
    for (const name of ["Data", "Model", "Train", "Try", "Export", "Recipe"]) assert(await isOpen(page, `Fold ${name}`), name);
    assert.equal(await search(page), "?open=all");
    await button(page, "Fold finished steps").click();
    assert.equal(await search(page), "");
    await page.getByText("Loaded: 6 layers").waitFor({ state: "hidden" });

    // The browser's own search finds what is folded, and says so with this event before it scrolls there.
    await page.evaluate(() => document.querySelector("#model-body").dispatchEvent(new Event("beforematch", { bubbles: true })));
    await page.getByText("Loaded: 6 layers").waitFor();
    await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: /Export/ }).click();
    await page.getByText("Once the model is trained, you can download it").waitFor();
  }, desktop);
});

test("an error opens the step that it belongs to", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "broken-file");
    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByRole("button", { name: "Read it as Windows-1252" }).waitFor();
    await withFakeWorker(page, "broken-model");
    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByRole("button", { name: "Load model, 91 MB" }).waitFor();
    assert(await isOpen(page, "Fold Model"));
  }, desktop);
});
