# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_electra/ (an ELECTRA of random weights) and electra.json, electra.safetensors.

The file holds the bare encoder, without a prefix in its names. Its embeddings are half as wide as its hidden states. "cls"
is ElectraForSequenceClassification (the first token through `classifier.dense` and GELU); "mean" is a linear layer on the
mean of the tokens.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import ElectraConfig, ElectraForSequenceClassification, ElectraModel

from encoders import BATCHES, LR_PEAK, NO_DROPOUT, ROUNDS, ROWS, draw_linear, draw_rows, encoder_family, with_head
from reference import GOLDEN, draw_weights, listed, provenance, write_json, write_tensors

FOLDER = GOLDEN / "micro_electra"
FINAL = ("electra.encoder.layer.0.attention.self.query.weight",)
CLASSES, VOCABULARY = 3, 64


def main():
    generator = torch.Generator().manual_seed(94)
    write_micro(generator)
    within = draw_linear("classifier.dense", 32, 32, generator)
    above = draw_linear("classifier.out_proj", CLASSES, 32, generator)
    heads = {"cls": within | above, "mean": {name.replace(".out_proj", ""): tensor for name, tensor in above.items()}}
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS

    def classifier():
        return with_head(ElectraForSequenceClassification, FOLDER, heads["cls"], num_labels=CLASSES, **NO_DROPOUT)

    def body():
        return with_head(ElectraModel, FOLDER, {}, **NO_DROPOUT)

    cases, tensors = encoder_family(body, classifier, heads, batches, FINAL)
    versions = provenance(__file__, [FOLDER / "model.safetensors", FOLDER / "config.json"])
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "electra.json", info)
    write_tensors(GOLDEN / "electra.safetensors", tensors)


def write_micro(generator):
    """An ELECTRA of random weights."""
    config = ElectraConfig(
        vocab_size=VOCABULARY,
        embedding_size=16,
        hidden_size=32,
        num_attention_heads=4,
        num_hidden_layers=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    body = ElectraModel(config)
    draw_weights(body, generator)
    body.save_pretrained(FOLDER)


def draw_batch(generator):
    """Rows with a class."""
    labels = torch.randint(0, CLASSES, (ROWS,), generator=generator)
    return draw_rows(generator, VOCABULARY) | {"labels": labels}


if __name__ == "__main__":
    main()
