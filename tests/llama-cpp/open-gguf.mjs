// SPDX-License-Identifier: MIT OR Apache-2.0
// Opens GGUF exports with llama.cpp, as tests/tests/export_interop writes them: the same ids for a prompt, and the same
// greedy continuation, with an adapter if there is one; for embeddings, the same vectors.
//
//     node open-gguf.mjs FOLDER

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { LlamaLogLevel, getLlama } from "node-llama-cpp";

/** Compares ids and vectors of texts. */
async function checkVectors(name, model, texts) {
  const context = await model.createEmbeddingContext({ contextSize: 128, threads: 1 });
  let least = 1;
  for (const { text, ids, vector } of texts) {
    assert.deepEqual([...model.tokenize(text)], ids.slice(1, -1), `${name}: ${text}`);
    const found = (await context.getEmbeddingFor(text)).vector;
    const dot = (a, b) => a.reduce((sum, value, at) => sum + value * b[at], 0);
    least = Math.min(least, dot(found, vector) / Math.sqrt(dot(found, found) * dot(vector, vector)));
  }
  // llama.cpp also rounds what the weights are multiplied with.
  assert.ok(least >= (name.endsWith("F16") ? 0.9999 : 0.999), `${name}: a cosine of ${least}`);
  console.log(`ok    ${name}: cosines of at least ${least.toFixed(6)}, ${model.typeDescription}`);
  await context.dispose();
}

const root = process.argv[2];
const names = readdirSync(root);
assert.ok(names.length > 0);
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
for (const name of names) {
  const { prompts, texts } = JSON.parse(readFileSync(join(root, name, "expected.json"), "utf8"));
  const model = await llama.loadModel({ modelPath: join(root, name, "model.gguf") });
  // One thread: on a busy machine, more of them wait for each other.
  if (texts) {
    await checkVectors(name, model, texts);
    await model.dispose();
    continue;
  }
  const adapter = join(root, name, "adapter.gguf");
  const lora = existsSync(adapter) ? { adapters: [{ filePath: adapter }] } : undefined;
  const context = await model.createContext({ contextSize: 128, threads: 1, lora });
  const sequence = context.getSequence();
  let same = 0;
  let all = 0;
  for (const { prompt, prompt_ids, completion_ids } of prompts) {
    const bos = model.tokens.shouldPrependBosToken ? [model.tokens.bos] : [];
    assert.deepEqual([...bos, ...model.tokenize(prompt)], prompt_ids, `${name}: ${prompt}`);
    await sequence.clearHistory();
    // The reference's tokens are given, so that one that differs does not change those after it.
    const given = [...prompt_ids, ...completion_ids.slice(0, -1)];
    const input = given.map((token, at) => (at < prompt_ids.length - 1 ? token : [token, { generateNext: { token: true } }]));
    const output = (await sequence.controlledEvaluate(input, { temperature: 0 })).slice(prompt_ids.length - 1);
    same += output.filter(({ next }, at) => next.token === completion_ids[at]).length;
    all += completion_ids.length;
  }
  // llama.cpp also rounds what the weights are multiplied with.
  assert.ok(same >= 0.9 * all, `${name}: ${same} of ${all} tokens are the same`);
  console.log(`ok    ${name}: ${same} of ${all} tokens, ${model.typeDescription}`);
  await context.dispose();
  await model.dispose();
}
