# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_gpt2/ (a GPT-2 of random weights) and gpt2.json, gpt2.safetensors, gpt2_adapter.safetensors.

Its linear layers are Conv1D with weights `[in, out]`. Embeddings and head share a matrix. Names in the file begin with
`transformer.`, as transformers writes them (OpenAI's file has no prefix).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import peft
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from decoders import LR_PEAK, adapted, draw_batches, save, whole
from reference import GOLDEN, draw_weights, listed, prefixed, provenance, write_json, write_tensors

VOCABULARY = 64
FOLDER = GOLDEN / "micro_gpt2"
TARGETS = ["c_attn", "c_proj", "c_fc"]
EMBEDDINGS = ["transformer.wte", "transformer.wpe"]
FINAL = (
    "transformer.wte.weight",
    "transformer.wpe.weight",
    "transformer.h.0.attn.c_attn.weight",
    "transformer.h.1.mlp.c_proj.bias",
    "transformer.ln_f.weight",
)


def main():
    generator = torch.Generator().manual_seed(83)
    write_micro(generator)
    batches = draw_batches(generator, VOCABULARY)
    cases, tensors = {}, {}
    cases["micro_gpt2"], found = whole(load, EMBEDDINGS, batches, FINAL)
    tensors |= prefixed("micro_gpt2", found)
    settings = {"target_modules": TARGETS, "fan_in_fan_out": True}
    cases["lora"], found, adapter = adapted(load, settings, batches, seed=84)
    tensors |= prefixed("lora", found)
    inputs = [FOLDER / "model.safetensors", FOLDER / "config.json"]
    versions = provenance(__file__, inputs) | {"peft": peft.__version__}
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "gpt2.json", info)
    write_tensors(GOLDEN / "gpt2.safetensors", tensors)
    write_tensors(GOLDEN / "gpt2_adapter.safetensors", adapter)


def write_micro(generator):
    """A GPT-2 of random weights; its first and last token are 63."""
    last = VOCABULARY - 1
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=last, eos_token_id=last
    )
    model = GPT2LMHeadModel(config)
    draw_weights(model, generator)
    save(model, FOLDER)


def load():
    """The model without dropout."""
    settings = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    return GPT2LMHeadModel.from_pretrained(FOLDER, attn_implementation="eager", **settings)


if __name__ == "__main__":
    main()
