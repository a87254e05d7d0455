# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes metrics_labels.json: entities scored by seqeval, multiple labels by scikit-learn, numbers by scipy.

Predicted tags ignore BIO, as those of an untrained model do. Probabilities include ties, 0 and 1. The best F1 of a
label is taken over all thresholds of scikit-learn's curve. Tuned thresholds are found by trying every one: the best
micro-F1 of all labels, or the best F1 of a label with 30 positives that gains a tenth of what always predicting it
leaves.
"""

import random
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import numpy
from scipy.stats import pearsonr, spearmanr
from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    precision_recall_curve,
    root_mean_squared_error,
)

from reference import GOLDEN, provenance, write_json

# Name: pairs of actual and predicted tags.
ENTITIES = {
    "equal": [("B-PER I-PER O B-LOC", "B-PER I-PER O B-LOC")],
    "I without B": [("B-PER I-PER O B-LOC", "I-PER I-PER O I-LOC")],
    "I of another label": [("B-PER I-PER I-PER O", "B-PER I-LOC I-PER O")],
    "neighbors": [("B-PER B-PER I-PER O", "B-PER I-PER I-PER O")],
    "cut": [("B-PER I-PER I-PER O", "B-PER I-PER O O")],
    "across texts": [("O B-PER", "O B-PER"), ("I-PER O", "I-PER O"), ("B-PER", "O")],
    "label never there": [("B-PER O O", "B-PER O B-ORG")],
    "label never predicted": [("B-PER O B-ORG", "B-PER O O")],
    "nothing predicted": [("B-PER O", "O O")],
    "odd names": [("B-A-B I-A-B O B I", "B-A-B I-A O B B")],
}
# Texts and labels.
SIZES = [(40, 5), (7, 3), (1, 2), (160, 4)]
FOLDS = 5
TAGS = ["O"] * 5 + [f"{prefix}-{label}" for prefix in "BI" for label in ("PER", "LOC", "ORG", "MISC")]


def main():
    warnings.filterwarnings("ignore")
    draw = random.Random(13)
    texts = {name: [(a.split(), p.split()) for a, p in pairs] for name, pairs in ENTITIES.items()}
    texts["drawn"] = [drawn_tags(draw) for _ in range(40)]
    found = {
        "entities": [entities(name, pairs) for name, pairs in texts.items()],
        "multilabel": [multilabel(numpy.random.default_rng(rows), rows, labels) for rows, labels in SIZES],
        "regression": [regression(*lists) for lists in numbers(numpy.random.default_rng(5))],
    }
    versions = {name: version(name) for name in ("seqeval", "scikit-learn", "scipy")}
    write_json(GOLDEN / "metrics_labels.json", {"provenance": provenance(__file__) | versions, **found})


def drawn_tags(draw):
    """Tags, and a copy with a third of them redrawn."""
    actual = [draw.choice(TAGS) for _ in range(draw.randint(0, 20))]
    return actual, [draw.choice(TAGS) if draw.random() < 0.3 else tag for tag in actual]


def entities(name, pairs):
    """Tags with their entities and scores."""
    actual, predicted = map(list, zip(*pairs))
    scores = {}
    for average in ("micro", "macro", None):
        values = precision_recall_fscore_support(actual, predicted, average=average)
        scores[average or "labels"] = [numpy.asarray(value).tolist() for value in values]
    # seqeval's labels are sorted, and its ends are inclusive.
    labels = sorted({label for tags in actual + predicted for label, _, _ in get_entities(tags)})
    found = [[[label, start, end + 1] for label, start, end in get_entities(tags)] for tags in predicted]
    tags = {"name": name, "actual": actual, "predicted": predicted}
    return {**tags, "entities": found, "labels": labels, "scores": scores}


def multilabel(draw, rows, labels):
    """Probabilities and truth, scores at given thresholds, and the best F1 of each label."""
    probabilities = (draw.integers(0, 17, (rows, labels)) / 16).astype(numpy.float32)
    actual = (probabilities + draw.normal(0, 0.4, (rows, labels)) > 0.6).astype(int)
    # The last label is rare to absent.
    actual[:, -1] &= draw.random(rows) < 0.1
    thresholds = numpy.linspace(0.25, 0.75, labels).astype(numpy.float32)
    predicted = (probabilities >= thresholds).astype(int)
    best = [best_f1(actual[:, label], probabilities[:, label]) for label in range(labels)]
    f1 = {kind: f1_score(actual, predicted, average=kind) for kind in ("micro", "macro", "samples")}
    return {
        "probabilities": probabilities.tolist(),
        "actual": actual.astype(bool).tolist(),
        "thresholds": thresholds.tolist(),
        "f1": f1,
        "label_f1": f1_score(actual, predicted, average=None).tolist(),
        "subset_accuracy": accuracy_score(actual, predicted),
        "best_f1": best,
        "tuned": tuned(probabilities, actual).tolist(),
        "cross_fitted_f1": cross_fitted(probabilities, actual),
    }


def best_f1(actual, probabilities):
    """The highest F1 of any threshold."""
    precision, recall, _ = precision_recall_curve(actual, probabilities)
    if not actual.any():
        return 0.0
    return float(numpy.max(2 * precision * recall / numpy.maximum(precision + recall, 1e-12)))


def best_threshold(probabilities, actual):
    """The threshold with the best F1, closest to 0.5 in a tie, and that F1."""
    values = numpy.unique(numpy.append(probabilities, 1))
    # 0.5 where it separates the same values as the midpoint.
    between = [0.5 if a < 0.5 <= b else (a + b) / 2 for a, b in zip(values[:-1], values[1:])]
    candidates = [0.5 if values[0] >= 0.5 else values[0] / 2, *between]
    scored = [(f1_score(actual, probabilities >= at), -abs(at - 0.5), at) for at in candidates]
    f1, _, at = max(scored)
    return at, f1


def tuned(probabilities, actual):
    """The threshold of each label."""
    if not probabilities.size:
        return numpy.full(probabilities.shape[1], 0.5)
    shared, _ = best_threshold(probabilities.ravel(), actual.ravel())
    thresholds = []
    for own, truth in zip(probabilities.T, actual.T):
        at, f1 = best_threshold(own, truth)
        always = f1_score(truth, numpy.ones_like(truth))
        thresholds.append(at if truth.sum() >= 30 and f1 - always >= 0.1 * (1 - always) else shared)
    return numpy.array(thresholds)


def cross_fitted(probabilities, actual):
    """F1 of labels predicted by thresholds that were tuned on the other folds."""
    fold = numpy.arange(len(actual)) % FOLDS
    predicted = numpy.zeros_like(actual)
    for held_out in range(FOLDS):
        thresholds = tuned(probabilities[fold != held_out], actual[fold != held_out])
        predicted[fold == held_out] = probabilities[fold == held_out] >= thresholds
    return {kind: f1_score(actual, predicted, average=kind) for kind in ("micro", "macro", "samples")}


def numbers(draw):
    """Lists of actual and predicted numbers."""
    plain = draw.normal(0, 1, 50)
    yield plain, plain + draw.normal(0, 0.5, 50)
    yield draw.integers(0, 5, 40), draw.integers(0, 5, 40)
    yield [1, 2, 2, 3], [4, 1, 1, 1]
    yield [1, 2, 3], [2, 4, 6]
    yield [1, 2, 3], [3, 2, 1]
    yield [1e6, 1e6 + 1, 1e6 + 2, 1e6 + 5], [0.25, 0.5, 0.125, 0.75]
    yield [1, 2], [5, 4]
    yield [0.1, 0.1, 0.1], [1, 2, 3]


def regression(actual, predicted):
    """The numbers in single precision, and their scores; scipy's NaN for constants is null."""
    actual, predicted = (numpy.asarray(values, numpy.float32) for values in (actual, predicted))
    exact = actual.astype(float), predicted.astype(float)
    or_none = lambda value: None if numpy.isnan(value) else float(value)
    return {
        "actual": actual.tolist(),
        "predicted": predicted.tolist(),
        "rmse": float(root_mean_squared_error(*exact)),
        "mae": float(mean_absolute_error(*exact)),
        "pearson": or_none(pearsonr(*exact).statistic),
        "spearman": or_none(spearmanr(*exact).statistic),
    }


if __name__ == "__main__":
    main()
