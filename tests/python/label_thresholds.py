# SPDX-License-Identifier: MIT OR Apache-2.0
"""Prints the simulation behind the thresholds of multi-label classification (core/src/metrics/label_thresholds.rs).

A model scores 28 labels. Its log-odds are calibrated up to a shift for each label and carry a signal of a drawn strength.
Thresholds are tuned on some rows and scored on 8,000 others. A label has its own threshold if it has MIN_POSITIVES rows
and gains MIN_GAIN of what always predicting it leaves; all others share one.
"""

import numpy

LABELS = 28
NEW_ROWS = 8000
SIGNALS = {"nothing": (0, 0.3), "weak": (0.3, 1.5), "good": (1.5, 3), "mixed": (0, 3)}
# MIN_POSITIVES and MIN_GAIN; "own" tunes every label, "shared" none.
RULES = {"own": (1, -1), "20": (20, 0.1), "30": (30, 0.1), "50": (50, 0.1), "30, no gain": (30, -1), "shared": (1e9, 0)}
WORLDS = 40


def main():
    draw = numpy.random.default_rng(0)
    for rows in (150, 600, 3000):
        for name, signal in SIGNALS.items():
            scores = numpy.mean([world(draw, rows, signal) for _ in range(WORLDS)], axis=0)
            columns = [f"{rule}: {100 * micro:.1f} / {100 * macro:.1f}" for rule, (micro, macro) in zip(RULES, scores)]
            print(f"{rows} rows, signal {name}, micro-F1 / macro-F1 | " + " | ".join(columns))


def world(draw, rows, signal):
    """Micro-F1 and macro-F1 on new rows, by each rule."""
    prevalence = numpy.exp(draw.uniform(numpy.log(0.004), numpy.log(0.3), LABELS))
    strength, shift = draw.uniform(*signal, LABELS), draw.normal(0, 0.7, LABELS)

    def sample(count):
        actual = draw.random((count, LABELS)) < prevalence
        evidence = strength * (draw.standard_normal((count, LABELS)) + (actual - 0.5) * strength)
        return actual, 1 / (1 + numpy.exp(-numpy.log(prevalence / (1 - prevalence)) - evidence - shift))

    (actual, probabilities), (new_actual, new_probabilities) = sample(rows), sample(NEW_ROWS)
    shared, _ = best_threshold(probabilities.ravel(), actual.ravel())
    own = [best_threshold(*columns) for columns in zip(probabilities.T, actual.T)]
    positives = actual.sum(axis=0)
    always = 2 * positives / (rows + positives)
    scores = []
    for min_positives, min_gain in RULES.values():
        earned = [
            count >= min_positives and best - base >= min_gain * (1 - base)
            for count, (_, best), base in zip(positives, own, always)
        ]
        thresholds = [at if has_own else shared for has_own, (at, _) in zip(earned, own)]
        predicted = new_probabilities >= numpy.array(thresholds)
        by_label = [f1(*columns) for columns in zip(predicted.T, new_actual.T)]
        scores.append((f1(predicted, new_actual), numpy.mean(by_label)))
    return scores


def f1(predicted, actual):
    total = predicted.sum() + actual.sum()
    return 2 * (predicted & actual).sum() / total if total else 0.0


def best_threshold(probabilities, actual):
    """The threshold with the best F1, and that F1."""
    order = numpy.argsort(probabilities)
    probabilities, actual = probabilities[order], actual[order]
    right = actual.sum() - numpy.concatenate([[0], numpy.cumsum(actual)])
    total = len(actual) - numpy.arange(len(actual) + 1) + actual.sum()
    scores = 2 * right / numpy.maximum(total, 1)
    best = int(numpy.argmax(scores))
    below, above = [0.0, *probabilities][best], [*probabilities, 1.0][best]
    return (below + above) / 2, scores[best]


if __name__ == "__main__":
    main()
