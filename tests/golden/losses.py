# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes losses.json: loss and gradient of the logits, in double precision, and balanced class weights.

Cross-entropy is PyTorch's, which divides by the sum of the rows' class weights. The focal loss (Lin et al. 2017) does
so too; with label smoothing each class of a row has its own factor. R-Drop (Liang et al. 2021) is as its authors' code
has it: the mean of both losses, where the paper adds them up, and the mean of both divergences.
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
WEIGHTS = [1.0, 2.0, 0.5]
DISTRIBUTION = [0] * 5 + [1] * 2 + [2] * 3


def main():
    smoothed, weighted = {"label_smoothing": 0.1}, {"class_weights": WEIGHTS}
    single = [
        case(LOGITS),
        case(LOGITS, **weighted),
        case(LOGITS, **smoothed),
        case(LOGITS, **smoothed, **weighted),
        case(CERTAIN, **smoothed, **weighted),
    ]
    for gamma in (0.5, 2.0):
        for settings in ({}, weighted, smoothed, smoothed | weighted):
            single.append(case(LOGITS, focal_gamma=gamma, **settings))
        single.append(case(CERTAIN, focal_gamma=gamma))
    twice = [case(LOGITS, AGAIN, r_drop=1.0), case(LOGITS, AGAIN, r_drop=5.0, **smoothed, **weighted)]
    twice.append(case(CERTAIN, LOGITS, r_drop=1.0))
    counts = numpy.bincount(DISTRIBUTION).tolist()
    weights = compute_class_weight("balanced", classes=numpy.arange(3), y=DISTRIBUTION).tolist()
    found = {"labels": LABELS, "cases": single, "r_drop": twice, "balanced": {"counts": counts, "weights": weights}}
    versions = provenance(__file__) | {"scikit-learn": sklearn.__version__}
    write_json(GOLDEN / "losses.json", {"provenance": versions, **found})


def case(*passes, **settings):
    """Loss and gradient of one pass, or of two that R-Drop holds together."""
    passes = [torch.tensor(logits, dtype=torch.float64, requires_grad=True) for logits in passes]
    alpha = settings.get("r_drop", 0.0)
    own = {name: value for name, value in settings.items() if name != "r_drop"}
    loss = sum(loss_of(logits, torch.tensor(LABELS), **own) for logits in passes) / len(passes)
    if alpha:
        loss = loss + alpha * disagreement(*passes)
    loss.backward()
    logits, gradients = ([tensor.tolist() for tensor in of] for of in (passes, [logits.grad for logits in passes]))
    return {**settings, "logits": logits, "loss": loss.item(), "gradient": gradients}


def loss_of(logits, labels, class_weights=None, label_smoothing=0.0, focal_gamma=0.0):
    """Cross-entropy of three classes, or the focal loss."""
    weights = torch.tensor(class_weights or [1.0] * 3, dtype=logits.dtype)
    if focal_gamma == 0.0:
        return cross_entropy(logits, labels, weights, label_smoothing=label_smoothing)
    targets = (1 - label_smoothing) * one_hot(labels, 3).to(logits.dtype) + label_smoothing / 3
    factors = (focal_gamma * log_others(logits)).exp()
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
