// SPDX-License-Identifier: MIT OR Apache-2.0
// Opens the page of ONNX exports in Chromium, as tests/tests/export_interop writes them, and asks each for a prediction.
//
//     node open-page.mjs CHROMIUM FOLDER

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

import { chromium } from "playwright-core";

const TYPES = { ".html": "text/html", ".json": "application/json", ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm" };
const CDN = "https://cdn.jsdelivr.net/npm/";
const [, , executablePath, root] = process.argv;

const contentType = (path) => ({ "content-type": TYPES[extname(path)] ?? "application/octet-stream" });

/** Serves a folder. */
function serve(folder) {
  return createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname).replace(/\/$/, "/index.html");
    try {
      const bytes = readFileSync(join(folder, path));
      response.writeHead(200, contentType(path)).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0);
}

/** Answers for the CDN from node_modules, which has the same versions. */
async function fromPackages(route) {
  const [, name, version, path] = route.request().url().slice(CDN.length).match(/^((?:@[^/]*\/)?[^@/]*)@([^/]*)\/?(.*)$/);
  const folder = new URL(`node_modules/${name}/`, import.meta.url);
  assert.equal(JSON.parse(readFileSync(new URL("package.json", folder), "utf8")).version, version, name);
  const file = path || "dist/transformers.min.js";
  const headers = { ...contentType(file), "access-control-allow-origin": "*" };
  await route.fulfill({ body: readFileSync(new URL(file, folder)), headers });
}

// The page depends on the task and the form of the prompts, and for the type of the weights only on what config.json says
// of it; it does not depend on the family.
const named = readdirSync(root).map((name) => [name, name.split(" ")]);
const shown = named.filter(
  ([, [, task, , , adapter, dtype]]) => adapter === "None" && (dtype === "Int8" || (dtype === "Float32" && task === "Classification")),
);
const names = [...new Map(shown.map(([name, [, task, , form, , dtype]]) => [`${task} ${form} ${dtype}`, name])).values()];
assert.ok(names.length > 0);
const browser = await chromium.launch({ executablePath, args: ["--headless=new", "--no-sandbox"] });

/** What the page of a folder shows for a text, where the `hone` field of config.json has these `settings` too. */
async function predicted(name, text, settings = {}) {
  const server = serve(join(root, name, "model"));
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.route(`${CDN}**`, fromPackages);
  await page.route("**/config.json", async (route) => {
    const config = JSON.parse(readFileSync(join(root, name, "model", "config.json"), "utf8"));
    await route.fulfill({ json: { ...config, hone: { ...config.hone, ...settings } } });
  });
  await page.goto(`http://localhost:${server.address().port}/`);
  await page.getByText("The model is ready.").waitFor();
  if (await page.getByLabel("Question").isVisible()) await page.getByLabel("Question").fill("w5 w6");
  await page.getByLabel("Text").fill(text);
  await page.getByRole("button", { name: "Predict" }).click();
  await page.getByText(/^(Done\.|Nothing was found\.)$/).waitFor();
  const rows = page.getByRole("table").locator("tr");
  const cells = await Promise.all((await rows.all()).map((row) => row.locator("td").allTextContents()));
  assert.deepEqual(errors, [], name);
  await page.close();
  server.close();
  return cells;
}

/** The page divides the logits by the tuned temperature, and says when a prediction is below the threshold. */
async function checkTrust(name) {
  const { texts, logits } = JSON.parse(readFileSync(join(root, name, "expected.json"), "utf8"));
  const temperature = 0.1;
  const ofFirst = logits.slice(0, logits.length / texts.length);
  const powers = ofFirst.map((logit) => Math.exp(logit / temperature));
  const shares = powers.map((power) => power / powers.reduce((sum, other) => sum + other)).sort((a, b) => b - a);
  for (const unsure_below of [shares[0] - 0.01, shares[0] + 0.01]) {
    const rows = await predicted(name, texts[0][0], { temperature, unsure_below });
    const [unsure] = unsure_below > shares[0] ? rows.splice(0, 1) : [];
    assert.equal(unsure?.[0], unsure_below > shares[0] ? "Unsure: none of these" : undefined, name);
    assert.equal(rows.length, shares.length, name);
    rows.forEach(([, shown], i) => assert.ok(Math.abs(parseFloat(shown) / 100 - shares[i]) < 0.002, `${shown} for ${shares[i]}`));
  }
  console.log(`ok    ${name}: calibrated to ${shares.map((share) => share.toFixed(3)).join(", ")}`);
}

for (const name of names) {
  const rows = await predicted(name, "w7 w8 w9 w10 w11");
  assert.ok(name.includes("TokenClassification") || rows.length > 0, name);
  console.log(`ok    ${name}: ${rows.map((row) => row.join("")).join(" | ").slice(0, 80)}`);
  if (name.includes(" Classification ") && name.endsWith("Float32")) await checkTrust(name);
}
await browser.close();
