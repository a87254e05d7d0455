# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes losses.json: losses and their gradients with respect to the logits, in double precision, and balanced class
weights.

Cross-entropy is PyTorch's, which divides by the sum of the rows' class weights. So does the focal loss (Lin et al.
2017); with label smoothing, each class of a row has its own factor. R-Drop (Liang et al. 2021) follows its authors'
code: the mean of both losses (the paper adds them) and the mean of both divergences.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import numpy
import sklearn
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn.functional import cross_entropy, kl_div, log_softmax, one_hot

from reference import GOLDEN, provenance, write_json

LOGITS = [[2.0, -1.0, 0.5], [0.1, 0.2, -0.3], [-3.0, 4.0, 1.0], [1.5, 1.5, -2.5]]
# The same texts under another dropout mask.
AGAIN = [[1.5, -0.5, 0.75], [-0.2, 0.6, 0.1], [-2.0, 3.0, 2.0], [0.5, 2.0, -1.5]]
# Logits so far apart that 1 - p is 0 in single precision: right, wrong, right, wrong.
CERTAIN = [[40.0, 0.0, -40.0], [40.0, 0.0, -40.0], [-90.0, 90.0, 0.0], [0.0, 0.0, 60.0]]
LABELS = [0, 2, 1, 0]
WEIGHTS = {"class_weights": {"given": {"0": 1.0, "1": 2.0, "2": 0.5}}}
SMOOTHED = {"label_smoothing": 0.1}
DISTRIBUTION = [0] * 5 + [1] * 2 + [2] * 3


def main():
    cases = [case(recipe, LOGITS) for recipe in ({}, WEIGHTS, SMOOTHED, SMOOTHED | WEIGHTS)]
    cases.append(case(SMOOTHED | WEIGHTS, CERTAIN))
    for gamma in (0.5, 2.0):
        focal = {"focal_gamma": gamma}
        cases += [case(focal | recipe, LOGITS) for recipe in ({}, WEIGHTS, SMOOTHED, SMOOTHED | WEIGHTS)]
        cases.append(case(focal, CERTAIN))
    cases += [case({"r_drop": 1.0}, LOGITS, AGAIN), case({"r_drop": 1.0}, LOGITS, CERTAIN)]
    cases.append(case({"r_drop": 5.0} | SMOOTHED | WEIGHTS, LOGITS, AGAIN))
    weights = compute_class_weight("balanced", classes=numpy.arange(3), y=DISTRIBUTION).tolist()
    found = {"labels": LABELS, "cases": cases, "balanced": {"labels": DISTRIBUTION, "weights": weights}}
    versions = provenance(__file__) | {"scikit-learn": sklearn.__version__}
    write_json(GOLDEN / "losses.json", {"provenance": versions, **found})


def case(recipe, *passes):
    """Loss of the logits of one pass, or of the two of R-Drop, and its gradients."""
    passes = [torch.tensor(logits, dtype=torch.float64, requires_grad=True) for logits in passes]
    loss = sum(loss_of(logits, torch.tensor(LABELS), recipe) for logits in passes) / len(passes)
    if "r_drop" in recipe:
        loss = loss + recipe["r_drop"] * disagreement(*passes)
    loss.backward()
    logits, gradients = ([tensor.tolist() for tensor in of] for of in (passes, [logits.grad for logits in passes]))
    return {"recipe": recipe, "logits": logits, "loss": loss.item(), "gradients": gradients}


def loss_of(logits, labels, recipe):
    """Cross-entropy of three classes, or the focal loss, as a recipe asks for it."""
    smoothing, gamma = recipe.get("label_smoothing", 0.0), recipe.get("focal_gamma", 0.0)
    weights = recipe["class_weights"]["given"].values() if "class_weights" in recipe else [1.0] * 3
    weights = torch.tensor(list(weights), dtype=logits.dtype)
    if gamma == 0.0:
        return cross_entropy(logits, labels, weights, label_smoothing=smoothing)
    targets = (1 - smoothing) * one_hot(labels, 3).to(logits.dtype) + smoothing / 3
    factors = (gamma * log_others(logits)).exp()
    return -(weights * targets * factors * log_softmax(logits, 1)).sum() / weights[labels].sum()


def log_others(logits):
    """log(1 - p) of each class, from the other classes' logits: exact where p is nearly 1."""
    others = [torch.cat([logits[:, :c], logits[:, c + 1 :]], 1).logsumexp(1) for c in range(logits.shape[1])]
    return torch.stack(others, 1) - logits.logsumexp(1, keepdim=True)


def disagreement(first, second):
    """Mean of the two Kullback-Leibler divergences, each averaged over the rows."""
    first, second = log_softmax(first, 1), log_softmax(second, 1)
    divergences = [kl_div(q, p, reduction="batchmean", log_target=True) for p, q in ((first, second), (second, first))]
    return sum(divergences) / 2


if __name__ == "__main__":
    main()
