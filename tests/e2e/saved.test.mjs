// Runs that are saved in the browser: whatever ends the tab, the run continues and ends like one that was left alone. The
// real engine with a micro model, on the CPU, where results are the same bit for bit.

import assert from "node:assert/strict";
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { finished, start } from "./fake.mjs";
import { beforeEngine, launch, launchWithStorage, out, url, withPage, still } from "./harness.mjs";
import { microTexts, withMicroModel } from "./micro.mjs";
import { computeOn, events } from "./real.mjs";
import { begun, continued, leftAlone, outcome, paused, pausedAgain, press, texts, visit } from "./saved.mjs";

/** Removes all saved runs. */
async function forget(context) {
  const page = await context.newPage();
  await page.goto(new URL("icon.svg", url).href);
  await page.evaluate(async () => {
    // The worker of a tab that was closed a moment ago may still have it, and the next run would go on unsaved.
    await navigator.locks.request("hone:run", () => {});
    const root = await navigator.storage.getDirectory();
    await root.removeEntry("runs", { recursive: true }).catch(() => {});
  });
  await page.close();
}

/** Damages a file of the newest save of the only run: cuts it off at `size`, or flips a bit near its end. */
async function damage(page, name, size) {
  const edit = async ([name, size]) => {
    const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
    const [run] = await Array.fromAsync(runs.values());
    const slots = [];
    for (const slot of ["a", "b"]) {
      const folder = await run.getDirectoryHandle(slot);
      const text = await (await (await folder.getFileHandle("manifest.json")).getFile()).text();
      slots.push({ folder, generation: JSON.parse(text.slice(0, text.lastIndexOf("\ncrc32"))).generation });
    }
    const [newest] = slots.sort((a, b) => b.generation - a.generation);
    const handle = await newest.folder.getFileHandle(name);
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    const writable = await handle.createWritable();
    await writable.write(size ? bytes.subarray(0, size) : bytes.with(bytes.length - 9, bytes.at(-9) ^ 1));
    await writable.close();
  };
  await page.evaluate(edit, [name, size]);
}

test("a run that was interrupted in any way continues and ends like one that was left alone", async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ serviceWorkers: "block", ...still });
    const first = await context.newPage();
    await first.goto(url);
    await withMicroModel(first);
    await first.close();

    const expected = await leftAlone();
    const interruptions = {
      "the tab is closed": (page) => page.close(),
      "the renderer crashes": async (page) => {
        // At once: the run must not end first.
        const session = await context.newCDPSession(page);
        await press(page, "Resume");
        session.send("Page.crash").catch(() => {});
        await page.waitForEvent("crash");
        await page.close();
      },
      "the newest save has a wrong byte": async (page) => {
        await pausedAgain(page);
        await damage(page, "checkpoint.safetensors");
        await page.close();
      },
      "the newest save is cut off": async (page) => {
        await pausedAgain(page);
        await damage(page, "checkpoint.safetensors", 9999);
        await page.close();
      },
      "the newest manifest is cut off": async (page) => {
        await pausedAgain(page);
        await damage(page, "manifest.json", 99);
        await page.close();
      },
      "its description is lost": async (page) => {
        await page.evaluate(async () => {
          const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
          for await (const run of runs.values()) await run.removeEntry("about.json");
        });
        await page.close();
      },
    };
    for (const [name, interrupt] of Object.entries(interruptions)) {
      // The last one is still there.
      await forget(context);
      const page = await visit(context);
      await paused(page);
      await interrupt(page);
      const next = await visit(context);
      if (name === "the tab is closed") await next.locator("#saved-runs").screenshot({ path: join(out, "saved-run.png") });
      await continued(next);
      assert.deepEqual(await outcome(next), expected, name);
      await next.close();
    }
  } finally {
    await browser.close();
  }
});

test("the best so far is kept without the data", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    let next = await visit(page.context());
    await paused(next);
    await next.close();
    next = await visit(page.context());
    await next.getByRole("button", { name: "Keep the best so far" }).click();
    await next.getByRole("button", { name: /^Try / }).click();
    await next.getByText("one of your models").waitFor();
    await next.getByLabel("Text", { exact: true }).fill("w10 w5 w30");
    await next.getByRole("button", { name: "Predict", exact: true }).click();
    await next.getByText(/^Input: /).waitFor();
    assert.equal(await next.getByText("A run stopped").count(), 0);
  });
});

