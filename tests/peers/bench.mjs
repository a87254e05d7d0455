// Times the same training step in Hone and in its peers, one after the other, each on one thread. Prints a JSON line
// for each, and then a table of ratios. `cargo xtask bench --peers` runs it.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { SIZES } from "./case.mjs";

// PEERS_PYTHON has PyTorch, PEERS_TRAINING_PYTHON has the training build of ONNX Runtime, PEERS_OUT is a folder for its
// output.
const { PEERS_PYTHON: python, PEERS_TRAINING_PYTHON: trainingPython, PEERS_OUT: out } = process.env;
const here = (name) => join(import.meta.dirname, name);
/** Hone runs before and after its peers: the difference is the machine's noise. */
const HONE = ["Hone", "Hone again"];

const hone = async (size) => {
  const lines = await run("node", here("../e2e/bench.mjs"), size, "--device", "cpu");
  return lines.at(-1);
};
const peers = {
  [HONE[0]]: hone,
  PyTorch: async (size) => (await run(python, here("pytorch.py"), size)).at(-1),
  "onnxruntime-web": async (size) => {
    await run(trainingPython, here("artifacts.py"), size, join(out, size));
    return (await run("node", here("ort.mjs"), size, join(out, size))).at(-1);
  },
  "jax-js": async (size) => (await run("node", here("jax.mjs"), size)).at(-1),
  "TensorFlow.js": async (size) => (await run("node", here("tfjs.mjs"), size)).at(-1),
  [HONE[1]]: hone,
};

/** The JSON lines that a program prints. */
async function run(program, ...args) {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1e8, env: { ...process.env, OMP_NUM_THREADS: "1" } });
  return stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

/** The last lines of a failed program's output. */
const reason = ({ stderr, message }) => (stderr?.trim() || message).split("\n").at(-1);

const table = [];
for (const size of Object.keys(SIZES)) {
  const times = {};
  for (const [peer, time] of Object.entries(peers)) {
    try {
      const figures = await time(size);
      times[peer] = figures.median_step_ms;
      console.log(JSON.stringify({ ...figures, peer, size }));
    } catch (error) {
      times[peer] = reason(error);
      console.log(JSON.stringify({ peer, size, error: times[peer] }));
    }
  }
  const [before, after] = HONE.map((peer) => times[peer]);
  const ours = (before + after) / 2;
  for (const [peer, ms] of Object.entries(times)) {
    const cells = typeof ms === "number" ? [ms.toFixed(0), (ms / ours).toFixed(2)] : ["–", ms];
    table.push(`| ${[size, peer, ...cells].join(" | ")} |`);
  }
}
console.log(["", "| size | who | ms a step | over Hone's mean |", "|---|---|--:|--:|", ...table].join("\n"));
