# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes label_issues.json: label quality scores, confident joints and label issues of the package cleanlab, also for several
labels and for tags, and probabilities of scikit-learn's logistic regression for rows that it has not seen.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import cleanlab
import cleanlab.multilabel_classification as label_sets
import cleanlab.token_classification as tokens
import numpy as np
import sklearn
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_normalized_margin_for_each_label, get_self_confidence_for_each_label
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from reference import GOLDEN, provenance, write_json


def main():
    # Rows, classes, scale of the logits, share of wrong labels, weights of the classes.
    kinds = [
        (60, 2, 1.5, 0.1, [1, 1]),
        (200, 3, 2.0, 0.1, [1, 1, 1]),
        (300, 6, 1.0, 0.2, [5, 4, 3, 2, 1, 1]),
        (120, 4, 0.3, 0.3, [1, 1, 1, 1]),
        (150, 5, 3.0, 0.05, [30, 10, 5, 1, 1]),
        (40, 3, 1.0, 0.6, [1, 1, 1]),
    ]
    cases = [case(seed, *kind) for seed, kind in enumerate(kinds)]
    versions = provenance(__file__) | {"cleanlab": cleanlab.__version__, "scikit_learn": sklearn.__version__}
    # Rows, labels, scale of the logits, share of wrong labels, share of rows with a label.
    kinds = [(150, 3, 1.5, 0.05, 0.4), (300, 6, 2.0, 0.1, 0.2), (80, 2, 0.5, 0.2, 0.5), (200, 4, 3.0, 0.03, 0.1)]
    sets = [case_of_label_sets(seed, *kind) for seed, kind in enumerate(kinds)]
    # Sentences, tags, scale of the logits, share of wrong tags.
    tags = [case_of_tags(seed, *kind) for seed, kind in enumerate([(40, 3, 2.0, 0.1), (60, 5, 1.0, 0.2)])]
    golden = {"cases": cases, "label_sets": sets, "tags": tags, "regression": regression()}
    write_json(GOLDEN / "label_issues.json", {"provenance": versions} | golden)


def case(seed, rows, classes, scale, noise, weights):
    generator = np.random.default_rng(seed)
    true = generator.choice(classes, rows, p=np.array(weights) / sum(weights))
    # Each class has a row.
    true[:classes] = np.arange(classes)
    logits = generator.normal(size=(rows, classes))
    logits[np.arange(rows), true] += scale
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    probabilities = probabilities.astype(np.float32).astype(np.float64)
    is_wrong = generator.random(rows) < noise
    is_wrong[:classes] = False
    labels = np.where(is_wrong, (true + generator.integers(1, classes, rows)) % classes, true)
    return {
        "labels": labels.tolist(),
        "probabilities": probabilities.tolist(),
        "self_confidence": get_self_confidence_for_each_label(labels, probabilities).tolist(),
        "normalized_margin": get_normalized_margin_for_each_label(labels, probabilities).tolist(),
        "confident_counts": compute_confident_joint(labels, probabilities, calibrate=False).tolist(),
        "confident_joint": compute_confident_joint(labels, probabilities, calibrate=True).tolist(),
        "issues": find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=1).tolist(),
    }


def case_of_label_sets(seed, rows, labels, scale, noise, share):
    generator = np.random.default_rng(100 + seed)
    true = generator.random((rows, labels)) < share
    # Each label has rows with and without it.
    true[0], true[1] = True, False
    logits = generator.normal(size=(rows, labels)) + scale * (2 * true - 1)
    probabilities = (1 / (1 + np.exp(-logits))).astype(np.float32).astype(np.float64)
    is_wrong = generator.random((rows, labels)) < noise
    is_wrong[:2] = False
    has = true ^ is_wrong
    lists = [np.flatnonzero(row).tolist() for row in has]
    return {
        "has": has.tolist(),
        "probabilities": probabilities.tolist(),
        "qualities": label_sets.get_label_quality_scores(lists, probabilities).tolist(),
        "label_issues": np.argwhere(
            label_sets.filter.find_multilabel_issues_per_class(lists, probabilities, n_jobs=1)
        ).tolist(),
        "issues": np.flatnonzero(label_sets.filter.find_label_issues(lists, probabilities, n_jobs=1)).tolist(),
    }


def case_of_tags(seed, sentences, classes, scale, noise):
    generator = np.random.default_rng(200 + seed)
    lengths = generator.integers(1, 9, sentences)
    lengths[0] = classes
    words = int(lengths.sum())
    true = generator.choice(classes, words, p=np.array([classes] + [1] * (classes - 1)) / (2 * classes - 1))
    # Each tag has a word.
    true[:classes] = np.arange(classes)
    logits = generator.normal(size=(words, classes))
    logits[np.arange(words), true] += scale
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    probabilities = probabilities.astype(np.float32).astype(np.float64)
    is_wrong = generator.random(words) < noise
    is_wrong[:classes] = False
    tags = np.where(is_wrong, (true + generator.integers(1, classes, words)) % classes, true)
    ends = np.cumsum(lengths)[:-1]
    tags = [part.tolist() for part in np.split(tags, ends)]
    probabilities = np.split(probabilities, ends)
    _, scores = tokens.rank.get_label_quality_scores(tags, probabilities)
    issues = tokens.filter.find_label_issues(tags, probabilities, n_jobs=1)
    return {
        "tags": tags,
        "probabilities": [part.tolist() for part in probabilities],
        "scores": np.concatenate([score.to_numpy() for score in scores]).tolist(),
        "issues": [[int(row), int(word)] for row, word in issues],
    }


def regression():
    generator = np.random.default_rng(0)
    rows, hidden, classes = 120, 8, 3
    vectors = generator.normal(size=(rows, hidden)).astype(np.float32)
    labels = (vectors @ generator.normal(size=(hidden, classes)) + generator.normal(size=(rows, classes))).argmax(1)
    features = StandardScaler().fit_transform(vectors.astype(np.float64))
    fold = np.arange(rows) % 5
    probabilities = np.zeros((rows, classes))
    for held_out in range(5):
        model = LogisticRegression(C=1 / (L2_RATIO * rows), tol=1e-10, max_iter=10_000)
        model.fit(features[fold != held_out], labels[fold != held_out])
        probabilities[fold == held_out] = model.predict_proba(features[fold == held_out])
    has = np.stack([labels == 0, (vectors[:, 0] + generator.normal(size=rows)) > 0.5], 1)
    of_labels = np.zeros(has.shape)
    for held_out in range(5):
        for label in range(has.shape[1]):
            model = LogisticRegression(C=1 / (L2_RATIO * rows), tol=1e-10, max_iter=10_000)
            model.fit(features[fold != held_out], has[fold != held_out, label])
            of_labels[fold == held_out, label] = model.predict_proba(features[fold == held_out])[:, 1]
    return {
        "has": has.tolist(),
        "label_probabilities": of_labels.tolist(),
        "vectors": vectors.tolist(),
        "labels": labels.tolist(),
        "folds": fold.tolist(),
        "probabilities": probabilities.tolist(),
    }


# Strength of the penalty on the weights, as in core/src/train/linear_probe.rs.
L2_RATIO = 0.1

if __name__ == "__main__":
    main()
