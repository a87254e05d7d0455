// Times training steps in the built page's worker: one JSON line a case. `cargo xtask bench [size ...]`

import { launch, protocolVersion, startWorker, url } from "./harness.mjs";

/** Steps after the first; a software GPU takes seconds for each. */
const STEPS = { cpu: { micro: 20, tiny: 20, minilm: 5 }, gpu: { micro: 5, tiny: 3, minilm: 2 } };
/** A first step compiles for up to a minute, and a software GPU then takes as long again for each. */
const PATIENCE_MS = 20 * 60 * 1000;

const chosen = process.argv.slice(2);
const sizes = chosen.length ? chosen : Object.keys(STEPS.cpu);
const version = await protocolVersion();

for (const device of ["cpu", "gpu"]) {
  for (const size of sizes) {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      await page.goto(url);
      const ask = await startWorker(page);
      await ask({ kind: "hello", version, device }, "ready");
      const benchCase = { size, batch: 8, len: 64, steps: STEPS[device][size] ?? 5 };
      const { figures } = await ask({ kind: "bench", case: benchCase }, "benched");
      console.log(JSON.stringify(figures));
    } catch (error) {
      console.log(JSON.stringify({ size, device, error: error.message }));
      process.exitCode = 1;
    } finally {
      await browser.close();
    }
  }
}
