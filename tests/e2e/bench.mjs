// Times training steps in the built page's worker: one JSON line per case.
// `cargo xtask bench [size ...] [--trainable-layers FIRST..LAST] [--device cpu|gpu]`
//
// With trainable layers, there is a row for each number of trainable top layers (in addition to the head); and another
// one with cached outputs of the frozen layers, as in a run from the second epoch on.

import { parseArgs } from "node:util";

import { launch, protocolVersion, startWorker, url } from "./harness.mjs";

/** Number of steps after the first; a software GPU takes seconds for each. */
const STEPS = {
  cpu: { micro: 20, tiny: 20, minilm: 5, decoder: 10, smollm2: 2 },
  gpu: { micro: 5, tiny: 3, minilm: 2, decoder: 3 },
};
/** Rows and tokens of a batch, if they are not 8 and 64. */
const BATCHES = { decoder: { batch: 8, len: 128 }, smollm2: { batch: 1, len: 128 } };
/** The first step compiles for up to a minute, and on a software GPU each further step takes as long. */
const PATIENCE_MS = 20 * 60 * 1000;

const options = { "trainable-layers": { type: "string" }, device: { type: "string" } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const devices = values.device ? [values.device] : ["cpu", "gpu"];
const version = await protocolVersion();

/** The trainable part in each row: everything, or a number of top layers. */
function cases() {
  const range = values["trainable-layers"]?.split("..").map(Number);
  if (!range) return [{ trainable_layers: undefined, keeps_prefix: false }];
  const [first, last = first] = range;
  const counts = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return counts.flatMap((trainable_layers) => [false, true].map((keeps_prefix) => ({ trainable_layers, keeps_prefix })));
}

for (const device of devices) {
  for (const size of positionals.length ? positionals : Object.keys(STEPS[device])) {
    for (const live of cases()) await row(device, size, live);
  }
}

async function row(device, size, live) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(url);
    const ask = await startWorker(page);
    await ask({ kind: "hello", version, device }, "ready");
    const benchCase = { size, batch: 8, len: 64, ...BATCHES[size], steps: STEPS[device][size] ?? 5, ...live };
    const { figures } = await ask({ kind: "bench", case: benchCase }, "benched");
    console.log(JSON.stringify(figures));
  } catch (error) {
    console.log(JSON.stringify({ size, device, ...live, error: error.message }));
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}
