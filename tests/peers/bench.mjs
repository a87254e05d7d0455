// Times the same training step in Hone and in its peers, one after the other, each on one thread unless it says
// otherwise. Prints a JSON line for each, and writes the tables of docs/bench.md. `cargo xtask bench --peers` runs it.
// With names, only those peers are timed.

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SIZES } from "./case.mjs";

// PEERS_PYTHON has PyTorch, PEERS_TRAINING_PYTHON has the training build of ONNX Runtime, PEERS_HONE is the benchmark of
// the program, PEERS_OUT is a folder for output.
const { PEERS_PYTHON: python, PEERS_TRAINING_PYTHON: trainingPython, PEERS_HONE: program, PEERS_OUT: out } = process.env;
const here = (name) => join(import.meta.dirname, name);
const DOCUMENT = here("../../docs/bench.md");
/** The peer that all others are compared with. */
const REFERENCE = "PyTorch, 1 thread";

const inTab = (size, ...options) => run("node", here("../e2e/bench.mjs"), size, ...options);
const pytorch = (threads) => (size) => run(python, here("pytorch.py"), size, threads);
const peers = {
  "Hone in a tab": (size) => inTab(size, "--device", "cpu"),
  "Hone, the program": (size) => run(program, size, "60"),
  [REFERENCE]: pytorch("1"),
  "PyTorch, 2 threads": pytorch("2"),
  "onnxruntime-web": async (size) => {
    await run(trainingPython, here("artifacts.py"), size, join(out, size));
    return run("node", here("ort.mjs"), size, join(out, size));
  },
  "jax-js": (size) => run("node", here("jax.mjs"), size),
  "TensorFlow.js": (size) => run("node", here("tfjs.mjs"), size),
};
const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(peers);

/** The last JSON line that a program prints. */
async function run(program, ...args) {
  const threads = { OMP_NUM_THREADS: args.includes("2") ? "2" : "1" };
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1e8, env: { ...process.env, ...threads } });
  const figures = JSON.parse(stdout.split("\n").filter((line) => line.startsWith("{")).at(-1));
  if (figures.error) throw new Error(figures.error);
  return figures;
}

/** The figures of a program, or the last line of its complaint. */
async function figures(peer, size, time) {
  try {
    const figures = await time();
    console.log(JSON.stringify({ ...figures, peer, size }));
    return figures;
  } catch ({ stderr, message }) {
    const error = (stderr?.trim() || message).split("\n").at(-1);
    console.log(JSON.stringify({ peer, size, error }));
    return { error };
  }
}

const number = (value, digits = 0) =>
  value === undefined || value === null ? "–" : value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(heads), `|${heads.map((head, i) => (i < 2 ? "---" : "--:")).join("|")}|`, ...rows.map(line)].join("\n");
}

/** Steps of encoders on the CPU. */
async function steps() {
  const rows = [];
  for (const size of Object.keys(SIZES)) {
    const times = {};
    for (const peer of chosen) times[peer] = await figures(peer, size, () => peers[peer](size));
    const reference = times[REFERENCE]?.cpu_step_ms;
    for (const [peer, { cpu_step_ms: cpu, median_step_ms: wall, first_step_ms: first, error }] of Object.entries(times)) {
      const ratio = reference && cpu ? number(cpu / reference, 2) : "–";
      rows.push([size, error ? `${peer}: ${error}` : peer, number(cpu), ratio, number(wall), number(first)]);
    }
  }
  return table(["size", "library", "CPU ms per step", "relative to PyTorch", "wall ms per step", "first step, wall ms"], rows);
}

/** A decoder with LoRA: steps, and generated tokens. */
async function decoder() {
  const size = "smollm2";
  const timed = {
    "Hone in a tab": () => inTab(size, "--device", "cpu"),
    "Hone, the program": () => run(program, size, "5"),
  };
  const rows = [];
  for (const [peer, time] of Object.entries(timed).filter(([peer]) => chosen.includes(peer))) {
    const { cpu_step_ms: cpu, median_step_ms: wall, cpu_ms_per_token: token } = await figures(peer, size, time);
    rows.push([size, peer, number(cpu), number(wall), number(token && 1e3 / token)]);
  }
  return table(["size", "library", "CPU ms per step", "wall ms per step", "tokens per second of CPU time"], rows);
}

/** The host's part of a step on WebGPU. */
async function encoding() {
  const rows = [];
  for (const size of Object.keys(SIZES)) {
    const { dispatches_per_step, submits_per_step, encode_ms } = await figures("WebGPU", size, () => inTab(size, "--empty"));
    rows.push([size, number(dispatches_per_step), number(submits_per_step), number(encode_ms, 1)]);
  }
  return table(["size", "dispatches", "submits", "ms to encode a step"], rows);
}

/** Replaces what is between the markers of a table in the document. */
async function write(name, content) {
  const [begin, end] = [`<!-- table: ${name} -->`, `<!-- end: ${name} -->`];
  const document = await readFile(DOCUMENT, "utf8");
  const [before, rest] = document.split(begin);
  const [, after] = rest.split(end);
  await writeFile(DOCUMENT, `${before}${begin}\n${content}\n${end}${after}`);
}

const date = new Date().toLocaleDateString("en-US", { day: "numeric", month: "long", year: "numeric" });
await write("machine", `${date}, ${cpus().length} cores (${cpus()[0].model}), Node ${process.versions.node}.`);
await write("steps", await steps());
await write("decoder", await decoder());
await write("encoding", await encoding());
