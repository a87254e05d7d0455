# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_llama*/ (Llamas of random weights) and llama.json, llama.safetensors, llama_adapter.safetensors.

The first ties embeddings and head, as SmolLM2 does, and has `rope_theta` where transformers 4 writes it. The second is
not tied, has `rope_theta` where transformers 5 writes it, and a `head_dim` above hidden size / heads. Both have two
key-value heads for four query heads.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import peft
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from decoders import LR_PEAK, adapted, draw_batches, save, whole
from reference import GOLDEN, draw_weights, listed, prefixed, provenance, write_json, write_tensors

VOCABULARY = 64
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SHAPES = {
    "micro_llama": {"tie_word_embeddings": True, "rms_norm_eps": 1e-5, "rope_theta": 1e5},
    "micro_llama_untied": {"tie_word_embeddings": False, "head_dim": 16, "rope_theta": 5e4},
}
FINAL = (
    "model.embed_tokens.weight",
    "model.layers.0.self_attn.k_proj.weight",
    "model.layers.1.mlp.down_proj.weight",
    "model.norm.weight",
)


def main():
    generator = torch.Generator().manual_seed(80)
    batches = draw_batches(generator, VOCABULARY)
    cases, tensors, inputs = {}, {}, []
    for name, shape in SHAPES.items():
        folder = GOLDEN / name
        write_micro(folder, shape, generator)
        if shape["tie_word_embeddings"]:
            write_as_transformers_4(folder / "config.json")
        head = () if shape["tie_word_embeddings"] else ("lm_head.weight",)
        cases[name], found = whole(loader(folder), ["model.embed_tokens"], batches, FINAL + head)
        tensors |= prefixed(name, found)
        inputs += [folder / "model.safetensors", folder / "config.json"]
    settings = {"target_modules": TARGETS}
    cases["lora"], found, adapter = adapted(loader(GOLDEN / "micro_llama"), settings, batches, seed=81)
    tensors |= prefixed("lora", found)
    versions = provenance(__file__, inputs) | {"peft": peft.__version__}
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "llama.json", info)
    write_tensors(GOLDEN / "llama.safetensors", tensors)
    write_tensors(GOLDEN / "llama_adapter.safetensors", adapter)


def write_micro(folder, shape, generator):
    """A Llama of random weights."""
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        **shape,
    )
    model = LlamaForCausalLM(config)
    draw_weights(model, generator)
    save(model, folder)


def write_as_transformers_4(path):
    """Moves `rope_theta` to the top level, where most published folders have it."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def loader(folder):
    """Returns a function that loads the model in `folder`."""
    return lambda: LlamaForCausalLM.from_pretrained(folder, attn_implementation="eager")


if __name__ == "__main__":
    main()
