# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes adamw.json: five AdamW steps of three numbers, with decoupled decay and a changing learning rate."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch

from reference import GOLDEN, provenance, write_json

START = [0.5, -1.25, 2.0]
# The third number's gradient changes sign; the second's is tiny, so that eps counts.
GRADS = [[0.1, 1e-8, 3.0], [0.2, -2e-8, -3.0], [-0.4, 3e-8, 1.0], [0.0, 0.0, 0.0], [0.8, 5e-8, -0.5]]
RATES = [0.01, 0.02, 0.03, 0.02, 0.01]
SETTINGS = {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1}


def main():
    parameter = torch.nn.Parameter(torch.tensor(START))
    adamw = torch.optim.AdamW([parameter], lr=0.0, **SETTINGS)
    steps = []
    for grad, lr in zip(GRADS, RATES):
        parameter.grad = torch.tensor(grad)
        adamw.param_groups[0]["lr"] = lr
        adamw.step()
        state = adamw.state[parameter]
        after = {"parameter": parameter, "first_moment": state["exp_avg"], "second_moment": state["exp_avg_sq"]}
        steps.append({"grad": grad, "lr": lr, **{name: tensor.tolist() for name, tensor in after.items()}})
    settings = {"start": START, **SETTINGS, "steps": steps}
    write_json(GOLDEN / "adamw.json", {"provenance": provenance(__file__), **settings})


if __name__ == "__main__":
    main()
