# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes multi_label.json and .safetensors: the micro BERT with any number of five labels, by both poolings.

The loss is binary cross-entropy with logits, averaged over rows and labels.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch

from encoders import BATCHES, LR_PEAK, MICRO_BERT, ROUNDS, ROWS, draw_linear, draw_rows, sentence_tasks
from reference import GOLDEN, listed, provenance, write_json, write_tensors

LABELS = 5


def main():
    generator = torch.Generator().manual_seed(92)
    head = draw_linear("classifier", LABELS, 32, generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    cases, tensors = sentence_tasks(head, batches, "multi_label_classification")
    versions = provenance(__file__, [MICRO_BERT / "model.safetensors", MICRO_BERT / "config.json"])
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "multi_label.json", info)
    write_tensors(GOLDEN / "multi_label.safetensors", tensors)


def draw_batch(generator):
    """Rows with random labels."""
    return draw_rows(generator, 100) | {"labels": torch.randint(0, 2, (ROWS, LABELS), generator=generator).float()}


if __name__ == "__main__":
    main()
