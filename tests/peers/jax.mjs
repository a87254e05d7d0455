// jax-js on its wasm backend, one thread, the whole step compiled. AdamW is written out. Functions consume their
// arrays, unless these are passed by `ref`.

import { defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { BATCH, LEN, LR, SIZES, WEIGHT_DECAY, ids, labels, shapes, time, values } from "./case.mjs";

const [size] = process.argv.slice(2);
const { hidden, heads, layers } = SIZES[size];
await init("wasm");
defaultDevice("wasm");

const linear = (w, x, name) => np.matmul(x, w[name]).add(w[`${name}.bias`]);
const gelu = (x) => x.ref.mul(lax.erf(x.mul(Math.SQRT1_2)).add(1)).mul(0.5);

function norm(w, x, name) {
  const centered = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centered.ref), -1, { keepdims: true });
  return centered.div(np.sqrt(variance.add(1e-12))).mul(w[`${name}.scale`]).add(w[`${name}.shift`]);
}

function attention(w, x, layer) {
  const split = (x, part) =>
    linear(w, x, `${layer}.${part}`).reshape([BATCH, LEN, heads, hidden / heads]).transpose([0, 2, 1, 3]);
  const keys = split(x.ref, "key").transpose([0, 1, 3, 2]);
  const scores = np.matmul(split(x.ref, "query"), keys).mul(1 / Math.sqrt(hidden / heads));
  const mixed = np.matmul(nn.softmax(scores, -1), split(x, "value"));
  return linear(w, mixed.transpose([0, 2, 1, 3]).reshape([BATCH * LEN, hidden]), `${layer}.output`);
}

function loss(w, ids, targets) {
  const places = np.tile(w.positions.slice([0, LEN]), [BATCH, 1]);
  let x = norm(w, np.take(w.words, ids, 0).add(places).add(w.types.slice([0, 1])), "norm");
  for (let i = 0; i < layers; i++) {
    x = norm(w, x.ref.add(attention(w, x, i)), `${i}.attention_norm`);
    x = norm(w, x.ref.add(linear(w, gelu(linear(w, x, `${i}.up`)), `${i}.down`)), `${i}.norm`);
  }
  const logits = linear(w, np.mean(x.reshape([BATCH, LEN, hidden]), 1), "classifier");
  return np.sum(nn.logSoftmax(logits, -1).mul(targets)).mul(-1 / BATCH);
}

/** One weight after AdamW's step, with its moments; `corrections` are 1 − βᵗ. */
function adamw({ w, m, v }, gradient, corrections) {
  m = m.mul(0.9).add(gradient.ref.mul(0.1));
  v = v.mul(0.999).add(np.square(gradient).mul(0.001));
  const [first, second] = [corrections.ref.slice(0), corrections.slice(1)];
  const change = m.ref.div(first).div(np.sqrt(v.ref.div(second)).add(1e-8));
  return { w: w.mul(1 - LR * WEIGHT_DECAY).sub(change.mul(LR)), m, v };
}

const step = jit((state, ids, targets, corrections) => {
  const weights = Object.fromEntries(Object.entries(state).map(([name, { w }]) => [name, w.ref]));
  const [cost, gradients] = valueAndGrad(loss)(weights, ids, targets);
  const next = Object.entries(state).map(([name, one]) => [name, adamw(one, gradients[name], corrections.ref)]);
  corrections.dispose();
  return [cost, Object.fromEntries(next)];
});

let state = Object.fromEntries(
  Object.entries(shapes(SIZES[size])).map(([name, shape]) => {
    const zeros = () => np.zeros(shape);
    return [name, { w: np.array(values(name, shape), { shape }), m: zeros(), v: zeros() }];
  }),
);
const [tokens, targets] = [np.array(ids), nn.oneHot(np.array(labels), 2)];
let t = 0;
await time("jax-js", size, async () => {
  t++;
  let cost;
  const corrections = np.array([1 - 0.9 ** t, 1 - 0.999 ** t]);
  [cost, state] = step(state, tokens.ref, targets.ref, corrections);
  await Promise.all(tree.leaves(state).map((leaf) => leaf.blockUntilReady()));
  const [value] = await cost.data();
  return value;
});
