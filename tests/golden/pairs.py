# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes pairs.json and .safetensors: the micro BERT on pairs of texts, by both poolings.

A row is [CLS] first [SEP] second [SEP], with token type 0 up to the first [SEP] and 1 after it. There are three
classes. The mean is over all tokens of the row, including special tokens.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch

from encoders import BATCHES, LR_PEAK, MICRO_BERT, ROUNDS, ROWS, draw_linear, draw_rows, sentence_tasks
from reference import GOLDEN, listed, provenance, write_json, write_tensors

CLASSES, CLS, SEP = 3, 1, 2


def main():
    generator = torch.Generator().manual_seed(94)
    head = draw_linear("classifier", CLASSES, 32, generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    cases, tensors = sentence_tasks(head, batches, "single_label_classification")
    versions = provenance(__file__, [MICRO_BERT / "model.safetensors", MICRO_BERT / "config.json"])
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "pairs.json", info)
    write_tensors(GOLDEN / "pairs.safetensors", tensors)


def draw_batch(generator):
    """Rows of 5 tokens or more, with at least one in each text."""
    batch = draw_rows(generator, 100, shortest=5)
    ids, mask = batch["input_ids"], batch["attention_mask"]
    types = torch.zeros_like(ids)
    for row, length in enumerate(mask.sum(-1).tolist()):
        between = torch.randint(2, length - 2, (1,), generator=generator).item()
        ids[row, 0], ids[row, between], ids[row, length - 1] = CLS, SEP, SEP
        types[row, between + 1 : length] = 1
    labels = torch.randint(0, CLASSES, (ROWS,), generator=generator)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "labels": labels}


if __name__ == "__main__":
    main()
