# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks ONNX exports with ONNX's own checker and ONNX Runtime, as tests/tests/export_interop writes them.

    check_onnx.py FOLDER

Each folder in it has a folder `model` and expected.json: {"shape": [rows, tokens], the graph's inputs by name, "logits":
those of the engine, "is_rounded": true if the file's weights are rounded and the engine's are not}. Exits with 1 if a check fails.
"""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

# Relative to the largest logit.
TOLERANCE = 1e-5
# Of the logits of rounded weights with those of the weights before.
SIMILARITY = 0.97


def main():
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/expected.json"))
    return 0 if folders and all([passes(folder) for folder in folders]) else 1


def passes(folder):
    """Runs the checks of one export and prints their result."""
    try:
        print(f"ok    {folder.name}: {check(folder)}")
        return True
    except Exception as error:
        print(f"FAIL  {folder.name}: {type(error).__name__}: {error}")
        return False


def check(folder):
    """Compares the graph's logits with the engine's; returns what it found."""
    (path,) = (folder / "model" / "onnx").iterdir()
    onnx.checker.check_model(onnx.load(path), full_check=True)
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    inputs = {name: np.array(expected[name], np.int64).reshape(expected["shape"]) for name in names}
    found = session.run(None, inputs)
    for output, values in zip(session.get_outputs(), found):
        fixed = [size for size in output.shape if isinstance(size, int)]
        if fixed != list(values.shape[len(values.shape) - len(fixed) :]):
            raise ValueError(f"{output.name} is declared as {output.shape} and has {values.shape}")
    # Start and end of an answer are two outputs here, and two columns in the engine.
    found = np.stack(found, -1) if len(found) == 2 else found[0]
    wanted = np.array(expected["logits"], np.float32).reshape(found.shape)
    if found.ndim == 3:
        tokens = np.array(expected["attention_mask"]).reshape(expected["shape"]) == 1
        found, wanted = found[tokens], wanted[tokens]
    run_card(folder / "model")
    described = f"{', '.join(names)} -> {', '.join(each.name for each in session.get_outputs())}"
    if expected["is_rounded"]:
        found, wanted = (values.reshape(-1, values.shape[-1]) for values in (found, wanted))
        similarity = (found * wanted).sum(-1) / np.linalg.norm(found, axis=-1) / np.linalg.norm(wanted, axis=-1)
        # The micro models' few random weights do not say how accurate a real model's are.
        if found.shape[-1] > 8 and not similarity.min() >= SIMILARITY:
            raise ValueError(f"the cosine with the exact logits is {similarity.min():.4f}")
        return f"{path.name}, {described}, cosine {similarity.min():.4f}"
    difference = float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))
    if not difference <= TOLERANCE:
        raise ValueError(f"the logits differ by {difference:.2e}")
    return f"{path.name}, {described}, {difference:.1e}"


def run_card(folder):
    """Runs the Python code of a folder's card, which must print something."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    code = card.split("```python\n")[1].split("```")[0].replace("path/to/this/folder", str(folder))
    with redirect_stdout(StringIO()) as printed:
        exec(code, {})
    if not printed.getvalue():
        raise ValueError("the code of the card prints nothing")


if __name__ == "__main__":
    sys.exit(main())
