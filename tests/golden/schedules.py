# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes schedules.json: the learning rate of every step, relative to the peak, and the factors of a plateau.

A case's `recipe` holds the recipe fields that it tests. Where the sources lack something or differ:

- A final rate above 0: the linear schedule uses the polynomial one of power 1. Restarts lack it, so transformers' curve
  is scaled to end there.
- One cycle without a rising half: PyTorch starts below the peak, Hone at it. No case.
- ULMFiT's triangle over a number of steps that is no multiple of 1 / cut_frac: the paper's formula falls below the
  lowest rate, Hone stays at it. No case.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
import transformers
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

from reference import GOLDEN, provenance, write_json

FINAL = 0.1
# Recipe, transformers' schedule and its settings.
SCHEDULES = [
    ({"schedule": "constant"}, "constant_with_warmup", {}),
    ({"schedule": "linear"}, "linear", {}),
    ({"schedule": "linear", "lr_final_ratio": FINAL}, "polynomial", {"power": 1.0, "lr_end": FINAL}),
    ({"schedule": "cosine"}, "cosine", {}),
    ({"schedule": "cosine", "lr_final_ratio": FINAL}, "cosine_with_min_lr", {"min_lr": FINAL}),
    ({"schedule": "cosine_restarts", "cycles": 3}, "cosine_with_restarts", {"num_cycles": 3}),
    ({"schedule": "polynomial", "power": 2.0}, "polynomial", {"power": 2.0, "lr_end": 0.0}),
    ({"schedule": "polynomial", "power": 2.0, "lr_final_ratio": FINAL}, "polynomial", {"power": 2.0, "lr_end": FINAL}),
    ({"schedule": "inverse_sqrt"}, "inverse_sqrt", {}),
]
# Ties, changes of exactly the minimum delta, and long stretches without improvement. Higher is better.
SCORES = [0.5, 0.625, 0.6875, 0.625, 0.75, 0.75, 0.6875, 0.625, 0.5625, 0.875, 0.125, 0.9375]


def main():
    cases = []
    for total, warmup in ((40, 0), (40, 4), (7, 0), (7, 4)):
        found = [from_transformers(total, warmup, *schedule) for schedule in SCHEDULES]
        cases += found
        cases += [restarts_above(FINAL, restarts) for restarts in found if "cycles" in restarts["recipe"]]
        if warmup > 0:
            cases += [one_cycle(total, warmup, final) for final in (0.0, FINAL)]
    cases += [slanted_triangular(total) for total in (40, 50)]
    plateau = [stalls(metric, *of) for metric in ("accuracy", "loss") for of in ((1, 0.0), (0, 0.0), (1, 0.0625))]
    write_json(GOLDEN / "schedules.json", {"provenance": provenance(__file__), "cases": cases, "plateau": plateau})


def from_transformers(total, warmup, recipe, name, settings):
    """The rates of one of transformers' schedules."""
    optimizer = sgd()
    schedule = transformers.get_scheduler(name, optimizer, warmup, total, settings)
    return case(f"transformers {name}", total, {**recipe, "warmup_steps": warmup}, rates(optimizer, schedule, total))


def restarts_above(final, restarts):
    """The rates of restarts that fall to `final` instead of 0."""
    recipe, warmup = restarts["recipe"], restarts["recipe"]["warmup_steps"]
    raised = [rate if step < warmup else final + (1 - final) * rate for step, rate in enumerate(restarts["lr"])]
    return {**restarts, "recipe": {**recipe, "lr_final_ratio": final}, "lr": raised}


def one_cycle(total, warmup, final, start=0.04):
    """The rates of PyTorch's one cycle in two phases."""
    optimizer = sgd()
    last = start / final if final else math.inf
    settings = {"pct_start": warmup / total, "div_factor": 1 / start, "final_div_factor": last}
    schedule = OneCycleLR(optimizer, 1.0, total_steps=total, cycle_momentum=False, **settings)
    recipe = {"schedule": "one_cycle", "warmup_steps": warmup, "lr_start_ratio": start, "lr_final_ratio": final}
    return case("torch OneCycleLR", total, recipe, rates(optimizer, schedule, total))


def slanted_triangular(total, cut_frac=0.1, ratio=32):
    """The rates of Howard, Ruder 2018, section 3.2, equation 3, with t from 0."""
    cut = math.floor(total * cut_frac)
    rising = [t / cut for t in range(cut)]
    falling = [1 - (t - cut) / (cut * (1 / cut_frac - 1)) for t in range(cut, total)]
    recipe = {"schedule": "slanted_triangular", "cut_frac": cut_frac, "ratio": float(ratio)}
    return case("ULMFiT", total, recipe, [(1 + p * (ratio - 1)) / ratio for p in rising + falling])


def case(source, total, recipe, lr):
    """The rates of steps 0 to `total` - 1."""
    return {"source": source, "recipe": recipe, "total_steps": total, "lr": lr}


def stalls(metric, patience, early_stopping_min_delta):
    """The factor of the learning rate after each score."""
    mode, scores = ("min", [1 - score for score in SCORES]) if metric == "loss" else ("max", SCORES)
    optimizer = sgd()
    settings = {"factor": 0.5, "patience": patience, "threshold": early_stopping_min_delta, "threshold_mode": "abs"}
    schedule = ReduceLROnPlateau(optimizer, mode, **settings)
    factors = []
    for score in scores:
        schedule.step(score)
        factors.append(schedule.get_last_lr()[0])
    recipe = {"schedule": "plateau", "plateau_factor": 0.5, "plateau_patience": patience}
    recipe |= {"metric_for_best_model": metric, "early_stopping_min_delta": early_stopping_min_delta}
    return {"source": "torch ReduceLROnPlateau", "recipe": recipe, "scores": scores, "factors": factors}


def sgd():
    """An optimizer with learning rate 1, for the schedules to scale."""
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def rates(optimizer, schedule, total):
    """The rate of each step."""
    used = []
    for _ in range(total):
        used.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return used


if __name__ == "__main__":
    main()
