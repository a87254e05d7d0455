# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_NAME/ (a model of random weights for each relative of Llama) and decoder_families.json, .safetensors,
decoder_families_adapters.safetensors.

Together they use everything in which the relatives differ from Llama: biases, norms of queries and keys, norms around
both blocks, weights of norms that are differences from 1, windows shorter than the rows, layers without positions, two
rotary embeddings, llama3's scaling, and factors of embeddings, scores, residuals and logits.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import peft
import torch
import transformers

from decoders import LR_PEAK, adapted, draw_batches, save, whole
from reference import GOLDEN, draw_weights, listed, prefixed, provenance, write_json, write_tensors

VOCABULARY = 64
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 100.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
FAMILIES = {
    "llama3": ("Llama", {"rope_parameters": LLAMA3, "attention_bias": True, "mlp_bias": True}),
    "mistral": ("Mistral", {"sliding_window": 4}),
    "qwen2": ("Qwen2", {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1}),
    "qwen3": ("Qwen3", {"head_dim": 16, "tie_word_embeddings": True}),
    "smollm3": ("SmolLM3", {"no_rope_layers": [1, 0], "rope_parameters": {"rope_type": "default", "rope_theta": 2e6}}),
    "granite": (
        "Granite",
        {
            "embedding_multiplier": 3.0,
            "attention_multiplier": 0.2,
            "residual_multiplier": 0.4,
            "logits_scaling": 2.0,
            "tie_word_embeddings": True,
        },
    ),
    "gemma3": (
        "Gemma3",
        {
            "head_dim": 16,
            "query_pre_attn_scalar": 64,
            "sliding_window": 4,
            "layer_types": ["sliding_attention", "full_attention"],
        },
    ),
}
FINAL = ("model.embed_tokens.weight", "model.layers.0.self_attn.k_proj.weight", "model.norm.weight")
OWN_FINAL = {
    "llama3": ("model.layers.1.self_attn.o_proj.bias",),
    "qwen2": ("model.layers.0.self_attn.q_proj.bias",),
    "qwen3": ("model.layers.1.self_attn.q_norm.weight",),
    "gemma3": ("model.layers.0.self_attn.k_norm.weight", "model.layers.1.post_feedforward_layernorm.weight"),
}


def main():
    generator = torch.Generator().manual_seed(180)
    batches = draw_batches(generator, VOCABULARY)
    cases, tensors, adapters, inputs = {}, {}, {}, []
    for name, (family, settings) in FAMILIES.items():
        folder = GOLDEN / f"micro_{name}"
        load = write_micro(folder, family, settings, generator)
        cases[name], found = whole(load, ["model.embed_tokens"], batches, FINAL + OWN_FINAL.get(name, ()))
        tensors |= prefixed(name, found)
        cases[name]["lora"], found, adapter = adapted(load, {"target_modules": TARGETS}, batches, seed=181)
        tensors |= prefixed(f"{name}.lora", found)
        adapters |= prefixed(name, adapter)
        inputs += [folder / "model.safetensors", folder / "config.json"]
    versions = provenance(__file__, inputs) | {"peft": peft.__version__}
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "decoder_families.json", info)
    write_tensors(GOLDEN / "decoder_families.safetensors", tensors)
    write_tensors(GOLDEN / "decoder_families_adapters.safetensors", adapters)


def write_micro(folder, family, settings, generator):
    """Writes a model of random weights and returns a function that loads it."""
    kind = getattr(transformers, f"{family}ForCausalLM")
    sizes = {
        "vocab_size": VOCABULARY,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5,
        "bos_token_id": 1,
        "eos_token_id": 2,
        # With one, PyTorch would give its embedding no gradient.
        "pad_token_id": None,
        "tie_word_embeddings": family == "Gemma3",
    }
    model = kind(kind.config_class(**(sizes | settings)))
    draw_weights(model, generator)
    if family == "Gemma3":
        with torch.no_grad():
            for parameter_name, parameter in model.named_parameters():
                if parameter_name.endswith("norm.weight"):
                    parameter -= 1.0
    save(model, folder)
    return lambda: kind.from_pretrained(folder, attn_implementation="eager")


if __name__ == "__main__":
    main()
