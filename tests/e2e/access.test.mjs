// WCAG 2.2 beyond what axe can see: motion, live regions, keyboard order, focus, text spacing, forced colors, the tree that
// assistive technology reads, and what a screen reader speaks, in one visit.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { finished, reviews, start, withFakeWorker } from "./fake.mjs";
import { out, screenshot, withPage } from "./harness.mjs";

/** Presses a key until the focus leaves the page or comes to a stop again, and returns each stop: its name, and what is wrong with it. */
async function walk(page, key) {
  const stops = [];
  await page.evaluate(() => (globalThis.walked = new Set([document.activeElement])));
  for (let presses = 0; presses < 150; presses += 1) {
    await page.keyboard.press(key);
    const stop = await page.evaluate(async () => {
      const element = document.activeElement;
      if (element === document.body || globalThis.walked.has(element)) return null;
      globalThis.walked.add(element);
      // Scrolling into view is smooth.
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      // A file input is drawn by its label, and the slider of a chart lies under the drawing.
      const drawn = element.type === "file" ? element.nextElementSibling : element;
      const whole = drawn.closest(".area") ?? drawn;
      const { left, top, width, height } = drawn.getBoundingClientRect();
      const found = document.elementFromPoint(left + width / 2, Math.min(top + height / 2, innerHeight - 1));
      const style = getComputedStyle(drawn);
      // A color of any notation, as its relative luminance (WCAG 2).
      const luminance = (color) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const linear = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
      };
      const isPainted = (behind) => !/^(transparent|rgba\(.*, 0\))$/.test(getComputedStyle(behind).backgroundColor);
      let behind = drawn.parentElement;
      while (behind.parentElement && !isPainted(behind)) behind = behind.parentElement;
      const [dark, light] = [style.outlineColor, getComputedStyle(behind).backgroundColor].map(luminance).sort((a, b) => a - b);
      const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && (light + 0.05) / (dark + 0.05) >= 3;
      const isCovered = !found || !(whole.contains(found) || found.contains(whole));
      const name = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
      return { name: name.trim().replace(/\s+/g, " "), problem: [!isSeen && "no outline that is seen", isCovered && "covered"].filter(Boolean).join(", ") };
    });
    if (!stop) return stops;
    stops.push(stop);
  }
  assert.fail(`${key} does not leave the page: ${stops.map(({ name }) => name).join(" | ")}`);
}

/** Roles and names of all steps, next to those that are stored. Numbers follow from times and sizes, and are left out. */
async function assertTree(page) {
  await page.getByRole("button", { name: "Open all steps" }).click();
  const steps = ["Data", "Model", "Train", "Try", "Export"];
  const trees = await Promise.all(steps.map((name) => page.getByRole("region", { name, exact: true }).first().ariaSnapshot()));
  const tree = trees.map((tree, nth) => `# ${steps[nth]}\n${tree.replace(/\d[\d.,\u00a0]*/g, "0")}\n`).join("\n");
  const stored = new URL("access-tree.txt", import.meta.url);
  const found = join(out, "access-tree.txt");
  await writeFile(found, tree);
  assert.equal(tree, await readFile(stored, "utf8").catch(() => ""), `${found} differs from tests/e2e/access-tree.txt: copy it there if the change is meant`);
}

/** All phrases that a screen reader speaks from the top of the page to its end, by Guidepup's virtual screen reader. */
async function spoken(page) {
  const path = createRequire(import.meta.url).resolve("@guidepup/virtual-screen-reader/browser.js");
  await page.route("**/virtual-screen-reader.js", (route) => route.fulfill({ path, contentType: "text/javascript" }));
  return page.evaluate(async () => {
    const { virtual } = await import(new URL("virtual-screen-reader.js", location));
    await virtual.start({ container: document.body });
    while ((await virtual.lastSpokenPhrase()) !== "end of document") await virtual.next();
    const phrases = await virtual.spokenPhraseLog();
    await virtual.stop();
    return phrases;
  });
}

