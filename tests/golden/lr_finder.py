# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes lr_finder.json: range tests on made-up losses, smoothed, with the learning rates they suggest.

- Smoothing is exponential, with Adam's bias correction.
- A test ends with the first smoothed loss above four times the best so far.
- `steepest` is the rate where the smoothed loss falls fastest over the logarithm of the rate, to the next point.
- `valley` is halfway down the longest fall (a rise in between does not end it), as fastai describes its own. None of
  these losses has two longest falls.

A suggestion is null if the smoothed loss never falls.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch

from reference import GOLDEN, provenance, write_json

BETA, TOO_HIGH = 0.98, 4.0
POINTS, LR_MIN, LR_MAX = 60, 1e-7, 1.0


def main():
    rates = [LR_MIN * (LR_MAX / LR_MIN) ** (i / (POINTS - 1)) for i in range(POINTS)]
    made_up = {
        "valley": valley_of(rates, bottom=0.0, seed=101),
        "rising": [0.7 + 0.01 * i for i in range(POINTS)],
        "diverging": valley_of(rates, bottom=-2.5, seed=95),
    }
    cases = {name: tried(rates, losses) for name, losses in made_up.items()}
    settings = {"beta": BETA, "too_high": TOO_HIGH, "rates": rates}
    write_json(GOLDEN / "lr_finder.json", {"provenance": provenance(__file__), **settings, **cases})


def valley_of(rates, bottom, seed):
    """Losses that fall around the rate 1e-5 and rise beyond 10^`bottom`, with noise."""
    noise = torch.randn(POINTS, generator=torch.Generator().manual_seed(seed)).tolist()
    losses = []
    for rate, error in zip(rates, noise):
        x = math.log10(rate)
        fallen = 0.9 / (1 + math.exp(-3 * (x + 5)))
        losses.append(1.2 - fallen + math.exp(5 * (x - bottom)) + 0.05 * error)
    return losses


def tried(rates, losses):
    """The losses of a test, smoothed as far as it goes, and what follows from them."""
    smooth = smoothed(losses)
    used = len(smooth)
    suggested = {"steepest": steepest(rates, smooth), "valley": valley(rates, smooth)}
    return {"losses": losses, "smoothed": smooth, "ended": used < len(losses), **suggested}


def smoothed(losses):
    """Smoothed losses, the one that ends the test included."""
    smooth, mean = [], 0.0
    for t, loss in enumerate(losses, 1):
        mean = BETA * mean + (1 - BETA) * loss
        smooth.append(mean / (1 - BETA**t))
        if smooth[-1] > TOO_HIGH * min(smooth):
            break
    return smooth


def steepest(rates, smooth):
    """The rate before the steepest fall."""
    slopes = [
        (smooth[i + 1] - smooth[i]) / (math.log(rates[i + 1]) - math.log(rates[i])) for i in range(len(smooth) - 1)
    ]
    least = min(slopes)
    return rates[slopes.index(least)] if least < 0 else None


def valley(rates, smooth):
    """The rate half way down the longest fall: a third of its points and half a third, each rounded down."""
    falls = []  # For each point, the length of the longest fall to it and the point where that begins.
    for end, loss in enumerate(smooth):
        above = [falls[i] for i in range(end) if smooth[i] > loss]
        length, start = max(above, key=lambda fall: fall[0], default=(0, end))
        falls.append((length + 1, start))
    length, start = max(falls, key=lambda fall: fall[0])
    if length == 1:
        return None
    points = falls.index((length, start)) - start
    return rates[start + points // 3 + points // 6]


if __name__ == "__main__":
    main()
