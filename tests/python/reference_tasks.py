# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes tests/golden/reference_tasks.json: the scores that PyTorch reaches with MiniLM on tasks other than
classification.

    reference_tasks.py [--seeds 0] [--tasks question_answering ...] [--rows-only FOLDER]

HONE_DATA is the folder of the data sets. Every fifth paragraph or sentence, in file order, is for validation, so that
any program can make the same split without random numbers. WNUT17 has its own test file. `--rows-only` writes only the
rows of each task, as JSON; `--tasks` measures some tasks again and keeps the others. Scores are taken after each epoch.
"""

import argparse
import json
import math
import os
import statistics
import time
from pathlib import Path

import torch
from transformers import AutoTokenizer

from reference import GOLDEN, MINILM, Optimizer, freeze_embeddings, provenance, write_json
from task_data import FILES, TASKS

RECIPE = {
    "batch_size": 8,
    "epochs": 3,
    "learning_rate": 1e-4,
    "warmup_ratio": 0.1,
    "weight_decay": 0.01,
    "dropout": 0.1,
    "max_grad_norm": 1.0,
    "train_embeddings": False,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--rows-only", type=Path)
    args = parser.parse_args()
    data = Path(os.environ["HONE_DATA"])
    if args.rows_only:
        for name in args.tasks:
            rows = TASKS[name].rows(data)
            (args.rows_only / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
        return
    path = GOLDEN / "reference_tasks.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found["provenance"] = provenance(__file__, [MINILM / "model.safetensors", *(data / file for file in FILES)])
    for name in args.tasks:
        task = TASKS[name]
        rows, recipe = task.rows(data), RECIPE | task.recipe
        runs = [{"seed": seed, **run(task, rows, recipe, seed)} for seed in args.seeds]
        last = [r["epochs"][-1] for r in runs]
        mean = {of: round(statistics.mean(scores[of] for scores in last), 4) for of in last[0]}
        counts = {part: len(rows[part]) for part in rows}
        found[name] = {"recipe": recipe, "rows": counts, **task.notes(rows), "mean_of_last": mean, "runs": runs}
        write_json(path, found)


def run(task, rows, recipe, seed):
    """Trains once; returns the scores after each epoch."""
    tokenizer = AutoTokenizer.from_pretrained(MINILM)
    examples = {part: task.encode(tokenizer, rows[part], recipe["max_length"]) for part in rows}
    train, size = examples["train"], recipe["batch_size"]
    torch.manual_seed(seed)
    model = task.model(MINILM, recipe["dropout"], seed)
    freeze_embeddings(model)
    steps = math.ceil(len(train) / size) * recipe["epochs"]
    keywords = {name: recipe[name] for name in ("learning_rate", "weight_decay", "warmup_ratio", "max_grad_norm")}
    optimizer = Optimizer(model, steps, **keywords)
    history, started = [], time.time()
    for _ in range(recipe["epochs"]):
        model.train()
        order = torch.randperm(len(train)).tolist()
        for first in range(0, len(train), size):
            batch = task.collate([train[i] for i in order[first : first + size]])
            optimizer.step(model(**batch).loss)
        scores = task.scores(rows["validation"], examples["validation"], outputs(task, model, examples["validation"]))
        history.append({name: round(score, 4) for name, score in scores.items()})
        print(task.__name__, seed, history[-1], f"{time.time() - started:.0f} s", flush=True)
    return {"training_examples": len(train), "steps": steps, "epochs": history}


@torch.no_grad()
def outputs(task, model, examples):
    """The model's outputs for each example, in order."""
    model.eval()
    found = []
    for first in range(0, len(examples), 32):
        batch = task.collate(examples[first : first + 32])
        found += task.outputs(model(**batch))
    return found


if __name__ == "__main__":
    main()
