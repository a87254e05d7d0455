# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes minilm_curve.json and .safetensors: 20 steps of the real MiniLM, mean pooling, embeddings frozen."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import AutoTokenizer

from reference import (
    GOLDEN,
    MINILM,
    Optimizer,
    classifier,
    curve,
    freeze_embeddings,
    new_head,
    provenance,
    write_json,
    write_tensors,
)

LR_PEAK, ROUNDS, ROWS, MAX_LEN = 5e-5, 5, 4, 32
# Label 1 if the writer is pleased; lengths differ so that every batch is padded.
TEXTS = [
    ("The soup was lovely.", 1),
    ("Cold, late and overpriced; we shall certainly not be coming back to this place.", 0),
    ("Awful.", 0),
    ("I have rarely slept as well as I did in this quiet little hotel by the sea.", 1),
    ("It broke on the second day and nobody answers the telephone.", 0),
    ("Works exactly as promised!", 1),
    (
        "A waste of an evening: two hours of noise, no story, and jokes that were old when my grandmother was young, "
        "which is quite some time ago by now.",
        0,
    ),
    ("Brilliant acting.", 1),
    ("Five stars, would buy again", 1),
    ("Do not buy this.", 0),
    ("The staff remembered our names and brought the children crayons.", 1),
    ("My order never arrived, and then they charged me twice for it.", 0),
    ("meh, disappointing", 0),
    ("What a delightful book; I read it in one sitting and gave it to my sister.", 1),
    ("The battery lasts all week.", 1),
    ("The screen flickers, the keys stick and the fan sounds like a lorry going uphill.", 0),
]


def main():
    tokenizer = AutoTokenizer.from_pretrained(MINILM)
    batches = [batch_of(tokenizer, TEXTS[i : i + ROWS]) for i in range(0, len(TEXTS), ROWS)] * ROUNDS
    head = new_head(2, 384, seed=31)
    model = classifier(MINILM, "mean", 2, head=head)
    freeze_embeddings(model)
    history = curve(model, Optimizer(model, len(batches), LR_PEAK), batches)
    listed = [{name: tensor.tolist() for name, tensor in batch.items()} for batch in batches]
    inputs = [MINILM / name for name in ("model.safetensors", "config.json", "tokenizer.json")]
    info = {"provenance": provenance(__file__, inputs), "learning_rate": LR_PEAK, "batches": listed, "mean": history}
    write_json(GOLDEN / "minilm_curve.json", info)
    write_tensors(GOLDEN / "minilm_curve.safetensors", head)


def batch_of(tokenizer, rows):
    """Ids and mask, padded to the longest of the rows, with the labels."""
    encoded = tokenizer([text for text, _ in rows], padding="longest", truncation=True, max_length=MAX_LEN)
    batch = {name: torch.tensor(encoded[name]) for name in ("input_ids", "attention_mask")}
    return {**batch, "labels": torch.tensor([label for _, label in rows])}


if __name__ == "__main__":
    main()
