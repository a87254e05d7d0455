# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes calibration.json: temperatures by SciPy's bounded minimizer of PyTorch's cross-entropy, and expected calibration
errors with 15 bins of equal width, as netcal and Guo et al. (2017) define them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import numpy as np
import scipy
import torch
from scipy.optimize import minimize_scalar

from reference import GOLDEN, provenance, write_json

BINS = 15


def main():
    # Rows, classes, scale of the logits (true ones are 1), share of labels that are drawn at random.
    kinds = [(200, 2, 3.0, 0.1), (150, 5, 2.0, 0.2), (80, 3, 0.4, 0.05), (500, 2, 1.0, 0.3)]
    cases = [case(seed, *kind) for seed, kind in enumerate(kinds)]
    versions = provenance(__file__) | {"scipy": scipy.__version__}
    write_json(GOLDEN / "calibration.json", {"provenance": versions, "cases": cases})


def case(seed, rows, classes, scale, noise):
    generator = torch.Generator().manual_seed(seed)
    true = 2 * torch.randn(rows, classes, generator=generator, dtype=torch.float64)
    labels = torch.multinomial(true.softmax(1), 1, generator=generator).squeeze(1)
    drawn = torch.randint(classes, (rows,), generator=generator)
    labels = torch.where(torch.rand(rows, generator=generator) < noise, drawn, labels)
    probabilities = (scale * true).softmax(1).to(torch.float32)
    logits = probabilities.double().log()

    def loss(inverse):
        return torch.nn.functional.cross_entropy(logits * inverse, labels).item()

    found = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-12})
    temperature = 1 / found.x
    calibrated = (logits / temperature).softmax(1).to(torch.float32)
    return {
        "probabilities": [[float(np.format_float_positional(p, unique=True)) for p in row] for row in probabilities.numpy()],
        "labels": labels.tolist(),
        "temperature": temperature,
        "before": expected_calibration_error(probabilities, labels),
        "after": expected_calibration_error(calibrated, labels),
    }


def expected_calibration_error(probabilities, labels):
    confidence, predicted = probabilities.max(1)
    confidence, right = confidence.double().numpy(), (predicted == labels).numpy().astype(float)
    edges = np.linspace(0, 1, BINS + 1)
    count, sure, correct = (np.histogram(confidence, edges, weights=of)[0] for of in (None, confidence, right))
    used = count > 0
    gaps = np.abs(correct[used] / count[used] - sure[used] / count[used])
    return float((gaps * count[used]).sum() / len(right))


if __name__ == "__main__":
    main()
