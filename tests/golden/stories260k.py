# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes stories260k.json, .safetensors and stories260k_adapter.safetensors: a real Llama, on real texts.

Translation and dictionary questions, from the samples that `cargo xtask setup` makes: 20 steps each, of all weights and
of LoRA. A row is the BOS token, the prompt, the completion tokenized by itself, and the EOS token.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import peft
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoTokenizer, LlamaForCausalLM

from decoders import LR_PEAK, ROUNDS, adapted, greedy
from corpus import SAMPLES
from reference import GOLDEN, STORIES, Optimizer, curve, prefixed, provenance, write_json, write_tensors

MESSAGES, DICTIONARY = SAMPLES / "messages.csv", SAMPLES / "dictionary.jsonl"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TEXTS = ["Once upon a time", "Lily and Tom went to the park.", "The dog was sad because"]
LENGTH, ROWS, BATCHES = 96, 4, 4
FINAL = ("model.layers.2.self_attn.q_proj.weight", "model.norm.weight")
NEW_TOKENS = 48


def main():
    tokenizer = AutoTokenizer.from_pretrained(STORIES)
    prompts = [tokenizer(text)["input_ids"] for text in TEXTS]
    texts = greedy(load(), prompts, NEW_TOKENS)
    for text, found in zip(TEXTS, texts):
        found |= {"text": text, "continued": tokenizer.decode(found["prompt"] + found["completion"])}
    with torch.no_grad():
        tensors = {f"logits.{i}": load().eval()(input_ids=torch.tensor([ids])).logits for i, ids in enumerate(prompts)}
    cases, adapters = {}, {}
    for task, pairs in {"translation": translation(), "dictionary": dictionary()}.items():
        rows = fitting_rows(tokenizer, pairs)
        batches = [collate(rows[i * ROWS : (i + 1) * ROWS]) for i in range(BATCHES)] * ROUNDS
        model = load().train()
        whole = {"train_embeddings": True, **curve(model, Optimizer(model, len(batches), LR_PEAK), batches)}
        lora, _, adapter = adapted(load, {"target_modules": TARGETS}, batches, seed=82)
        tensors |= prefixed(f"{task}.final", {name: model.get_parameter(name) for name in FINAL})
        adapters[task] = adapter
        sizes = [{name: row[name] for name in ("index", "prompt_tokens", "completion_tokens")} for row in rows]
        cases[task] = {"rows": sizes, "all": whole, "lora": lora}
    sources = [STORIES / name for name in ("model.safetensors", "config.json", "tokenizer.json")]
    versions = provenance(__file__, [*sources, MESSAGES, DICTIONARY]) | {"peft": peft.__version__}
    write_json(GOLDEN / "stories260k.json", {"provenance": versions, "learning_rate": LR_PEAK, "texts": texts, **cases})
    write_tensors(GOLDEN / "stories260k.safetensors", tensors)
    # Both tasks begin with the same values.
    write_tensors(GOLDEN / "stories260k_adapter.safetensors", adapters["translation"])


def load():
    """The published model."""
    return LlamaForCausalLM.from_pretrained(STORIES, attn_implementation="eager")


def translation():
    """English and French of each row, by its line number from 0; rows that CSV must quote are skipped."""
    lines = list(enumerate(MESSAGES.read_text(encoding="utf-8").split("\n")))[1:]
    pairs = [(i, line.split(",")) for i, line in lines if line.count(",") == 1 and '"' not in line]
    return [(i, f"English: {english}\nFrench: ", french) for i, (english, french) in pairs]


def dictionary():
    """First question and answer of each conversation, by its line number from 0."""
    rows = [json.loads(line)["messages"] for line in DICTIONARY.read_text(encoding="utf-8").splitlines()]
    return [(i, f"{messages[0]['content']}\n", messages[1]["content"]) for i, messages in enumerate(rows)]


def fitting_rows(tokenizer, pairs):
    """The first pairs that are no longer than `LENGTH`, as tokens, as many as are needed."""
    rows = []
    for index, prompt, completion in pairs:
        before = tokenizer(prompt)["input_ids"]
        after = tokenizer(completion, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        if len(before) + len(after) <= LENGTH:
            tokens = {"input_ids": before + after, "labels": [-100] * len(before) + after}
            sizes = {"prompt_tokens": len(before), "completion_tokens": len(after)}
            rows.append({"index": index, **sizes, **tokens})
    return rows[: ROWS * BATCHES]


def collate(rows):
    """A batch padded at the end, with 0."""
    ids = pad_sequence([torch.tensor(row["input_ids"]) for row in rows], batch_first=True)
    mask = pad_sequence([torch.ones(len(row["input_ids"]), dtype=torch.long) for row in rows], batch_first=True)
    labels = pad_sequence([torch.tensor(row["labels"]) for row in rows], batch_first=True, padding_value=-100)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


if __name__ == "__main__":
    main()
