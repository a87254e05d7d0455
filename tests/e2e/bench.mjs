// Times training steps in the built page's worker: one JSON line per case.
// `cargo xtask bench [size ...] [--trainable-layers FIRST..LAST] [--device cpu|gpu] [--steps N] [--empty]`
//
// With trainable layers, there is a row for each number of trainable top layers (in addition to the head); and another
// one with cached outputs of the frozen layers, as in a run from the second epoch on.
//
// `cpu_step_ms` and `cpu_ms_per_token` are CPU time of the worker's thread: on a machine that does other work, they are
// the figures to compare. `--empty` replaces every dispatch by one of no workgroups, so that a software GPU takes no
// time and the time to encode a step can be measured over many steps. Its losses mean nothing.

import { parseArgs } from "node:util";

import { workerCpuTime } from "./cpu-time.mjs";
import { beforeEngine, launch, protocolVersion, startWorker, url } from "./harness.mjs";

/** Number of steps after the first; a software GPU takes seconds for each. */
const STEPS = {
  cpu: { micro: 60, tiny: 60, minilm: 60, decoder: 60, smollm2: 10 },
  gpu: { micro: 5, tiny: 3, minilm: 2, decoder: 3 },
};
const EMPTY_STEPS = 100;
/** Rows and tokens of a batch, if they are not 8 and 64. */
const BATCHES = { decoder: { batch: 8, len: 128 }, smollm2: { batch: 1, len: 128 } };
/** Tokens that a decoder generates. */
const TOKENS = 64;
/** Steps and tokens before the timed ones, by which time the browser has optimized the wasm. */
const WARM_UP = { steps: 2, generated_tokens: 4 };
/** The first step compiles for up to a minute, and on a software GPU each further step takes as long. */
const PATIENCE_MS = 20 * 60 * 1000;

const options = {
  "trainable-layers": { type: "string" },
  device: { type: "string" },
  steps: { type: "string" },
  empty: { type: "boolean", default: false },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const devices = values.empty ? ["gpu"] : values.device ? [values.device] : ["cpu", "gpu"];
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
    if (values.empty) await emptyDispatches(page);
    await page.goto(url);
    const ask = await startWorker(page);
    await ask({ kind: "hello", version, device }, "ready");
    const steps = Number(values.steps ?? (values.empty ? EMPTY_STEPS : (STEPS[device][size] ?? 5)));
    const bench = async (change) => {
      const benchCase = { size, batch: 8, len: 64, ...BATCHES[size], ...live, ...change };
      return (await ask({ kind: "bench", case: benchCase }, "benched")).figures;
    };
    const figures = device === "cpu" ? await onCpu(bench, steps, await workerCpuTime(browser)) : await onGpu(bench, steps);
    console.log(JSON.stringify(figures));
  } catch (error) {
    console.log(JSON.stringify({ size, device, ...live, error: error.message }));
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

function onGpu(bench, steps) {
  return bench({ steps, generated_tokens: values.empty ? 0 : 32 });
}

/**
 * The CPU time of a step is the difference between a long and a short run, divided by the difference in steps; that of
 * a generated token likewise. The first step is that of a new worker.
 */
async function onCpu(bench, steps, cpuTime) {
  const { first_step_ms, generated_per_s } = await bench(WARM_UP);
  const timed = async (change) => {
    const begin = cpuTime();
    const figures = await bench({ ...WARM_UP, ...change });
    return [cpuTime() - begin, figures];
  };
  const [base] = await timed({});
  const [more, figures] = await timed({ steps: WARM_UP.steps + steps });
  const times = { ...figures, first_step_ms, cpu_step_ms: cpuTime() === null ? null : (more - base) / steps };
  if (generated_per_s === null || generated_per_s === undefined) return times;
  const [written, last] = await timed({ generated_tokens: WARM_UP.generated_tokens + TOKENS });
  const cpu_ms_per_token = cpuTime() === null ? null : (written - base) / TOKENS;
  return { ...times, generated_per_s: last.generated_per_s, cpu_ms_per_token };
}

/** Makes every dispatch of the benchmark empty. Those before it belong to the self-check, which would fail. */
function emptyDispatches(page) {
  return beforeEngine(page, () => {
    const prototype = globalThis.GPUComputePassEncoder?.prototype;
    if (!prototype) return;
    const dispatch = prototype.dispatchWorkgroups;
    prototype.dispatchWorkgroups = function (...counts) {
      // The benchmark has loaded the counter of WebGPU calls.
      dispatch.apply(this, globalThis.webgpuCounts ? [0, 0, 0] : counts);
    };
  });
}
