// A micro model with its own tokenizer, and texts that it can learn to classify: small enough for a software GPU.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileOf } from "./harness.mjs";

const golden = (name) => readFile(new URL(`../golden/micro_bert/${name}`, import.meta.url));

/** The model's files by name. */
export async function microModel() {
  const vocab = Object.fromEntries(["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map((token, id) => [token, id]));
  for (let id = 4; id < 100; id++) vocab[`w${id}`] = id;
  const special = (token) => ({ SpecialToken: { id: token, type_id: 0 } });
  const described = (token) => ({ id: token, ids: [vocab[token]], tokens: [token] });
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "Whitespace" },
    post_processor: {
      type: "TemplateProcessing",
      single: [special("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, special("[SEP]")],
      pair: [
        special("[CLS]"),
        { Sequence: { id: "A", type_id: 0 } },
        special("[SEP]"),
        { Sequence: { id: "B", type_id: 1 } },
        { SpecialToken: { id: "[SEP]", type_id: 1 } },
      ],
      special_tokens: { "[CLS]": described("[CLS]"), "[SEP]": described("[SEP]") },
    },
    decoder: null,
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
  return {
    "config.json": await golden("config.json"),
    "model.safetensors": await golden("model.safetensors"),
    "tokenizer.json": Buffer.from(JSON.stringify(tokenizer)),
  };
}

/** A micro decoder with one word per token. */
export async function microDecoder() {
  const vocab = Object.fromEntries(["<unk>", "<s>", "</s>"].map((token, id) => [token, id]));
  for (let id = 3; id < 64; id++) vocab[`w${id}`] = id;
  const { "tokenizer.json": encoder } = await microModel();
  const { model, ...rest } = JSON.parse(encoder);
  const words = { ...model, vocab, unk_token: "<unk>" };
  const tokenizer = { ...rest, post_processor: null, pre_tokenizer: { type: "WhitespaceSplit" }, model: words };
  const file = (name) => readFile(new URL(`../golden/micro_llama/${name}`, import.meta.url));
  return {
    "config.json": await file("config.json"),
    "model.safetensors": await file("model.safetensors"),
    "tokenizer.json": Buffer.from(JSON.stringify(tokenizer)),
  };
}

/** The catalog's entry of a micro model with these files. */
export function microEntry(files, family = "bert") {
  const weights = files["model.safetensors"];
  return {
    id: "micro",
    name: "Micro",
    description: "For tests.",
    hub_id: "test/micro",
    license: "MIT",
    parameters: 24000,
    bytes: weights.length,
    folder: "models/micro/",
    files: ["tokenizer.json"],
    sha256: createHash("sha256").update(weights).digest("hex"),
    family,
    pooling: "mean",
  };
}

/** Replaces the catalog with a micro model, whose files are modified by `change`, and reloads the page. */
export async function withMicroModel(page, change = (files) => files, { family = "bert", model = microModel } = {}) {
  const files = await model();
  const entry = microEntry(files, family);
  const served = change({ ...files });
  await page.context().route("**/catalog.json", (route) => route.fulfill({ json: [entry] }));
  await page.context().route("**/models/micro/*", (route) => {
    const body = served[route.request().url().split("/").at(-1)];
    return body ? route.fulfill({ body }) : route.fulfill({ status: 404 });
  });
  await page.reload();
  await page.locator("#shell").waitFor({ state: "detached" });
}

/** `rows` texts of 3 to 8 words; texts of class "five" contain the word w5, those of class "six" w6. */
export function microTexts(rows) {
  let state = 1;
  const draw = (n) => (state = (state * 48271) % 2147483647) % n;
  const lines = Array.from({ length: rows }, (_, row) => {
    const words = Array.from({ length: 3 + draw(6) }, () => `w${10 + draw(90)}`);
    words[draw(words.length)] = row % 2 ? "w6" : "w5";
    return `${words.join(" ")},${row % 2 ? "six" : "five"}`;
  });
  return fileOf("micro.csv", `text,label\n${lines.join("\n")}\n`);
}
