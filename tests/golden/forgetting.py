# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes forgetting.json: how far sentence vectors moved, and how well their similarities still agree.

`cosine` is the mean over all sentences of the cosine between the vectors before and after. `agreement` is Pearson's
correlation between the cosines of all pairs of sentences before and after. Rotated vectors agree perfectly.
"""

import sys
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import numpy
import torch
from torch.nn.functional import cosine_similarity

from reference import GOLDEN, provenance, write_json

SENTENCES, SIZE = 6, 8
PAIRS = list(combinations(range(SENTENCES), 2))


def main():
    normal = {"generator": torch.Generator().manual_seed(71), "dtype": torch.float64}
    # As in a real encoder, all vectors share a component.
    before = torch.randn(SENTENCES, SIZE, **normal) + 2 * torch.randn(SIZE, **normal)
    turn = torch.linalg.qr(torch.randn(SIZE, SIZE, **normal)).Q
    cases = {
        "moved": compared(before, before * 1.5 + 0.8 * torch.randn(SENTENCES, SIZE, **normal)),
        "turned": compared(before, before @ turn),
    }
    write_json(GOLDEN / "forgetting.json", {"provenance": provenance(__file__), **cases})


def compared(before, after):
    """The vectors and both measures."""
    similarities = [[cosine_similarity(of[i], of[j], 0).item() for i, j in PAIRS] for of in (before, after)]
    return {
        "before": before.tolist(),
        "after": after.tolist(),
        "cosine": cosine_similarity(before, after).mean().item(),
        "agreement": numpy.corrcoef(similarities)[0, 1].item(),
    }


if __name__ == "__main__":
    main()
