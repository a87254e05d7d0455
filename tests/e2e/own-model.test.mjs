// Models that do not come with the page: from a hub, from the browser's storage, and from the user's disk.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { allOpen, assertAccessible, screenshot, withPage } from "./harness.mjs";
import { Hub, servePage } from "./hub.mjs";
import { microModel, microTexts } from "./micro.mjs";
import { MINUTE, computeOn } from "./real.mjs";

const ID = "someone/micro";
const card = (page, name) => page.locator(".offer").filter({ hasText: name });

async function lookUp(page, id) {
  await page.getByLabel(/^Name on/).fill(id);
  await page.getByRole("button", { name: "Look it up" }).click();
}

test("a model from a hub is looked up, loaded with an interruption, stored, used offline and removed", async () => {
  const files = await microModel();
  const hub = new Hub({
    [ID]: { "README.md": Buffer.from("# Micro"), ...files },
    "someone/mamba": { ...files, "config.json": Buffer.from('{"model_type": "mamba"}') },
    "someone/pickle": { "config.json": files["config.json"], "pytorch_model.bin": Buffer.from("x") },
  });
  await hub.open();
  const { server, address } = await servePage(hub);
  const visit = async (page) => {
    page.setDefaultTimeout(MINUTE);
    await page.goto(`${address}/${allOpen}`);
    await computeOn(page, "CPU");
    await page.getByText("Computes on the CPU").waitFor();
    await page.getByText("Another model").click();
    await assertAccessible(page);
    const suggested = page.locator(".suggestions").getByRole("button");
    assert.ok((await suggested.count()) > 10);
    await page.getByLabel(/^Name on/).fill("any language embeddings");
    assert.deepEqual(await suggested.allTextContents(), ["sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"]);
    assert.deepEqual(hub.take(), [], "nothing is requested before the user asks");

    for (const [id, message] of [
      ["not a name", "is not the name of a model"],
      ["someone/nothing", "does not exist or is not public"],
      ["someone/mamba", 'the model is of type "mamba"; Hone supports BERT, DistilBERT'],
      ["someone/pickle", "only as a PyTorch pickle"],
    ]) {
      await lookUp(page, id);
      await page.getByText(message).waitFor();
    }
    hub.isPortal = true;
    await lookUp(page, ID);
    await page.getByText("gave a web page in place of the file").waitFor();
    hub.isPortal = false;

    hub.silentAbout = /^\/api/;
    await lookUp(page, ID);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("The lookup was stopped.").waitFor();
    hub.silentAbout = null;

    hub.take();
    await lookUp(page, ID);
    await page.getByText("This device can train all of its layers").waitFor();
    const asked = hub.take().map(({ path }) => path);
    assert(!asked.some((path) => path.endsWith(".safetensors")), `the weights wait for a word: ${asked}`);
    await assertAccessible(page);
    await screenshot(page, "hub-found");

    hub.silentAbout = /safetensors$/;
    const asksForWeights = page.waitForRequest(/model\.safetensors$/);
    await page.getByRole("button", { name: /^Load it/ }).click();
    await asksForWeights;
    await page.getByRole("button", { name: "Stop loading" }).click();
    await page.getByText("Loading was stopped.").waitFor();
    hub.silentAbout = null;

    hub.cutAfter = 40_000;
    await page.getByRole("button", { name: /^Load model/ }).click();
    await page.getByText(/model\.safetensors could not be loaded/).waitFor();
    await card(page, ID).getByText("Partly in this browser").waitFor();
    await screenshot(page, "hub-broken-off");
    hub.take();
    await page.getByRole("button", { name: /^Load model/ }).click();
    await page.getByText("Loaded: 2 layers").waitFor();
    const [again] = hub.take().filter(({ path }) => path.endsWith(".safetensors"));
    assert.match(again.range, /^bytes=[1-9]\d*-$/, "resumes where it was interrupted");
    await card(page, ID).getByText("Already in this browser").waitFor();

    await hub.close();
    await page.reload();
    await card(page, ID).getByText("Already in this browser").waitFor();
    await page.getByRole("radio", { name: new RegExp(ID) }).check();
    await computeOn(page, "CPU");
    await page.getByRole("button", { name: /^Load model/ }).click();
    await page.getByText("Loaded: 2 layers").waitFor();
    await screenshot(page, "hub-offline");
    await card(page, ID).getByRole("button", { name: "Remove it" }).click();
    await card(page, ID).getByText("Already in this browser").waitFor({ state: "detached" });
    await page.reload();
    await page.getByText("MiniLM").first().waitFor();
    await page.getByText("Computes on").waitFor();
    assert.equal(await card(page, ID).count(), 0);
  };
  // The browser itself reports a missing model and a broken connection.
  const expectComplaints = /Failed to load resource|ERR_/;
  try {
    await withPage(visit, { expectComplaints, allowed: [hub.address, address] });
  } finally {
    server.closeAllConnections();
    server.close();
    // After a failure, the test has not closed the hub yet.
    hub.server.closeAllConnections();
    hub.server.close();
  }
});

test("a folder, an export of Hone's, and files that are not a model", async () => {
  const folder = await mkdtemp(join(tmpdir(), "micro-"));
  try {
    for (const [name, content] of Object.entries(await microModel())) await writeFile(join(folder, name), content);
    await withPage(async (page) => {
      page.setDefaultTimeout(2 * MINUTE);
      await computeOn(page, "CPU");
      // Dropped through the browser's debugging protocol, because an event created in the page has no folders.
      await page.getByText("Computes on the CPU").waitFor();
      const desktop = await page.context().newCDPSession(page);
      const data = { items: [], files: [folder], dragOperationsMask: 1 };
      for (const type of ["dragEnter", "dragOver", "drop"]) {
        await desktop.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
      }
      await page.getByText("Loaded: 2 layers").waitFor();
      await page.reload();
      await computeOn(page, "CPU");
      await page.getByText("Another model").click();
      await page.getByLabel("Choose a folder").setInputFiles(folder);
      await page.getByText("Loaded: 2 layers").waitFor();
      await page.getByLabel("Choose a file").setInputFiles(microTexts(40));
      await page.getByText("40 rows can be used").waitFor();
      await page.getByRole("button", { name: /^Start/ }).click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: /Download model/ }).click(),
      ]);
      const zip = join(folder, "tuned.zip");
      await download.saveAs(zip);
      await page.getByLabel("Choose files").setInputFiles(zip);
      await page.getByText("Loaded: 2 layers").waitFor();
      await page.getByRole("radio", { name: "tuned" }).waitFor();
      await screenshot(page, "own-model");

      await page.getByLabel("Choose files").setInputFiles(join(folder, "tokenizer.json"));
      await page.getByText("The folder has no weights that can be read here (tokenizer.json).").waitFor();
      const fault = { name: "broken.zip", mimeType: "application/zip", buffer: Buffer.from("PK but no more") };
      await page.getByLabel("Choose files").setInputFiles(fault);
      await page.getByText("broken.zip cannot be read as a zip").waitFor();
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