test("a run saved by another version is refused by name, and its best model can be kept", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    let next = await visit(page.context());
    await paused(next);
    await next.evaluate(async () => {
      const crc32 = (bytes) => {
        let crc = ~0;
        for (const byte of bytes) {
          crc ^= byte;
          for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
        }
        return (~crc >>> 0).toString(16).padStart(8, "0");
      };
      const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
      const [run] = await Array.fromAsync(runs.values());
      for (const slot of ["a", "b"]) {
        const folder = await run.getDirectoryHandle(slot).catch(() => null);
        const handle = await folder?.getFileHandle("manifest.json").catch(() => null);
        if (!handle) continue;
        const [json] = (await (await handle.getFile()).text()).split("\ncrc32");
        const newer = json.replace(/"version": \d+/, '"version": 99');
        const writable = await handle.createWritable();
        await writable.write(`${newer}\ncrc32 ${crc32(new TextEncoder().encode(newer))}\n`);
        await writable.close();
      }
    });
    await next.close();
    next = await visit(page.context());
    await next.getByRole("button", { name: "Continue", exact: true }).click();
    await next.getByLabel("Choose the file again").setInputFiles(texts);
    await next.getByText(/Another version of Hone saved this run \(format 99/).first().waitFor();
    await next.getByRole("button", { name: "Keep the best so far" }).click();
    await next.getByRole("button", { name: /^Try / }).click();
    await next.getByText("one of your models").waitFor();
  });
});

test("another file does not continue the run, which stays until it is deleted", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    let next = await visit(page.context());
    await paused(next);
    await next.close();
    next = await visit(page.context());
    await next.getByRole("button", { name: "Continue", exact: true }).click();
    await next.getByLabel("Choose the file again").setInputFiles(microTexts(90));
    // Next to the offer, which is still there.
    const offer = next.locator("#saved-runs");
    await offer.getByText("micro.csv has changed since the run was saved.").waitFor();
    await offer.getByText("A run stopped").waitFor();
    assert.equal(await next.getByText("micro.csv has changed").count(), 1);
    await next.getByRole("button", { name: "Delete", exact: true }).click();
    await next.getByRole("button", { name: "Delete the run for good" }).click();
    await next.getByText("A run stopped").waitFor({ state: "detached" });
  });
});

test("of two tabs, the second trains unsaved and says so", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    const [first, second] = [await visit(page.context()), await visit(page.context())];
    await paused(first);
    await second.getByLabel("Choose a file").setInputFiles(texts);
    await second.getByText("Loaded: 2 layers").waitFor();
    await start(second);
    await second.getByText("Another tab is saving a run").waitFor();
    await finished(second);
    await press(first, "Resume");
    await finished(first);
    assert.deepEqual(await outcome(first), await leftAlone());
  });
});

test("a run is offered in every open tab once its own tab is closed", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    const writer = await visit(page.context());
    await paused(writer);
    const later = [await visit(page.context()), await visit(page.context())];
    for (const other of later) assert.equal(await other.getByText("A run stopped").count(), 0);
    await writer.close();
    for (const other of later) await other.getByText("A run stopped").waitFor();
    await later[0].waitForTimeout(1000);
    for (const other of later) assert((await events(other, "runs_saved")).length <= 3, "the tabs take no turns");
  });
});

const refusals = {
  "is full": async (context, page) => {
    const session = await context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(url).origin, quotaSize: 200_000 });
  },
  // As in private windows of Firefox and Safari.
  "is refused": async (context, page) => {
    await beforeEngine(page, () => {
      StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("No storage here.", "SecurityError"));
    });
    await page.reload();
    await computeOn(page, "CPU");
    await page.getByText("Computes on the CPU").waitFor();
  },
};

for (const [name, refuse] of Object.entries(refusals)) {
  test(`a run goes on unsaved when the storage ${name}, says so, and ends like one that is saved`, async () => {
    await withPage(async (page) => {
      await withMicroModel(page);
      const context = page.context();
      const next = await visit(context);
      await refuse(context, next);
      await begun(next);
      await next.getByText(/The run goes on unsaved/).waitFor();
      await next.getByText("The browser did not promise to keep it").waitFor();
      await finished(next);
      assert.deepEqual(await outcome(next), await leftAlone());
    });
  });
}

test("a killed browser loses nothing", async () => {
  const folder = join(tmpdir(), `hone-profile-${process.pid}`);
  try {
    let context = await launchWithStorage(folder, { serviceWorkers: "block" });
    const page = await context.newPage();
    await page.goto(url);
    await withMicroModel(page);
    await paused(await visit(context));
    for (const id of await processesOf(folder)) process.kill(id, "SIGKILL");
    await context.close().catch(() => {});
    await rm(join(folder, "SingletonLock"), { force: true });
    context = await launchWithStorage(folder, { serviceWorkers: "block" });
    const again = await context.newPage();
    await again.goto(url);
    await withMicroModel(again);
    const next = await visit(context);
    await continued(next);
    assert.deepEqual(await outcome(next), await leftAlone());
    await context.close();
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** Ids of the browser's processes with this profile. */
async function processesOf(folder) {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      const program = await readlink(`/proc/${id}/exe`).catch(() => "");
      return command.includes(folder) && /chrom/.test(program) ? [Number(id)] : [];
    }),
  );
  return found.flat();
}
