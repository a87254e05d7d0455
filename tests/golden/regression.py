# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes regression.json and .safetensors: the micro BERT that predicts a number, by both poolings.

The loss is the mean squared error over the rows, without a factor of one half. The numbers are not normalized.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch

from encoders import BATCHES, LR_PEAK, MICRO_BERT, ROUNDS, ROWS, draw_linear, draw_rows, sentence_tasks
from reference import GOLDEN, listed, provenance, write_json, write_tensors


def main():
    generator = torch.Generator().manual_seed(93)
    head = draw_linear("classifier", 1, 32, generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    cases, tensors = sentence_tasks(head, batches, "regression")
    versions = provenance(__file__, [MICRO_BERT / "model.safetensors", MICRO_BERT / "config.json"])
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "regression.json", info)
    write_tensors(GOLDEN / "regression.safetensors", tensors)


def draw_batch(generator):
    """Rows with numbers between -2 and 2, in eighths, which every format holds exactly."""
    numbers = torch.randint(-16, 17, (ROWS,), generator=generator) / 8
    return draw_rows(generator, 100) | {"labels": numbers}


if __name__ == "__main__":
    main()
