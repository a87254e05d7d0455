# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_distilbert/ (a DistilBERT of random weights) and distilbert.json, distilbert.safetensors.

The file holds the bare encoder, without a prefix in its names. "cls" is DistilBertForSequenceClassification (the first
token through `pre_classifier` and ReLU); "mean" is a linear layer on the mean of the tokens.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import DistilBertConfig, DistilBertForSequenceClassification, DistilBertModel

from encoders import BATCHES, LR_PEAK, ROUNDS, ROWS, draw_linear, draw_rows, encoder_family, with_head
from reference import GOLDEN, draw_weights, listed, provenance, write_json, write_tensors

FOLDER = GOLDEN / "micro_distilbert"
FINAL = ("distilbert.transformer.layer.0.attention.q_lin.weight", "classifier.weight")
CLASSES, VOCABULARY = 3, 64
NO_DROPOUT = {"dropout": 0.0, "attention_dropout": 0.0, "seq_classif_dropout": 0.0}


def main():
    generator = torch.Generator().manual_seed(95)
    write_micro(generator)
    above = draw_linear("classifier", CLASSES, 32, generator)
    heads = {"cls": draw_linear("pre_classifier", 32, 32, generator) | above, "mean": above}
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS

    def classifier():
        return with_head(DistilBertForSequenceClassification, FOLDER, heads["cls"], num_labels=CLASSES, **NO_DROPOUT)

    def body():
        return with_head(DistilBertModel, FOLDER, {}, **NO_DROPOUT)

    cases, tensors = encoder_family(body, classifier, heads, batches, FINAL)
    versions = provenance(__file__, [FOLDER / "model.safetensors", FOLDER / "config.json"])
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "distilbert.json", info)
    write_tensors(GOLDEN / "distilbert.safetensors", tensors)


def write_micro(generator):
    """A DistilBERT of random weights."""
    config = DistilBertConfig(
        vocab_size=VOCABULARY, dim=32, n_heads=4, n_layers=2, hidden_dim=64, max_position_embeddings=64
    )
    body = DistilBertModel(config)
    draw_weights(body, generator)
    body.save_pretrained(FOLDER)


def draw_batch(generator):
    """Rows with a class."""
    labels = torch.randint(0, CLASSES, (ROWS,), generator=generator)
    return draw_rows(generator, VOCABULARY) | {"labels": labels}


if __name__ == "__main__":
    main()
