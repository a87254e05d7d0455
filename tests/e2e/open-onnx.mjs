// SPDX-License-Identifier: MIT OR Apache-2.0
// Opens ONNX exports with transformers.js, as tests/tests/export_interop writes them, and compares the logits with the
// engine's. Then runs the code of each model card.
//
//     node open-onnx.mjs FOLDER

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import * as transformers from "@huggingface/transformers";

const {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForQuestionAnswering,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
  AutoTokenizer,
  Tensor,
  env,
} = transformers;

env.allowRemoteModels = false;

const CLASSES = {
  ForSequenceClassification: AutoModelForSequenceClassification,
  ForTokenClassification: AutoModelForTokenClassification,
  ForQuestionAnswering: AutoModelForQuestionAnswering,
};
const AsyncFunction = (async () => {}).constructor;

/** The logits of a folder's model for texts, padded to the longest. */
async function logitsOf(folder, { texts, shape, input_ids, attention_mask }) {
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const known = Object.entries(CLASSES).find(([ending]) => config.architectures[0].endsWith(ending));
  const auto = known ? known[1] : AutoModel;
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  const [first, second] = [0, 1].map((at) => texts.map((pair) => pair[at]));
  const pairs = second[0] === undefined ? {} : { text_pair: second };
  const batch = await tokenizer(first, { ...pairs, padding: "max_length", truncation: true, max_length: shape[1] });
  assert.deepEqual(Array.from(batch.input_ids.data, Number), input_ids, "the ids are the engine's");
  assert.deepEqual(Array.from(batch.attention_mask.data, Number), attention_mask);
  const model = await auto.from_pretrained(folder);
  const { logits, start_logits, end_logits, sentence_embedding } = await model(batch);
  if (sentence_embedding) return Array.from(sentence_embedding.data);
  if (logits) return Array.from(logits.data);
  return Array.from(start_logits.data).flatMap((start, at) => [start, end_logits.data[at]]);
}

/** Continues a decoder's prompts. The tokens of a rounded model may be others. */
async function checkDecoder(folder, { prompts, is_rounded }) {
  const model = await AutoModelForCausalLM.from_pretrained(folder);
  for (const { prompt_ids, completion_ids } of prompts) {
    const ids = (values) => new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
    const inputs = { input_ids: ids(prompt_ids), attention_mask: ids(prompt_ids.map(() => 1)) };
    const output = await model.generate({ ...inputs, max_new_tokens: completion_ids.length, do_sample: false });
    const made = Array.from(output.data, Number).slice(prompt_ids.length);
    if (is_rounded) assert.ok(made.length > 0);
    else assert.deepEqual(made, completion_ids);
  }
  return `${prompts.length} prompts`;
}

/** Runs the JavaScript of a folder's card; returns what it prints. */
async function runCard(folder) {
  const [, code] = readFileSync(join(folder, "README.md"), "utf8").match(/```js\n([^]*?)```/);
  const [line, names] = code.match(/^import \{ (.*) \} from "@huggingface\/transformers";\n/);
  const body = code.slice(line.length).replaceAll("path/to/this/folder", folder);
  const printed = [];
  const scope = { ...Object.fromEntries(names.split(", ").map((name) => [name, transformers[name]])) };
  scope.console = { ...console, log: (...values) => printed.push(...values) };
  await new AsyncFunction(...Object.keys(scope), body)(...Object.values(scope));
  assert.ok(printed.length > 0, "it prints nothing");
  return JSON.stringify(printed).slice(0, 80);
}

const root = process.argv[2];
const names = readdirSync(root);
assert.ok(names.length > 0);
for (const name of names) {
  const folder = join(root, name, "model");
  const expected = JSON.parse(readFileSync(join(root, name, "expected.json"), "utf8"));
  if (expected.prompts) {
    const done = await checkDecoder(folder, expected);
    console.log(`ok    ${name}: ${done}, the card prints ${await runCard(folder)}`);
    continue;
  }
  const found = await logitsOf(folder, expected);
  assert.equal(found.length, expected.logits.length);
  const perToken = expected.logits.length / expected.attention_mask.length;
  const isToken = (at) => perToken < 1 || expected.attention_mask[Math.floor(at / perToken)] === 1;
  const largest = Math.max(1, ...expected.logits.map(Math.abs));
  if (expected.is_rounded) {
    // The class that the rounded model predicts depends on the processor; the card's code shows that it runs.
    assert.ok(found.every(Number.isFinite), name);
    console.log(`ok    ${name}: the card prints ${await runCard(folder)}`);
    continue;
  }
  const differences = found.map((value, at) => (isToken(at) ? Math.abs(value - expected.logits[at]) / largest : 0));
  const difference = Math.max(...differences);
  assert.ok(difference <= 1e-4, `${name}: the logits differ by ${difference}`);
  console.log(`ok    ${name}: ${difference.toExponential(1)}, the card prints ${await runCard(folder)}`);
}
