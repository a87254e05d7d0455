# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes rope_scaling.json: logits of micro_llama under each scaling of its rotary embedding."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from reference import GOLDEN, provenance, write_json

# The longest text has more tokens than the pretraining of the scaled models, and as many as they are extended to.
LENGTH, ORIGINAL = 64, 16
# Logits are kept for one in this many positions.
EVERY = 21
THETA = {"rope_theta": 100.0}
YARN = THETA | {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": ORIGINAL}
SCALINGS = {
    "linear": THETA | {"rope_type": "linear", "factor": 4.0},
    "dynamic": THETA | {"rope_type": "dynamic", "factor": 4.0},
    "yarn": YARN,
    "yarn with its own range": YARN | {"beta_fast": 2.0, "beta_slow": 0.5, "truncate": False},
    "yarn with its own factor": YARN | {"attention_factor": 1.7, "beta_fast": 3.0},
    "yarn with scales": YARN | {"mscale": 0.7, "mscale_all_dim": 1.3},
}


def main():
    folder = GOLDEN / "micro_llama"
    generator = torch.Generator().manual_seed(300)
    ids = torch.randint(0, 64, (2, LENGTH), generator=generator)
    cases = {}
    for name, rope in SCALINGS.items():
        config = LlamaConfig.from_pretrained(folder)
        config.rope_parameters = dict(rope)
        model = LlamaForCausalLM.from_pretrained(folder, config=config, attn_implementation="eager").eval()
        with torch.no_grad():
            logits = model(input_ids=ids).logits[:, ::EVERY]
        cases[name] = {"rope_parameters": rope, "logits": [round(x, 7) for x in logits.flatten().tolist()]}
    inputs = [folder / "model.safetensors"]
    info = {"provenance": provenance(__file__, inputs), "input_ids": ids.tolist(), "every": EVERY, "cases": cases}
    write_json(GOLDEN / "rope_scaling.json", info)


if __name__ == "__main__":
    main()
