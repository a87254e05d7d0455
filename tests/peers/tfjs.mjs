// TensorFlow.js on its wasm backend, one thread. It has Adam without decoupled decay. The gradient of a lookup is
// computed here: the op that it needs (UnsortedSegmentSum) is missing on that backend.

import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { BATCH, LEN, LR, SIZES, ids, labels, shapes, time, values } from "./case.mjs";

const [size] = process.argv.slice(2);
const { hidden, heads, layers } = SIZES[size];

setWasmPaths(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm").replace(/[^/]*$/, ""));
setThreadsCount(1);
await tf.setBackend("wasm");

const weights = Object.fromEntries(
  Object.entries(shapes(SIZES[size])).map(([name, shape]) => [name, tf.variable(tf.tensor(values(name, shape), shape))]),
);

const lookup = tf.customGrad((table, save) => {
  save([table]);
  const value = tf.gather(table, tf.tensor1d(ids, "int32"));
  const gradFunc = (dy) => {
    const [from, into] = [dy.dataSync(), new Float32Array(table.size)];
    ids.forEach((id, row) => {
      for (let i = 0; i < hidden; i++) into[id * hidden + i] += from[row * hidden + i];
    });
    return tf.tensor(into, table.shape);
  };
  return { value, gradFunc };
});

function norm(x, name) {
  const { mean, variance } = tf.moments(x, -1, true);
  return x.sub(mean).div(variance.add(1e-12).sqrt()).mul(weights[`${name}.scale`]).add(weights[`${name}.shift`]);
}

const linear = (x, name) => tf.matMul(x, weights[name]).add(weights[`${name}.bias`]);
const gelu = (x) => x.mul(x.div(Math.SQRT2).erf().add(1)).mul(0.5);

function attention(x, layer) {
  const split = (part) =>
    linear(x, `${layer}.${part}`).reshape([BATCH, LEN, heads, hidden / heads]).transpose([0, 2, 1, 3]);
  const scores = tf.matMul(split("query"), split("key"), false, true).div(Math.sqrt(hidden / heads));
  const mixed = tf.matMul(tf.softmax(scores), split("value")).transpose([0, 2, 1, 3]).reshape([BATCH * LEN, hidden]);
  return linear(mixed, `${layer}.output`);
}

function loss() {
  const places = tf.tile(weights.positions.slice([0, 0], [LEN, hidden]), [BATCH, 1]);
  let x = norm(lookup(weights.words).add(places).add(weights.types.slice([0, 0], [1, hidden])), "norm");
  for (let i = 0; i < layers; i++) {
    x = norm(x.add(attention(x, i)), `${i}.attention_norm`);
    x = norm(x.add(linear(gelu(linear(x, `${i}.up`)), `${i}.down`)), `${i}.norm`);
  }
  const logits = linear(x.reshape([BATCH, LEN, hidden]).mean(1), "classifier");
  return tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d(labels, "int32"), 2), logits);
}

const optimizer = tf.train.adam(LR);
await time("TensorFlow.js", size, async () => {
  const cost = optimizer.minimize(loss, true);
  const [value] = await cost.data();
  cost.dispose();
  return value;
});
