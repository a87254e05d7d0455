# SPDX-License-Identifier: MIT OR Apache-2.0
"""Trains a classifier in PyTorch with one of Hone's recipes, as a reference for Hone's result.

    reference_run.py ROWS.json RECIPE.json [--seeds 0 1 2] [--model FOLDER]

ROWS.json is {"train": [{"text", "label"}...], "validation": [...]}; RECIPE.json is a recipe as Hone writes it. Prints
one line of JSON per seed: the scores of the evaluation with the best macro-F1 (which Hone restores) and of the last.
The recipe's metric_for_best_model is ignored.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoTokenizer

from reference import MINILM, Optimizer, classifier, freeze_embeddings

DEFAULTS = {
    "pooling": "mean",
    "max_length": 64,
    "batch_size": 16,
    "gradient_accumulation_steps": 1,
    "epochs": 3,
    "learning_rate": 5e-5,
    "warmup_ratio": 0.1,
    "weight_decay": 0.01,
    "dropout": 0.1,
    "max_grad_norm": 1.0,
    "train_embeddings": False,
    "evals_per_epoch": 2,
    "early_stopping_patience": 3,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--model", type=Path, default=MINILM)
    args = parser.parse_args()
    rows = json.loads(args.rows.read_text(encoding="utf-8"))
    recipe = json.loads(args.recipe.read_text(encoding="utf-8"))
    for seed in args.seeds:
        started = time.time()
        result = run(args.model, rows, recipe, seed)
        print(json.dumps({"seed": seed, **result, "seconds": round(time.time() - started, 1)}), flush=True)


def run(folder, rows, recipe, seed):
    """Trains once and returns the scores."""
    recipe = DEFAULTS | {name: value for name, value in recipe.items() if value is not None}
    assert recipe["gradient_accumulation_steps"] == 1, "accumulation: raise batch_size instead"
    labels = sorted({row["label"] for row in rows["train"]})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    train, validation = (encode(tokenizer, rows[part], labels, recipe["max_length"]) for part in ("train", "validation"))
    torch.manual_seed(seed)
    model = classifier(folder, recipe["pooling"], len(labels), recipe["dropout"], seed=seed)
    if not recipe["train_embeddings"]:
        freeze_embeddings(model)
    size = recipe["batch_size"]
    epoch_steps = -(-len(train) // size)
    keywords = {name: recipe[name] for name in ("learning_rate", "weight_decay", "warmup_ratio", "max_grad_norm")}
    optimizer = Optimizer(model, epoch_steps * recipe["epochs"], **keywords)
    eval_steps = {-(-epoch_steps * (i + 1) // recipe["evals_per_epoch"]) for i in range(recipe["evals_per_epoch"])}
    history = []
    for epoch in range(recipe["epochs"]):
        order = torch.randperm(len(train)).tolist()
        for step in range(epoch_steps):
            model.train()
            batch = [train[i] for i in order[step * size : (step + 1) * size]]
            optimizer.step(model(**collate(tokenizer, batch)).loss)
            if step + 1 in eval_steps:
                history.append({"epoch": epoch + (step + 1) / epoch_steps, **scores(model, tokenizer, validation)})
                if stalled(history, recipe["early_stopping_patience"]):
                    return summary(history)
    return summary(history)


def encode(tokenizer, rows, labels, max_length):
    """Token ids and class index of each row."""
    ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=max_length)["input_ids"]
    return [{"input_ids": i, "labels": labels.index(row["label"])} for i, row in zip(ids, rows)]


def collate(tokenizer, rows):
    """A batch padded to its longest row."""
    return tokenizer.pad(rows, padding="longest", return_tensors="pt")


@torch.no_grad()
def scores(model, tokenizer, rows):
    """Accuracy and macro-F1 on `rows`."""
    model.eval()
    batches = (collate(tokenizer, rows[i : i + 32]) for i in range(0, len(rows), 32))
    guesses = [guess for batch in batches for guess in model(**batch).logits.argmax(-1).tolist()]
    truth = [row["labels"] for row in rows]
    f1 = f1_score(truth, guesses, average="macro", zero_division=0)
    return {"accuracy": accuracy_score(truth, guesses), "macro_f1": f1}


def stalled(history, patience):
    """Returns True if the last `patience` evaluations did not improve (0: never)."""
    return patience > 0 and len(history) - 1 - history.index(best(history)) >= patience


def best(history):
    """The first evaluation with the highest macro-F1."""
    return max(history, key=lambda scored: scored["macro_f1"])


def summary(history):
    """The scores to compare."""
    rounded = [{name: round(value, 4) for name, value in entry.items()} for entry in (best(history), history[-1])]
    return {"best": rounded[0], "last": rounded[1]}


if __name__ == "__main__":
    main()
