// The page's reaction to failures, with a fake worker.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseFile, finished, group, openGroups, reviews, start, withFakeWorker } from "./fake.mjs";
import { assertAccessible, drop, fileOf, ofWorker, screenshot, withPage } from "./harness.mjs";

test("a worker that dies during a run is replaced; file, columns and recipe stay, and the run can start again", async () => {
  await withPage(
    async (page) => {
      await withFakeWorker(page, "dies");
      await chooseFile(page);
      await openGroups(page, "Stopping");
      await page.getByLabel("Epochs").fill("7");
      await page.getByLabel("Label column").selectOption({ index: 2 });
      await start(page);
      await page.getByText("The engine stopped working").waitFor();
      await assertAccessible(page);
      await screenshot(page, "worker-died");
      const again = page.getByRole("button", { name: "Start again" });
      await again.and(page.locator(":enabled")).waitFor();
      assert.equal(await page.getByLabel("Epochs").inputValue(), "7");
      assert.equal(await page.getByLabel("Label column").inputValue(), "2");
      await start(page);
    },
    { expectComplaints: /unreachable executed/ },
  );
});

test("a worker that falls silent during a run is replaced after 30 seconds", async () => {
  await withPage(async (page) => {
    await page.clock.install();
    await withFakeWorker(page, "silent");
    await chooseFile(page);
    await start(page);
    await page.clock.runFor(25_000);
    assert(await page.getByRole("button", { name: "Pause" }).isVisible());
    await page.clock.runFor(7_000);
    await page.getByText("The engine has not responded for 30 seconds.").waitFor();
    await page.getByRole("button", { name: "Start again" }).and(page.locator(":enabled")).waitFor();
  });
});

test("a file dropped during a run is not opened, and the page says so", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await drop(page.getByRole("heading", { name: "Train" }), fileOf("other.csv", "a,b\n"));
    await page.getByText("“other.csv” was dropped while training is running.").waitFor();
    await finished(page);
    await page.getByText("reviews.csv", { exact: true }).waitFor();
  });
});

test("a file that is not UTF-8 is refused with the reason, and can be read as Windows-1252", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "broken-file");
    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByText("Line 214 contains bytes that are not UTF-8.").waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Read it as Windows-1252" }).click();
    await page.getByText("1,237 rows can be used.").waitFor();
    assert.equal(await page.getByText("bytes that are not UTF-8").count(), 0);
    assert(await page.getByRole("button", { name: "Read it as Windows-1252" }).isHidden());
    await page.getByText("Change how it is read", { exact: true }).click();
    assert.equal(await page.getByLabel("Encoding").inputValue(), "windows-1252");
  });
});

test("dropping an image or a zip of a broken model after a run loses nothing", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await finished(page);
    const heading = page.getByRole("heading", { name: "Train", exact: true });
    await drop(heading, fileOf("photo.png", "PNG", "image/png"));
    await page.getByText("“photo.png” was not opened. Your earlier file is still here.").waitFor();
    await page.getByText("1,237 rows can be used.").waitFor();
    await drop(heading, fileOf("model.zip", "PK", "application/zip"));
    await page.getByText("If it holds data, choose it under Data.").waitFor();
    await page.getByText("Loaded: 6 layers").waitFor();
    await assertAccessible(page);
    await screenshot(page, "refused-files");
    await page.getByLabel("Text", { exact: true }).fill("It was not good.");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.getByRole("table", { name: "After training" }).waitFor();
    await page.getByRole("button", { name: /Download model/ }).and(page.locator(":enabled")).waitFor();
    await start(page);
    assert.equal(await page.getByText("“photo.png” was not opened").count(), 0);
  });
});

test("a tuned model stays when other data is opened, and names its training data", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await finished(page);
    await page.getByLabel("Choose a file").setInputFiles(fileOf("pairs.tsv", "x\n", "text/plain"));
    await page.getByText("From 0 to 5, 2.61 on average").waitFor();
    await page.getByText("1 · Full, on reviews.csv").first().waitFor();
    assert.equal(await page.getByLabel("Second text", { exact: true }).isVisible(), false);
    await page.getByRole("button", { name: /Download model/ }).and(page.locator(":enabled")).waitFor();
  });
});

test("a model that cannot be read is refused with the reason and can be loaded again", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "broken-model");
    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByText("model.safetensors ends after 1,024 bytes").waitFor();
    await page.getByRole("button", { name: /^Load model/ }).waitFor();
    assert(await page.getByRole("button", { name: "Start" }).isDisabled());
  });
});

test("a run that diverges ends with its best weights, and the verdict is the only advice", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "not-finite");
    await chooseFile(page);
    await start(page);
    await finished(page);
    await page.getByRole("region", { name: "Verdict" }).getByText("Try a third of it, or a longer warmup.").waitFor();
    assert.equal(await page.getByText("Halve the highest rate").count(), 0);
    await page.getByRole("button", { name: /Download model/ }).waitFor();
  });
});

