# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes question_answering.json and .safetensors: the micro BERT that extracts answers, and the best spans of
made-up logits.

A row is [CLS] question [SEP] context [SEP], with token type 0 up to the first [SEP] and 1 after it. Every fifth
question has no answer. ../python/spans.py defines the loss and how spans are chosen.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch

from encoders import BATCHES, LENGTH, LR_PEAK, MICRO_BERT, NO_DROPOUT, ROUNDS, draw_linear, trained, with_head
from reference import GOLDEN, listed, prefixed, provenance, write_json, write_tensors
from spans import QuestionAnswering, answer, decode

FINAL = ("bert.encoder.layer.0.attention.self.query.weight", "qa_outputs.weight", "qa_outputs.bias")
CLS, SEP, ROWS = 1, 2, 5


def main():
    generator = torch.Generator().manual_seed(90)
    head = draw_linear("qa_outputs", 2, 32, generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    model = load(head).eval()
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    with torch.no_grad():
        found = model(**{name: batches[0][name] for name in inputs})
    history, tensors = trained(lambda: load(head), batches, FINAL)
    tensors |= head | prefixed("logits", {"start": found.start_logits, "end": found.end_logits})
    info = {"provenance": provenance(__file__, [MICRO_BERT / "model.safetensors", MICRO_BERT / "config.json"])}
    info |= {"learning_rate": LR_PEAK, "batches": listed(batches), "training": history, "decoding": decoding(generator)}
    write_json(GOLDEN / "question_answering.json", info)
    write_tensors(GOLDEN / "question_answering.safetensors", tensors)


def load(head):
    """The micro BERT with the head; Hone's loss."""
    return with_head(QuestionAnswering, MICRO_BERT, head, **NO_DROPOUT)


def draw_batch(generator):
    """Questions of 1 to 3 tokens, contexts of 3 to 6; ids from 3, padded with 0."""
    rows = [draw_row(generator, has_answer=i < ROWS - 1) for i in range(ROWS)]
    return {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}


def draw_row(generator, has_answer):
    """One row, with its answer somewhere in the context."""
    question, context = draw(generator, 1, 4), draw(generator, 3, 7)
    words = torch.randint(3, 100, (question + context,), generator=generator).tolist()
    ids = [CLS, *words[:question], SEP, *words[question:], SEP]
    start = question + 2 + draw(generator, 0, context)
    end = draw(generator, start, question + 2 + context)
    padding = [0] * (LENGTH - len(ids))
    return {
        "input_ids": ids + padding,
        "attention_mask": [1] * len(ids) + padding,
        "token_type_ids": [0] * (question + 2) + [1] * (context + 1) + padding,
        "start_positions": start if has_answer else 0,
        "end_positions": end if has_answer else 0,
    }


def draw(generator, low, high):
    """An integer from `low` to `high` - 1."""
    return torch.randint(low, high, (1,), generator=generator).item()


def decoding(generator):
    """Made-up logits of windows, and their best spans."""
    cases = {
        "one_window": ([draw_window(generator, 2, 0, 9)], 5, 30),
        "short_spans": ([draw_window(generator, 2, 0, 9)], 5, 2),
        # Windows of 12 tokens that overlap by 4: a span in both counts once.
        "three_windows": ([draw_window(generator, 3, first, 12) for first in (0, 8, 16)], 8, 30),
        # Forty tokens of context, above the limit of 30.
        "long": ([draw_window(generator, 1, 0, 40)], 20, 30),
        "fewer_than_asked_for": ([draw_window(generator, 1, 0, 2)], 5, 30),
    }
    # [CLS] far ahead in one window of two only, then in both.
    one, both = ([draw_window(generator, 2, first, 6) for first in (0, 3)] for _ in range(2))
    for window in (one[0], *both):
        window["start_logits"][0] = window["end_logits"][0] = 20.0
    cases |= {"no_answer_in_one_window": (one, 3, 30), "no_answer": (both, 3, 30)}
    # Whole numbers, so that scores are equal.
    ties = draw_window(generator, 1, 0, 6)
    for name in ("start_logits", "end_logits"):
        ties[name] = [float(round(value / 2)) for value in ties[name]]
    cases["ties"] = ([ties], 10, 30)
    return [decoded(name, *case) for name, case in cases.items()]


def decoded(name, windows, size, max_tokens):
    """A case with its result."""
    found = decode(windows, size, max_tokens)
    wanted = {"answer": answer(found), "answer_if_forced": answer(found, threshold=100.0)}
    return {"name": name, "size": size, "max_tokens": max_tokens, "windows": windows, **found, **wanted}


def draw_window(generator, question, first, context):
    """A window on the context's tokens from `first`, each three characters long with a space between them."""
    offsets = [[4 * i, 4 * i + 3] for i in range(first, first + context)]
    offsets = [None] * (question + 2) + offsets + [None]
    # Eighths are exact in every format, and so are their sums.
    logits = torch.randint(-32, 33, (2, len(offsets)), generator=generator).div(8).tolist()
    return {"start_logits": logits[0], "end_logits": logits[1], "offsets": offsets}


if __name__ == "__main__":
    main()
