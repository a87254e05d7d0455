# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes smollm2.json and .safetensors: ten answers of SmolLM2 from its 4-bit file, and four steps of LoRA.

transformers reads the weights from the GGUF file. A question is formatted by the model's chat template and tokenized as
by its own tokenizer, which splits digits one by one (see micro_gguf.py). The tensors are the logits after each prompt,
of every 16th token of the vocabulary. The adapter starts from values computed from their index, so it is not stored.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import peft
import torch
from gguf import GGUFReader
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.integrations.gguf.gguf_tokenizer_mapping import convert_gguf_tokenizer, get_gguf_tokenizer

from decoders import ALPHA, RANK, greedy
from micro_gguf import SMOLLM2, split_digits
from reference import GOLDEN, Optimizer, curve, provenance, write_json, write_tensors

QUESTIONS = [
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "Translate into French: Good morning, my friend.",
    "What is 12 plus 30?",
    "Name three colours.",
    "Why is the sky blue?",
    "Give me a recipe for pancakes.",
    "Who wrote Romeo and Juliet?",
    "Écris une phrase sur les chats 🐱.",
    "List the first 5 prime numbers.",
]
NEW_TOKENS, EVERY = 12, 16
TURNS = [
    ("Translate into French: Good evening.", "Bonsoir."),
    ("Translate into French: The cat is asleep on the chair.", "Le chat dort sur la chaise."),
    ("Name a river in Germany.", "The Elbe."),
    ("Say it shorter: I am of the opinion that we should leave now.", "Let us go."),
]
ROWS, STEPS, LORA_LR = 2, 4, 1e-3


def main():
    architecture, found, _ = get_gguf_tokenizer(str(SMOLLM2))
    backend, _ = convert_gguf_tokenizer(architecture, found)
    split_digits(backend)
    template = GGUFReader(SMOLLM2).fields["tokenizer.chat_template"].contents()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, chat_template=template)
    prompts = [prompt(tokenizer, question) for question in QUESTIONS]
    model = AutoModelForCausalLM.from_pretrained(SMOLLM2.parent, gguf_file=SMOLLM2.name, dtype=torch.float32).eval()
    answers = greedy(model, prompts, NEW_TOKENS)
    for question, answer in zip(QUESTIONS, answers):
        answer |= {"question": question, "text": backend.decode(answer["completion"], skip_special_tokens=True)}
    with torch.no_grad():
        logits = [model(input_ids=torch.tensor([ids])).logits[0, -1, ::EVERY] for ids in prompts]
    versions = provenance(__file__, [SMOLLM2]) | {"peft": peft.__version__}
    info = {"provenance": versions, "every": EVERY, "answers": answers, "lora": learned(model, tokenizer)}
    write_json(GOLDEN / "smollm2.json", info)
    write_tensors(GOLDEN / "smollm2.safetensors", {f"logits.{i}": row for i, row in enumerate(logits)})


def learned(model, tokenizer):
    """A few steps of LoRA on the queries and values; the loss is that of the answers and the end of their turn."""
    rows = []
    for question, answer in TURNS:
        before = prompt(tokenizer, question)
        after = tokenizer(f"{answer}<|im_end|>", add_special_tokens=False)["input_ids"]
        rows.append({"input_ids": before + after, "labels": [-100] * len(before) + after})
    batches = [collate(rows[i : i + ROWS]) for i in range(0, len(rows), ROWS)]
    config = LoraConfig(
        task_type="CAUSAL_LM", r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=["q_proj", "v_proj"]
    )
    adapted = get_peft_model(model, config)
    adapter = get_peft_model_state_dict(adapted)
    for name, tensor in adapter.items():
        adapter[name] = (0.02 * torch.arange(tensor.numel(), dtype=torch.float64).sin()).float().view_as(tensor)
    set_peft_model_state_dict(adapted, adapter)
    found = {"rank": RANK, "alpha": ALPHA, "learning_rate": LORA_LR}
    found["batches"] = [{name: tensor.tolist() for name, tensor in batch.items()} for batch in batches]
    steps = [batches[i % len(batches)] for i in range(STEPS)]
    return found | curve(adapted.train(), Optimizer(adapted, STEPS, LORA_LR), steps)


def collate(rows):
    """A batch padded at the end."""
    pad = lambda name, value: torch.tensor([row[name] + [value] * (length - len(row[name])) for row in rows])
    length = max(len(row["input_ids"]) for row in rows)
    mask = torch.tensor([[int(i < len(row["input_ids"])) for i in range(length)] for row in rows])
    return {"input_ids": pad("input_ids", 0), "attention_mask": mask, "labels": pad("labels", -100)}


def prompt(tokenizer, question):
    """A question as the chat template formats it."""
    messages = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


if __name__ == "__main__":
    main()