test("a run is quiet and still, its result is walked through by keyboard, and it bears other spacing and colors", async () => {
  await withPage(async (page) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await withFakeWorker(page);
    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByText("MiniLM · 22.7 M parameters").waitFor();
    await page.evaluate(() => {
      globalThis.heard = [];
      const listen = (region) => new MutationObserver(() => globalThis.heard.push(region.textContent.trim())).observe(region, { childList: true, characterData: true, subtree: true });
      document.querySelectorAll("[role=status], [aria-live]").forEach(listen);
    });
    await start(page);
    await page.getByRole("img", { name: /validation was/ }).waitFor();
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0, "nothing moves");
    await finished(page);
    await page.waitForTimeout(300);
    const heard = await page.evaluate(() => globalThis.heard.filter(Boolean));
    for (const words of [/being set up/, /Validation .* after step/, /Training has finished/]) {
      assert(heard.some((heard) => words.test(heard)), `${words} in ${heard.join(" | ")}`);
    }
    // Eight evaluations, and some words at the beginning and the end: nothing for each step.
    assert(heard.length <= 16, `heard ${heard.length} times: ${heard.join(" | ")}`);

    const phrases = await spoken(page);
    assert.deepEqual(phrases.filter((phrase) => /^(button|checkbox|combobox|image|link|radio|slider|spinbutton|textbox)$/.test(phrase)), [], "all have names");
    const script = [
      "link, Skip to the first step",
      "heading, Hone, level 1",
      "heading, Data, level 2",
      /^button, Change Data, .*not expanded$/,
      "heading, Model, level 2",
      "heading, Train, level 2",
      "button, Start again, 420 steps",
      "heading, Result on the validation rows, level 3",
      "row, Tuned model 0.895 0.885",
      "image, Training loss fell from 0.709 to 0.270; validation was lowest, 0.327, at the last evaluation, at step 120.",
      /^slider, Cursor of the chart “Loss”, .* Step 15: training 0\.593, validation 0\.538$/,
      "heading, Try, level 2",
      "textbox, Text",
      "heading, Export, level 2",
      /^button, Download model/,
      "end of document",
    ];
    let at = 0;
    for (const words of script) {
      at = phrases.findIndex((phrase, nth) => nth >= at && (words.test?.(phrase) ?? phrase === words));
      assert.notEqual(at, -1, `${words} is not spoken, or not in this order: ${phrases.join(" | ")}`);
    }

    await page.evaluate(() => document.querySelector(".skip").focus());
    const forward = await walk(page, "Tab");
    assert.deepEqual(forward.filter(({ problem }) => problem), [], "each stop is seen");
    const names = forward.map(({ name }) => name);
    const order = ["Open all steps", "Change Data", "Change Model", "Fold Train", "Change Recipe", "Start again", "Text", "Fold Export"];
    const places = order.map((name) => names.indexOf(name));
    assert(!places.includes(-1), `${order} in ${names.join(" | ")}`);
    assert.deepEqual(places, [...places].sort((a, b) => a - b), names.join(" | "));
    await page.getByRole("button", { name: names.at(-1), exact: true }).focus();
    const backward = (await walk(page, "Shift+Tab")).map(({ name }) => name);
    assert.deepEqual(backward.reverse(), ["Skip to the first step", ...names.slice(0, -1)]);

    // The spacing of WCAG 1.4.12, then text twice as large (1.4.4). A style sheet that is made by a script is allowed by the
    // page's policy.
    for (const style of [
      "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",
      "html { font-size: 200% !important }",
    ]) {
      const clipped = await page.evaluate((style) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(style);
        document.adoptedStyleSheets = [sheet];
        const isClipped = (element) => {
          const { overflowX, overflowY } = getComputedStyle(element);
          const cuts = [overflowX, overflowY].some((overflow) => ["hidden", "clip"].includes(overflow));
          const isLarger = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
          return cuts && isLarger && element.checkVisibility() && !element.closest(".unseen, svg, [aria-hidden=true]");
        };
        const found = [...document.querySelectorAll("main *, header *, nav *")].filter(isClipped).map(({ outerHTML }) => outerHTML.slice(0, 100));
        const { scrollWidth } = document.documentElement;
        if (scrollWidth > innerWidth) found.push(`${scrollWidth} px wide`);
        document.adoptedStyleSheets = [];
        return found;
      }, style);
      assert.deepEqual(clipped, [], style);
    }

    await assertTree(page);

    await page.emulateMedia({ forcedColors: "active" });
    const strokes = await page.evaluate(() => {
      const paper = getComputedStyle(document.body).backgroundColor;
      const paths = [...document.querySelectorAll("#run-charts .smooth, #run-charts .validation")].filter((path) => path.checkVisibility());
      return paths.filter((path) => getComputedStyle(path).stroke === paper).length + (paths.length ? 0 : 1);
    });
    assert.equal(strokes, 0, "curves are seen");
    await screenshot(page, "forced-colors");
  }, { query: "", viewport: { width: 1280, height: 900 } });
});
