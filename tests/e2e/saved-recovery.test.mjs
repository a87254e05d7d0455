// Runs that lose their engine: another one continues them from the last save, without the user. The real engine with a micro
// model.

import assert from "node:assert/strict";
import { test } from "node:test";
import { finished } from "./fake.mjs";
import { withPage } from "./harness.mjs";
import { withMicroModel } from "./micro.mjs";
import { computeOnGpu, events } from "./real.mjs";
import { choose, leftAlone, outcome, paused, press, visit } from "./saved.mjs";

test("a run whose worker is terminated goes on by itself and ends like one that was left alone", async () => {
  await withPage(async (page) => {
    await withMicroModel(page);
    await page.context().clock.install();
    const next = await visit(page.context());
    await paused(next);
    await press(next, "Resume");
    // Nobody tells the page; it notices the silence after half a minute.
    await next.evaluate(() => globalThis.workers.at(-1).terminate());
    await next.clock.runFor(31_000);
    await next.getByText(/Another engine continues the run from step \d+/).waitFor();
    await finished(next);
    assert.equal((await events(next, "finished")).length, 1);
    assert.deepEqual(await outcome(next), await leftAlone());
  });
});

/** What differs from the recipe in a run on the software GPU: it takes half a second for a step, and draws other masks. */
const onGpu = { epochs: 1, dropout: 0, attention_dropout: 0, head_dropout: 0 };

test("a GPU that crashes during a run is replaced, and the run goes on by itself", async () => {
  await withPage(
    async (page) => {
      await withMicroModel(page);
      const next = await visit(page.context());
      await computeOnGpu(next);
      await paused(next, onGpu, choose, 4);
      await press(next, "Resume");
      const session = await page.context().browser().newBrowserCDPSession();
      await session.send("Browser.crashGpuProcess").catch(() => {});
      await next.getByText(/Another engine continues the run from step \d+/).waitFor();
      await finished(next);
      assert.equal((await events(next, "finished")).length, 1);
      const [found, expected] = [await outcome(next), await leftAlone(onGpu)];
      assert.deepEqual(found.losses.map(([step]) => step), expected.losses.map(([step]) => step));
      const apart = Math.max(...found.losses.map(([, loss], i) => Math.abs(loss - expected.losses[i][1])));
      console.log(`largest difference ${apart.toExponential(1)}`);
      assert(apart < 1e-3, `losses differ by ${apart}`);
    },
    { expectComplaints: /./ },
  );
});

test("after three losses in ten minutes, the CPU takes over, and nothing is lost", async () => {
  await withPage(
    async (page) => {
      await withMicroModel(page);
      const next = await visit(page.context());
      await computeOnGpu(next);
      await paused(next, { epochs: 4 }, choose, 4);
      for (const times of [1, 2, 3, 4]) {
        await next.evaluate(() => globalThis.workers.at(-1).dispatchEvent(new ErrorEvent("error", { message: "lost" })));
        await next.waitForFunction((times) => globalThis.events.filter(({ kind }) => kind === "started").length > times, times);
      }
      await next.getByText(/Another engine continues the run from step \d+ on the CPU/).waitFor();
      await next.getByText("Computes on the CPU").waitFor();
      await finished(next);
      const steps = (await events(next, "steps")).flatMap(({ steps }) => steps.map(({ step }) => step));
      assert.equal(steps.at(-1), Math.max(...steps), "it went on to the last step");
    },
    { expectComplaints: /./ },
  );
});
