# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes bootstrap.json: 95 % intervals of scores, by scipy.stats.bootstrap on the resamples that Hone draws.

The scores of each resample are those of scikit-learn, seqeval, sacrebleu and scipy. SciPy gets its random row numbers from
a copy of Hone's generator, so both see the same resamples.
"""

import math
import random
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import numpy as np
import sacrebleu
import scipy
import sklearn
from scipy.stats import bootstrap, pearsonr, spearmanr
from seqeval.metrics import classification_report as entity_report
from seqeval.metrics import f1_score as entity_f1
from seqeval.metrics import precision_score as entity_precision
from seqeval.metrics import recall_score as entity_recall
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, precision_recall_fscore_support, root_mean_squared_error

from reference import GOLDEN, provenance, write_json

RESAMPLES = 150
SEED = 11
STREAM = 10
MASK = (1 << 64) - 1


class Rng:
    """core/src/rng.rs: SplitMix64."""

    def __init__(self, step):
        self.state = SEED
        self.state = self.bits() ^ (STREAM * 0xA24BAED4963EE407 & MASK)
        self.state = self.bits() ^ (step * 0x9FB21C651E98DF25 & MASK)

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, n):
        while True:
            product = self.bits() * n
            if product & MASK >= -n % (1 << 64) % n:
                return product >> 64


class Resamples(np.random.Generator):
    """A generator for SciPy, whose integers are the rows that Hone draws."""

    def __init__(self):
        super().__init__(np.random.PCG64(0))
        self.step = 0

    def integers(self, low, high=None, size=None, **_):
        rows = high if high is not None else low
        assert size[-1] == rows
        drawn = []
        for _ in range(math.prod(size[:-1])):
            rng = Rng(self.step)
            self.step += 1
            drawn.append([rng.below(rows) for _ in range(rows)])
        return np.array(drawn).reshape(size)


def interval(rows, score):
    """The percentile interval of `score`, a function of row numbers."""
    found = bootstrap(
        (np.arange(rows),),
        lambda drawn: score([int(row) for row in drawn]),
        n_resamples=RESAMPLES,
        vectorized=False,
        method="percentile",
        rng=Resamples(),
    ).confidence_interval
    return [found.low, found.high]


def main():
    draw = random.Random(5)
    warnings.filterwarnings("ignore")
    kinds = [classes, words, entities, labels, numbers, answers, texts, losses]
    cases = [kind(draw) for kind in kinds]
    versions = provenance(__file__) | {"scipy": scipy.__version__, "sklearn": sklearn.__version__}
    write_json(GOLDEN / "bootstrap.json", {"provenance": versions, "resamples": RESAMPLES, "seed": SEED, "cases": cases})


def case(kind, count, scores, by_class=(), **data):
    """`by_class` has the precision, recall and F1 of each class, as functions of row numbers."""
    found = {"intervals": {name: interval(count, score) for name, score in scores.items()}}
    if by_class:
        found["class_intervals"] = [[interval(count, score) for score in scores] for scores in by_class]
    return {"kind": kind, **data, **found}


def of_classes(score_class, classes):
    """`score_class(drawn)` gives precision, recall and F1, each of all classes, as scikit-learn does."""
    return [[lambda drawn, c=c, i=i: score_class(drawn)[i][c] for i in range(3)] for c in range(classes)]


def noisy(draw, right, choices):
    return right if draw.random() < 0.7 else draw.choice(choices)


def class_scores(actual, predicted):
    """Scores of lists of classes, one list for each row."""

    def of(score):
        def scored(drawn):
            return score([c for row in drawn for c in actual[row]], [c for row in drawn for c in predicted[row]])

        return scored

    return {
        "accuracy": of(accuracy_score),
        "macro_f1": of(lambda a, p: f1_score(a, p, average="macro", zero_division=0)),
        "weighted_f1": of(lambda a, p: f1_score(a, p, average="weighted", zero_division=0)),
    }


def by_class(actual, predicted):
    def scored(drawn):
        a, p = [[c for row in drawn for c in rows[row]] for rows in (actual, predicted)]
        return precision_recall_fscore_support(a, p, labels=[0, 1, 2], zero_division=0)

    return of_classes(scored, 3)


def classes(draw):
    actual = [[draw.choice([0, 0, 0, 1, 1, 2])] for _ in range(40)]
    predicted = [[noisy(draw, row[0], [0, 1, 2])] for row in actual]
    scores = class_scores(actual, predicted)
    return case("classes", 40, scores, by_class(actual, predicted), actual=actual, predicted=predicted, classes=3)


def words(draw):
    actual = [[draw.randrange(3) for _ in range(draw.randint(1, 6))] for _ in range(25)]
    predicted = [[noisy(draw, tag, [0, 1, 2]) for tag in row] for row in actual]
    scores = class_scores(actual, predicted)
    return case("classes", 25, scores, by_class(actual, predicted), actual=actual, predicted=predicted, classes=3)


def entities(draw):
    tags = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    actual = [[draw.choice(tags) for _ in range(draw.randint(2, 8))] for _ in range(30)]
    predicted = [[noisy(draw, tag, tags) for tag in row] for row in actual]

    def of(score):
        return lambda drawn: score([actual[row] for row in drawn], [predicted[row] for row in drawn])

    scores = {
        "f1": of(entity_f1),
        "precision": of(entity_precision),
        "recall": of(entity_recall),
        "macro_f1": of(lambda a, p: entity_f1(a, p, average="macro", zero_division=0)),
        "accuracy": of(lambda a, p: accuracy_score(sum(a, []), sum(p, []))),
    }

    def of_kinds(drawn):
        a, p = [actual[row] for row in drawn], [predicted[row] for row in drawn]
        found = entity_report(a, p, output_dict=True, zero_division=0)
        rows = [found.get(kind, {}) for kind in ("LOC", "PER")]
        return [[row.get(name, 0.0) for row in rows] for name in ("precision", "recall", "f1-score")]

    kinds = of_classes(of_kinds, 2)
    return case("entities", 30, scores, kinds, actual=actual, predicted=predicted)


def labels(draw):
    actual = [[draw.random() < 0.4 for _ in range(3)] for _ in range(30)]
    predicted = [[noisy(draw, flag, [True, False]) for flag in row] for row in actual]

    def of(score):
        return lambda drawn: score(np.array(actual)[drawn], np.array(predicted)[drawn])

    scores = {
        "micro_f1": of(lambda a, p: f1_score(a, p, average="micro", zero_division=0)),
        "macro_f1": of(lambda a, p: f1_score(a, p, average="macro", zero_division=0)),
        "accuracy": of(accuracy_score),
    }

    def of_labels(drawn):
        return precision_recall_fscore_support(np.array(actual)[drawn], np.array(predicted)[drawn], zero_division=0)

    return case("labels", 30, scores, of_classes(of_labels, 3), actual=actual, predicted=predicted)


def numbers(draw):
    actual = [round(draw.uniform(0, 5), 2) for _ in range(40)]
    predicted = [round(value + draw.gauss(0, 1), 2) for value in actual]
    a, p = [np.float32(values).astype(np.float64) for values in (actual, predicted)]

    def of(score):
        return lambda drawn: score(a[drawn], p[drawn])

    scores = {
        "rmse": of(root_mean_squared_error),
        "mae": of(mean_absolute_error),
        "pearson": of(lambda x, y: pearsonr(x, y).statistic),
        "spearman": of(lambda x, y: spearmanr(x, y).statistic),
    }
    return case("numbers", 40, scores, actual=actual, predicted=predicted)


def answers(draw):
    rows = [[float(draw.random() < 0.5), draw.choice([0.0, 0.4, 0.5, 1.0])] for _ in range(30)]

    def of(column):
        return lambda drawn: np.mean([rows[row][column] for row in drawn])

    return case("answers", 30, {"exact_match": of(0), "f1": of(1)}, rows=rows)


def texts(draw):
    pool = "the a cat dog sat stood on under mat hat . , it was here".split()
    references = [" ".join(draw.choice(pool) for _ in range(draw.randint(3, 9))) for _ in range(20)]
    generated = [" ".join(noisy(draw, word, pool) for word in text.split()) for text in references]

    def of(score):
        return lambda drawn: score([generated[row] for row in drawn], [[references[row] for row in drawn]])

    scores = {
        "bleu": of(lambda h, r: sacrebleu.corpus_bleu(h, r).score),
        "chrf": of(lambda h, r: sacrebleu.corpus_chrf(h, r).score),
        "exact_match": of(lambda h, r: np.mean([a == b for a, b in zip(h, r[0])])),
    }
    return case("texts", 20, scores, generated=generated, references=references)


def losses(draw):
    rows = [[round(draw.uniform(0, 20), 3), float(draw.randint(1, 9))] for _ in range(30)]

    def loss(drawn):
        return sum(rows[row][0] for row in drawn) / sum(rows[row][1] for row in drawn)

    return case("losses", 30, {"loss": loss, "perplexity": lambda drawn: math.exp(loss(drawn))}, rows=rows)


if __name__ == "__main__":
    main()
