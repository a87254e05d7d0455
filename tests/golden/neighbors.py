# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes neighbors.json: nearest neighbors by scikit-learn, and the near duplicates and outliers of the package cleanlab among
them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import cleanlab
import numpy as np
import sklearn
from cleanlab.datalab.internal.issue_manager.duplicate import NearDuplicateIssueManager
from cleanlab.datalab.internal.issue_manager.outlier import OutlierIssueManager
from scipy.sparse import csr_matrix
from sklearn.neighbors import NearestNeighbors

from reference import GOLDEN, provenance, write_json

NEIGHBORS = 10


def main():
    # Rows, hidden, clusters, spread in a cluster, copies, spread of the copies, outliers.
    kinds = [(60, 6, 4, 0.3, 6, 1e-2, 3), (150, 16, 6, 0.5, 20, 2e-2, 5), (12, 4, 2, 0.2, 2, 1e-3, 1), (80, 8, 3, 0.4, 0, 0, 0)]
    cases = [case(seed, *kind) for seed, kind in enumerate(kinds)]
    versions = provenance(__file__) | {"cleanlab": cleanlab.__version__, "scikit_learn": sklearn.__version__}
    write_json(GOLDEN / "neighbors.json", {"provenance": versions, "cases": cases})


def case(seed, rows, hidden, clusters, spread, copies, copy_spread, outliers):
    generator = np.random.default_rng(seed)
    centers = generator.normal(size=(clusters, hidden))
    vectors = centers[generator.integers(0, clusters, rows)] + spread * generator.normal(size=(rows, hidden))
    vectors[:copies] = vectors[copies : 2 * copies] + copy_spread * generator.normal(size=(copies, hidden))
    vectors[rows - outliers :] = -3 * centers.sum(0) + 4 * generator.normal(size=(outliers, hidden))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    index = NearestNeighbors(n_neighbors=NEIGHBORS, metric="cosine").fit(vectors.astype(np.float64))
    distances, neighbors = index.kneighbors()
    graph = csr_matrix((distances.ravel(), neighbors.ravel(), np.arange(rows + 1) * NEIGHBORS), shape=(rows, rows))
    median = np.median(distances[:, 0])
    sets = NearDuplicateIssueManager._neighbors_within_radius(graph, 0.13, median)
    is_outlier = OutlierIssueManager._compute_threshold_and_issue_column_from_distances(None, distances)[2]
    return {
        "vectors": vectors.tolist(),
        "neighbors": neighbors.tolist(),
        "distances": distances.tolist(),
        "duplicates": [sorted(int(row) for row in near) for near in sets],
        "outliers": [int(row) for row in np.flatnonzero(is_outlier)],
    }


if __name__ == "__main__":
    main()
