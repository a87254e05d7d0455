# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes token_classification.json and .safetensors: the micro BERT that tags words.

There are five tags. The first token of each word has a label. All others, special tokens and padding have -100 and are
ignored. The loss is the mean over all labeled tokens of the batch, regardless of their row.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import BertForTokenClassification

from encoders import (
    BATCHES,
    LR_PEAK,
    MICRO_BERT,
    NO_DROPOUT,
    ROUNDS,
    draw_linear,
    draw_rows,
    logits,
    trained,
    with_head,
)
from reference import GOLDEN, listed, provenance, write_json, write_tensors

FINAL = ("bert.encoder.layer.0.attention.self.query.weight", "classifier.weight")
TAGS = 5


def main():
    generator = torch.Generator().manual_seed(91)
    head = draw_linear("classifier", TAGS, 32, generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    history, tensors = trained(lambda: load(head), batches, FINAL)
    tensors |= head | {"logits": logits(load(head), batches[0])}
    info = {"provenance": provenance(__file__, [MICRO_BERT / "model.safetensors", MICRO_BERT / "config.json"])}
    info |= {"learning_rate": LR_PEAK, "tags": TAGS, "batches": listed(batches), "training": history}
    write_json(GOLDEN / "token_classification.json", info)
    write_tensors(GOLDEN / "token_classification.safetensors", tensors)


def load(head):
    """The micro BERT with the head."""
    return with_head(BertForTokenClassification, MICRO_BERT, head, num_labels=TAGS, **NO_DROPOUT)


def draw_batch(generator):
    """Rows in which two of three tokens begin a word."""
    batch = draw_rows(generator, 100)
    mask = batch["attention_mask"]
    # All tokens of a row but the first and the last: those with both neighbors.
    inside = mask.roll(1, 1) * mask.roll(-1, 1)
    inside[:, 0] = inside[:, -1] = 0
    begins = torch.rand(mask.shape, generator=generator) < 2 / 3
    begins[:, 1] = True
    labels = torch.randint(0, TAGS, mask.shape, generator=generator)
    return batch | {"labels": torch.where(begins & (inside == 1), labels, -100)}


if __name__ == "__main__":
    main()
