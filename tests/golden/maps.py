# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes maps.json: principal components of vectors and labels of nearest neighbors by scikit-learn, and confidence and
variability by numpy.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from reference import GOLDEN, provenance, write_json


def main():
    # Rows, hidden, classes, distance of the classes before and after training.
    kinds = [(12, 5, 2, 0.5, 3.0), (30, 24, 3, 1.0, 4.0), (9, 16, 2, 0.0, 2.0)]
    maps = [vector_map(seed, *kind) for seed, kind in enumerate(kinds)]
    # Rows, evaluations.
    dynamics = [training_dynamics(seed, *kind) for seed, kind in enumerate([(6, 1), (10, 7)])]
    versions = provenance(__file__) | {"scikit_learn": sklearn.__version__}
    write_json(GOLDEN / "maps.json", {"provenance": versions, "maps": maps, "dynamics": dynamics})


def vector_map(seed, rows, hidden, classes, before, after):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, rows)
    centers = generator.normal(size=(classes, hidden))
    noise = generator.normal(size=(rows, hidden))
    shift = 2 * generator.normal(size=hidden)
    frames = [before * centers[labels] + noise, after * centers[labels] + 0.7 * noise + shift]
    frames = [frame.astype(np.float32) for frame in frames]
    # Each around its own mean: otherwise the first component would be the way that all texts went together.
    centered = np.concatenate([frame.astype(np.float64) - frame.astype(np.float64).mean(0) for frame in frames])
    pca = PCA(n_components=2).fit(centered)
    places = pca.transform(centered).reshape(2, rows, 2)
    return {
        "labels": labels.tolist(),
        "frames": [frame.tolist() for frame in frames],
        "places": places.tolist(),
        "explained": pca.explained_variance_ratio_.tolist(),
        "agreement": [agreement(frame, labels) for frame in frames],
    }


def agreement(frame, labels):
    nearest = NearestNeighbors(n_neighbors=1).fit(frame).kneighbors(return_distance=False)[:, 0]
    return float(np.mean(labels[nearest] == labels))


def training_dynamics(seed, rows, evaluations):
    probabilities = np.random.default_rng(seed).uniform(size=(evaluations, rows)).astype(np.float32)
    exact = probabilities.astype(np.float64)
    return {
        "probabilities": probabilities.tolist(),
        "confidence": exact.mean(0).tolist(),
        "variability": exact.std(0).tolist(),
    }


if __name__ == "__main__":
    main()
