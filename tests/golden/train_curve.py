# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_bert.* (a BERT of random weights) and train_curve.* (its gradients and 20 steps of training).

Dropout is 0. With [CLS] pooling everything is trained; with mean pooling the embeddings are frozen. Four batches are
repeated five times, so that the loss falls and a wrong step shows.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import BertConfig, BertModel

from reference import (
    GOLDEN,
    Optimizer,
    classifier,
    curve,
    draw_weights,
    first_gradients,
    freeze_embeddings,
    listed,
    new_head,
    prefixed,
    provenance,
    write_json,
    write_tensors,
)

CLASSES, ROWS, LENGTH, BATCHES, ROUNDS = 3, 4, 12, 4, 5
LR_PEAK = 1e-3
FOLDER = GOLDEN / "micro_bert"
FINAL = ("bert.encoder.layer.0.attention.self.query.weight", "classifier.weight")


def main():
    generator = torch.Generator().manual_seed(20)
    write_micro_bert(generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    head = new_head(CLASSES, 32, seed=21, spread=0.2)
    tensors, cases = dict(head), {}
    for pooling, train_embeddings in (("cls", True), ("mean", False)):
        model = classifier(FOLDER, pooling, CLASSES, head=head).train()
        tensors |= prefixed(f"{pooling}.grad", first_gradients(model, batches[0]))
        if not train_embeddings:
            freeze_embeddings(model)
        history = curve(model, Optimizer(model, len(batches), LR_PEAK), batches)
        cases[pooling] = {"train_embeddings": train_embeddings, **history}
        tensors |= {f"{pooling}.final.{name}": model.get_parameter(name) for name in FINAL}
    inputs = [FOLDER / "model.safetensors", FOLDER / "config.json"]
    info = {"provenance": provenance(__file__, inputs), "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "train_curve.json", info)
    write_tensors(GOLDEN / "train_curve.safetensors", tensors)


def write_micro_bert(generator):
    """A body of random weights."""
    config = BertConfig(
        vocab_size=100,
        hidden_size=32,
        num_attention_heads=4,
        num_hidden_layers=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    body = BertModel(config)
    draw_weights(body, generator)
    body.save_pretrained(FOLDER)


def draw_batch(generator):
    """Rows of 3 to 12 tokens, padded with 0; ids 1 to 99."""
    lengths = torch.randint(3, LENGTH + 1, (ROWS, 1), generator=generator)
    mask = (torch.arange(LENGTH) < lengths).long()
    ids = torch.randint(1, 100, (ROWS, LENGTH), generator=generator) * mask
    labels = torch.randint(0, CLASSES, (ROWS,), generator=generator)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


if __name__ == "__main__":
    main()
