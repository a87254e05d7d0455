# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes smollm2.json and smollm2.safetensors: what SmolLM2 answers to ten questions, by its 4-bit file.

Weights are transformers' reading of the GGUF file. A question is put into the model's own chat template and split as its
own tokenizer does, digits one by one (see micro_gguf.py). The tensors are the logits behind each prompt, every 16th of
the vocabulary.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from gguf import GGUFReader
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.integrations.gguf.gguf_tokenizer_mapping import convert_gguf_tokenizer, get_gguf_tokenizer

from decoders import greedy
from micro_gguf import SMOLLM2, split_digits
from reference import GOLDEN, provenance, write_json, write_tensors

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
    info = {"provenance": provenance(__file__, [SMOLLM2]), "every": EVERY, "answers": answers}
    write_json(GOLDEN / "smollm2.json", info)
    write_tensors(GOLDEN / "smollm2.safetensors", {f"logits.{i}": row for i, row in enumerate(logits)})


def prompt(tokenizer, question):
    """A question in the form in which the model answers."""
    messages = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


if __name__ == "__main__":
    main()
