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

// The page depends on the task, the form of the prompts and the type of the weights, but not on the family.
const named = readdirSync(root).map((name) => [name, name.split(" ")]);
const shown = named.filter(([, [, , , , adapter, dtype]]) => adapter === "None" && ["Float32", "Int8"].includes(dtype));
const names = [...new Map(shown.map(([name, [, task, , form, , dtype]]) => [`${task} ${form} ${dtype}`, name])).values()];
assert.ok(names.length > 0);
const browser = await chromium.launch({ executablePath, args: ["--headless=new", "--no-sandbox"] });
for (const name of names) {
  const server = serve(join(root, name, "model"));
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.route(`${CDN}**`, fromPackages);
  await page.goto(`http://localhost:${server.address().port}/`);
  await page.getByText("The model is ready.").waitFor();
  if (await page.getByLabel("Question").isVisible()) await page.getByLabel("Question").fill("w5 w6");
  await page.getByLabel("Text").fill("w7 w8 w9 w10 w11");
  await page.getByRole("button", { name: "Predict" }).click();
  await page.getByText(/^(Done\.|Nothing was found\.)$/).waitFor();
  const rows = await page.getByRole("table").locator("tr").allTextContents();
  assert.deepEqual(errors, [], name);
  assert.ok(name.includes("TokenClassification") || rows.length > 0, name);
  console.log(`ok    ${name}: ${rows.join(" | ").slice(0, 80)}`);
  await page.close();
  server.close();
}
await browser.close();
