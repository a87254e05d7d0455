# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes hard_negatives.json: the negatives that sentence-transformers' `mine_hard_negatives` finds for pairs of texts whose
vectors are given. Some anchors have several positives, some texts are right for several anchors, and some anchors have no
text that is less similar by the margin. `datasets`, which only carries the rows, is replaced by a dictionary of columns.
"""

import sys
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import pandas
import sentence_transformers
import torch
from sentence_transformers.util import hard_negatives

from reference import GOLDEN, provenance, write_json

ANCHORS, POSITIVES, SIZE = 30, 20, 3
MARGINS = (0.0, 0.05, 0.5)


class Columns:
    """The part of datasets.Dataset that is used."""

    def __init__(self, columns):
        self.columns, self.column_names = columns, list(columns)

    from_dict = classmethod(lambda cls, columns: cls(columns))

    def __len__(self):
        return len(self.columns[self.column_names[0]])

    def __getitem__(self, name):
        return self.columns[name]

    def to_pandas(self):
        return pandas.DataFrame(self.columns)


class Given:
    """A model whose vectors are given, by text."""

    device = torch.device("cpu")
    similarity = staticmethod(sentence_transformers.util.cos_sim)
    similarity_pairwise = staticmethod(sentence_transformers.util.pairwise_cos_sim)

    def __init__(self, vectors):
        self.vectors = vectors

    def encode_query(self, texts, **_):
        return torch.stack([self.vectors[text] for text in texts]).numpy()

    encode_document = encode_query


def main():
    sys.modules["datasets"] = types.SimpleNamespace(Dataset=Columns)
    hard_negatives.is_datasets_available = lambda: True
    generator = torch.Generator().manual_seed(3)
    anchors, positives = ([f"{kind}{at}" for at in range(count)] for kind, count in (("a", ANCHORS), ("p", POSITIVES)))
    found = torch.randn(ANCHORS + POSITIVES, SIZE, generator=generator)
    vectors = dict(zip(anchors + positives, torch.nn.functional.normalize(found, dim=-1)))
    rows = [(f"a{at}", f"p{(at * step) % POSITIVES}") for at in range(ANCHORS) for step in (1, 7)[: 1 + at % 2]]
    # Each positive is close to an anchor, as after training.
    for anchor, positive in rows[::3]:
        vectors[positive] = torch.nn.functional.normalize(vectors[anchor] + 0.3 * vectors[positive], dim=-1)
    cases = []
    for margin in MARGINS:
        triplets = hard_negatives.mine_hard_negatives(
            Columns({"anchor": [anchor for anchor, _ in rows], "positive": [positive for _, positive in rows]}),
            Given(vectors),
            range_max=POSITIVES,
            relative_margin=margin,
            num_negatives=1,
            verbose=False,
        )
        mined = dict(zip(triplets["anchor"], triplets["negative"]))
        cases.append({"margin": margin, "negatives": [int(mined[name][1:]) if name in mined else None for name in anchors]})
    known = torch.stack([vectors[positive] for positive in positives])
    result = {
        "cosines": [(known @ vectors[anchor]).tolist() for anchor in anchors],
        "positives": [sorted({int(p[1:]) for a, p in rows if a == anchor}) for anchor in anchors],
        "cases": cases,
    }
    versions = provenance(__file__, []) | {"sentence-transformers": sentence_transformers.__version__}
    write_json(GOLDEN / "hard_negatives.json", {"provenance": versions, **result})


if __name__ == "__main__":
    main()
