// The case that all peers are timed on, the same as in `cargo xtask bench`: a BERT with random weights, the mean over
// its tokens and a head for two classes; batches of 8 × 64; all weights trainable. No dropout.

export const BATCH = 8;
export const LEN = 64;
export const LR = 1e-4;
export const WEIGHT_DECAY = 0.01;

/** Sizes by name, and the steps that are timed after the first. */
export const SIZES = {
  tiny: { vocab: 30522, hidden: 128, ffn: 512, heads: 2, layers: 2, steps: 10 },
  minilm: { vocab: 30522, hidden: 384, ffn: 1536, heads: 12, layers: 6, steps: 3 },
};

/** Shapes of all weights by name. Linear layers are [in, out]. */
export function shapes({ vocab, hidden, ffn, layers }) {
  const shapes = { words: [vocab, hidden], positions: [512, hidden], types: [2, hidden], classifier: [hidden, 2] };
  const linear = (name, from, to) => Object.assign(shapes, { [name]: [from, to], [`${name}.bias`]: [to] });
  const norm = (name) => Object.assign(shapes, { [`${name}.scale`]: [hidden], [`${name}.shift`]: [hidden] });
  norm("norm");
  for (let i = 0; i < layers; i++) {
    for (const part of ["query", "key", "value", "output"]) linear(`${i}.${part}`, hidden, hidden);
    linear(`${i}.up`, hidden, ffn);
    linear(`${i}.down`, ffn, hidden);
    norm(`${i}.attention_norm`);
    norm(`${i}.norm`);
  }
  shapes["classifier.bias"] = [2];
  return shapes;
}

/** Values of a weight: normal, with deviation 0.02; the scales of norms are 1. */
export function values(name, shape) {
  const count = shape.reduce((product, n) => product * n, 1);
  if (name.endsWith(".scale")) return new Float32Array(count).fill(1);
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Float32Array.from({ length: count }, () => 0.02 * normal());
}

/** Token ids and classes of the batch. */
export const ids = Int32Array.from({ length: BATCH * LEN }, (_, i) => (31 * (i % LEN) + 17 * Math.floor(i / LEN)) % 500);
export const labels = Int32Array.from({ length: BATCH }, (_, row) => row % 2);

/** Times `step`, which returns its loss when it is done, and prints one JSON line. */
export async function time(peer, size, step) {
  const { steps } = SIZES[size];
  const [times, cpuTimes] = [[], []];
  let loss;
  for (let i = 0; i <= steps; i++) {
    const [begin, cpuBegin] = [performance.now(), process.cpuUsage()];
    loss = await step();
    const { user, system } = process.cpuUsage(cpuBegin);
    times.push(performance.now() - begin);
    cpuTimes.push((user + system) / 1e3);
  }
  if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`);
  const [median_step_ms, cpu_step_ms] = [times, cpuTimes].map((times) => {
    const later = times.slice(1).sort((a, b) => a - b);
    return later[Math.floor(later.length / 2)];
  });
  console.log(JSON.stringify({ peer, size, first_step_ms: times[0], median_step_ms, cpu_step_ms, loss }));
}