test("a device that fails in a run leaves the best weights, to be tried and downloaded", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "device-failed");
    await chooseFile(page);
    await start(page);
    await page.getByText("The device failed. The best weights so far were kept.").waitFor();
    await page.getByText("Take a smaller batch.").waitFor();
    await page.getByLabel("Text", { exact: true }).waitFor();
    await page.getByRole("button", { name: /Download model/ }).waitFor();
  });
});

test("a run that cannot start gives the reason and leaves the earlier result in place", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "rejects");
    await chooseFile(page);
    await start(page);
    await finished(page);
    await page.getByRole("button", { name: "Start again" }).click();
    await page.getByText("A batch of these texts needs more memory than there is.").waitFor();
    await finished(page);
    await page.getByRole("button", { name: /Download model/ }).waitFor();
  });
});

test("a recipe that does not fit is refused with the reason, and one click switches to the closest that fits", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "too-large");
    await chooseFile(page);
    await page.getByText("This recipe needs about 2.6 GB of memory, but only 2.0 GB is available.").waitFor();
    assert(await page.getByRole("button", { name: "Start" }).isDisabled());
    await assertAccessible(page);
    await screenshot(page, "refused");
    await page.getByRole("button", { name: "Use batch 4 × 2" }).click();
    await page.getByText("about 2 min · 410 MB").waitFor();
    await page.getByText("Changed from Full.").waitFor();
    await start(page);
  });
});

test("a run can be started without an estimate", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "no-estimate");
    await chooseFile(page);
    await page.getByText("Time and memory could not be estimated: the device gave no time.").waitFor();
    await start(page);
  });
});

test("a failed search for a learning rate shows the reason in its place", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "no-rate");
    await chooseFile(page);
    await openGroups(page, "Learning rate");
    await page.getByRole("button", { name: "Find a learning rate" }).click();
    await group(page, "Learning rate").getByText("The loss was not a finite number at the lowest rate.").waitFor();
    await page.getByRole("button", { name: "Start" }).and(page.locator(":enabled")).waitFor();
  });
});

test("damaged entries in the stored history are skipped, and the others are restored", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page);
    await start(page);
    await finished(page);
    await page.evaluate(() => {
      const [run] = JSON.parse(localStorage.getItem("hone.runs"));
      const strange = { ...run, id: 9, recipe: { ...run.recipe, from_the_future: 1 } };
      localStorage.setItem("hone.runs", JSON.stringify([null, "junk", strange, run]));
    });
    await withFakeWorker(page);
    await page.getByLabel("Name of 1 · Full").waitFor();
    assert.equal(await page.getByRole("checkbox", { name: /^Compare/ }).count(), 1);
    for (const broken of ["{", "null", "[1]", '{"length": 3}']) {
      await page.evaluate((broken) => localStorage.setItem("hone.runs", broken), broken);
      await withFakeWorker(page);
      await page.getByText("Computes with WebGPU on Test adapter").waitFor();
      assert.equal(await page.getByRole("heading", { name: "Runs" }).count(), 0);
    }
  });
});

test("without WebGPU the page names its device and the reason", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page, "no-gpu");
    await page.getByText("Computes on the CPU: there is no WebGPU in this browser.").waitFor();
  });
});

test("markup and odd characters in names, headers, cells and labels stay text", async () => {
  await withPage(async (page) => {
    await withFakeWorker(page);
    await chooseFile(page, fileOf("<img src=x onerror=alert(1)>.csv", "a,b\n"));
    await page.getByText("<img src=x onerror=alert(1)>.csv").first().waitFor();
    await page.getByRole("columnheader", { name: "<script>alert(1)</script>" }).waitFor();
    await page.getByRole("cell", { name: "<b>bold</b>‹202E› & ␀odd" }).first().waitFor();
    assert.equal(await page.locator("main :is(img, script, b)").count(), 0);
  });
});

test("before the engine has loaded, the page accepts a file and says what it is waiting for", async () => {
  await withPage(async (page) => {
    await page.route("**/hone-worker_loader.js", (route) => route.fulfill({ headers: ofWorker, body: "" }));
    await page.reload();
    await page.getByText("The engine is loading. You can already choose a file.").waitFor();
    await page.getByLabel("Choose a file").setInputFiles(reviews);
    await page.getByText("will be read as soon as the engine has loaded").waitFor();
  });
});

test("an engine that cannot load is reported and can be restarted", async () => {
  await withPage(
    async (page) => {
      await page.route("**/hone-worker_loader.js", (route) => route.fulfill({ status: 404, body: "" }));
      await page.reload();
      await page.getByText("The engine stopped working").waitFor();
      await withoutRoute(page);
      await page.getByRole("button", { name: "Start the engine again" }).click();
      await page.getByText("Computes with WebGPU on Test adapter").waitFor();
    },
    { expectComplaints: /404/ },
  );
});

/** Makes the fake worker available from the next start on. */
async function withoutRoute(page) {
  await page.unroute("**/hone-worker_loader.js");
  const path = new URL("fake-worker.js", import.meta.url).pathname;
  await page.route("**/hone-worker_loader.js", (route) => route.fulfill({ headers: ofWorker, path }));
}
