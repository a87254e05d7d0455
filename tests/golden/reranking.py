# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes reranking.json and .safetensors: the micro BERT that scores pairs of texts, and the scores of rankings.

The loss is the binary cross-entropy of sentence-transformers' `BinaryCrossEntropyLoss`, the default of its cross-encoders,
on labels from 0 to 1. `ranking` has the scores of its `CrossEncoderRerankingEvaluator` over the queries that have both a
passage that fits and one that does not; `graded` those of scikit-learn for labels between.
"""

import inspect
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import sentence_transformers
import torch
from sentence_transformers.cross_encoder.evaluation import CrossEncoderRerankingEvaluator
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
from sklearn.metrics import average_precision_score, ndcg_score

from encoders import BATCHES, LR_PEAK, MICRO_BERT, ROUNDS, ROWS, draw_linear, draw_rows, logits, sentence_model, sentence_tasks
from reference import GOLDEN, listed, provenance, write_json, write_tensors


def main():
    generator = torch.Generator().manual_seed(97)
    head = draw_linear("classifier", 1, 32, generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    # For one output, this is the loss of transformers that is the binary cross-entropy.
    cases, tensors = sentence_tasks(head, batches, "multi_label_classification")
    require_default_loss(head, batches[0], cases["cls"]["loss"][0])
    versions = provenance(__file__, [MICRO_BERT / "model.safetensors", MICRO_BERT / "config.json"])
    versions |= {"sentence-transformers": sentence_transformers.__version__}
    batches = [batch | {"labels": batch["labels"].squeeze(1)} for batch in batches]
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    info |= {"ranking": ranking(generator, 2), "graded": ranking(generator, 9)}
    write_json(GOLDEN / "reranking.json", info)
    write_tensors(GOLDEN / "reranking.safetensors", tensors)


def draw_batch(generator):
    """Pairs of texts with labels in eighths, which every format holds exactly."""
    batch = draw_rows(generator, 100, shortest=5)
    seconds = torch.randint(2, 5, (ROWS, 1), generator=generator)
    types = (torch.arange(batch["input_ids"].shape[1]) >= seconds).long() * batch["attention_mask"]
    labels = torch.randint(0, 9, (ROWS, 1), generator=generator) / 8
    return batch | {"token_type_ids": types, "labels": labels}


def require_default_loss(head, batch, expected):
    """Requires the loss to be that of sentence-transformers' class with its defaults."""
    defaults = inspect.signature(BinaryCrossEntropyLoss).parameters
    assert defaults["pos_weight"].default is None, defaults
    assert isinstance(defaults["activation_fn"].default, torch.nn.Identity), defaults
    scores = logits(sentence_model("cls", head, "multi_label_classification"), batch)
    found = torch.nn.BCEWithLogitsLoss()(scores.view(-1), batch["labels"].view(-1)).item()
    assert abs(found - expected) < 1e-6, (found, expected)


def ranking(generator, grades):
    """Passages of 30 queries with labels and scores, and the scores of their order."""
    queries, labels, scores = [], [], []
    for query in range(30):
        passages = int(torch.randint(1, 16, (1,), generator=generator))
        queries += [query] * passages
        labels += (torch.randint(0, grades, (passages,), generator=generator) / (grades - 1)).tolist()
        scores += torch.rand(passages, generator=generator).tolist()
    evaluator = CrossEncoderRerankingEvaluator([], at_k=10)
    found = []
    for query in range(30):
        rows = [row for row, of in enumerate(queries) if of == query]
        fits, order = [int(labels[row] >= 0.5) for row in rows], [scores[row] for row in rows]
        if 0 < sum(fits) < len(fits):
            mrr, ndcg, _ = evaluator.compute_metrics(fits, order)
            graded = ndcg_score([[labels[row] for row in rows]], [order], k=10)
            assert grades > 2 or abs(graded - ndcg) < 1e-12
            found.append((mrr, graded))
    mrr, ndcg = (sum(values) / len(found) for values in zip(*found))
    precision = average_precision_score([int(label >= 0.5) for label in labels], scores)
    rows = {"queries": queries, "labels": labels, "scores": scores}
    return rows | {"mrr_at_10": mrr, "ndcg_at_10": float(ndcg), "average_precision": float(precision)}


if __name__ == "__main__":
    main()
