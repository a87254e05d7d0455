// onnxruntime-web's training build (discontinued after 1.19), one thread, with the files from artifacts.py. The
// learning rate of its AdamW cannot be set from here and is ten times the others': the time is comparable, the loss is
// not.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
// In Node, the package exposes its training build by path, not by name.
import * as ort from "./node_modules/onnxruntime-web/dist/ort.training.wasm.min.mjs";
import { BATCH, LEN, ids, labels, time } from "./case.mjs";

const [size, folder] = process.argv.slice(2);
ort.env.wasm.numThreads = 1;
const file = (name) => readFile(join(folder, name)).then((bytes) => new Uint8Array(bytes));
const session = await ort.TrainingSession.create({
  checkpointState: await file("checkpoint"),
  trainModel: await file("training_model.onnx"),
  evalModel: await file("eval_model.onnx"),
  optimizerModel: await file("optimizer_model.onnx"),
});
const int64 = (values, shape) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), shape);
const feeds = { ids: int64(ids, [BATCH, LEN]), labels: int64(labels, [BATCH]) };
await time("onnxruntime-web", size, async () => {
  const results = await session.runTrainStep(feeds);
  await session.runOptimizerStep();
  await session.lazyResetGrad();
  return Number(Object.values(results)[0].data[0]);
});
process.exit();
