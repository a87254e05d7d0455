# SPDX-License-Identifier: MIT OR Apache-2.0
"""Extractive question answering: Hone's loss, and the best spans of given logits."""

import math
from itertools import chain

import torch
from torch.nn.functional import cross_entropy
from transformers import BertForQuestionAnswering


class QuestionAnswering(BertForQuestionAnswering):
    """BertForQuestionAnswering whose loss leaves padding out.

    The softmax is over all tokens of the row that are no padding: [CLS], question, both [SEP] and context. The loss is
    the cross-entropy of start and of end, each the mean over the rows, and the mean of the two. A row without an answer
    has both at 0, [CLS]. Transformers' own loss lets padding take part in the softmax.
    """

    def forward(self, input_ids, attention_mask, token_type_ids, start_positions=None, end_positions=None):
        output = super().forward(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        if start_positions is not None:
            padding = attention_mask == 0
            start, end = (logits.masked_fill(padding, -math.inf) for logits in (output.start_logits, output.end_logits))
            output.loss = (cross_entropy(start, start_positions) + cross_entropy(end, end_positions)) / 2
        return output


def decode(windows, size, max_tokens):
    """The `size` best spans of a context over its windows, and the score of there being none.

    A window has `start_logits`, `end_logits` and `offsets`, one a token: where it lies in the context as [first, behind
    the last] character, or None where it is not of the context. A span starts no later than it ends, has `max_tokens`
    tokens at most and scores the sum of its two logits; one that several windows have scores the highest of theirs.
    Equal scores go by start, then by end. No answer scores the lowest that [CLS] has in any window. Probabilities are
    the softmax over the spans given back and no answer.
    """
    scores = {}
    for start, end, score in chain.from_iterable(spans(window, max_tokens) for window in windows):
        scores[start, end] = max(score, scores.get((start, end), -math.inf))
    best = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))[:size]
    null = min(window["start_logits"][0] + window["end_logits"][0] for window in windows)
    scores = torch.tensor([score for _, score in best] + [null], dtype=torch.float64)
    *probabilities, null_probability = scores.softmax(0).tolist()
    found = [
        {"start": start, "end": end, "score": score, "probability": probability}
        for ((start, end), score), probability in zip(best, probabilities)
    ]
    return {"spans": found, "null_score": null, "null_probability": null_probability}


def spans(window, max_tokens):
    """Every span of a window, as first character, character behind the last, and score."""
    offsets = window["offsets"]
    inside = [i for i, offset in enumerate(offsets) if offset is not None]
    for first in inside:
        for last in inside:
            if first <= last < first + max_tokens:
                score = window["start_logits"][first] + window["end_logits"][last]
                yield offsets[first][0], offsets[last][1], score


def answer(found, threshold=0.0):
    """The best span as [first, behind the last] character; None if no answer is ahead by more than `threshold`."""
    best = found["spans"][0] if found["spans"] else None
    if best is None or found["null_score"] - best["score"] > threshold:
        return None
    return [best["start"], best["end"]]
