# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes stories260k.json, .safetensors and stories260k_adapter.safetensors: a real Llama, on real texts.

Translation (Tatoeba) and instructions, 20 steps each, whole and by LoRA; a row is the prompt with the model's first
token, the completion tokenized by itself, and the last token. The JSON holds the ids, so no tokenizer is needed. The
model and the data are not in this repository: without them nothing is written.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import peft
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoTokenizer, LlamaForCausalLM

from decoders import LR_PEAK, ROUNDS, adapted, greedy
from reference import GOLDEN, ROOT, Optimizer, curve, prefixed, provenance, write_json, write_tensors

SHARED = Path(os.environ.get("HONE_SHARED", ROOT.parent / "shared"))
FOLDER = SHARED / "models/stories260K"
ENGLISH, FRENCH = (SHARED / f"data/tatoeba/tatoeba.fra-eng.{language}" for language in ("eng", "fra"))
INSTRUCTIONS = SHARED / "data/instruct/instruction-data.json"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TEXTS = ["Once upon a time", "Lily and Tom went to the park.", "The dog was sad because"]
LENGTH, ROWS, BATCHES = 96, 4, 4
NEW_TOKENS = 48


def main():
    if not FOLDER.exists():
        print(f"{FOLDER} is not there: nothing is written")
        return
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    prompts = [tokenizer(text)["input_ids"] for text in TEXTS]
    texts = greedy(load(), prompts, NEW_TOKENS)
    for text, found in zip(TEXTS, texts):
        found |= {"text": text, "continued": tokenizer.decode(found["prompt"] + found["completion"])}
    with torch.no_grad():
        tensors = {f"logits.{i}": load().eval()(input_ids=torch.tensor([ids])).logits for i, ids in enumerate(prompts)}
    cases, adapters = {}, {}
    for task, pairs in {"translation": translation(), "instruction": instructions()}.items():
        rows = fitting_rows(tokenizer, pairs)
        batches = [collate(rows[i * ROWS : (i + 1) * ROWS]) for i in range(BATCHES)] * ROUNDS
        model = load().train()
        whole = {"train_embeddings": True, **curve(model, Optimizer(model, len(batches), LR_PEAK), batches)}
        lora, _, adapter = adapted(load, {"target_modules": TARGETS}, batches, seed=82)
        tensors |= prefixed(f"{task}.final", {"model.norm.weight": model.model.norm.weight})
        adapters[task] = adapter
        sizes = [{name: row[name] for name in ("index", "prompt_tokens", "completion_tokens")} for row in rows]
        cases[task] = {"rows": sizes, "all": whole, "lora": lora}
    sources = [FOLDER / "model.safetensors", FOLDER / "config.json", FOLDER / "tokenizer.json"]
    versions = provenance(__file__, [*sources, ENGLISH, FRENCH, INSTRUCTIONS]) | {"peft": peft.__version__}
    write_json(GOLDEN / "stories260k.json", {"provenance": versions, "learning_rate": LR_PEAK, "texts": texts, **cases})
    write_tensors(GOLDEN / "stories260k.safetensors", tensors)
    # Both tasks begin with the same values.
    write_tensors(GOLDEN / "stories260k_adapter.safetensors", adapters["translation"])


def load():
    """The model as it was trained."""
    return LlamaForCausalLM.from_pretrained(FOLDER, attn_implementation="eager")


def translation():
    """Pairs of sentences with their line, counted from 0, from French to English."""
    french, english = (path.read_text(encoding="utf-8").split("\n") for path in (FRENCH, ENGLISH))
    return [(i, f"French: {pair[0]}\nEnglish: ", pair[1]) for i, pair in enumerate(zip(french, english))]


def instructions():
    """Instructions and answers with their place in the file, counted from 0; those that have an input are left out."""
    rows = json.loads(INSTRUCTIONS.read_text(encoding="utf-8"))
    return [(i, f"{row['instruction']}\n", row["output"]) for i, row in enumerate(rows) if not row["input"]]


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
