# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks ONNX exports with ONNX's own checker and ONNX Runtime, as tests/tests/export_interop writes them.

    check_onnx.py FOLDER

Each folder in it has a folder `model` and expected.json: {"shape": [rows, tokens], the graph's inputs by name, "logits":
those of the engine, "is_rounded": true if the file's weights are rounded and the engine's are not}. For a decoder,
"prompts" has the ids of prompts, the logits after them and their continuations. Exits with 1 if a check fails.
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
# Of the logits of weights, cache and hidden states in 16 bits.
FLOAT16_TOLERANCE = 2e-2
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
    run_card(folder / "model")
    if "prompts" in expected:
        return f"{path.name}, {check_decoder(session, expected)}"
    names = [each.name for each in session.get_inputs()]
    inputs = {name: np.array(expected[name], np.int64).reshape(expected["shape"]) for name in names}
    found = session.run(None, inputs)
    for output, values in zip(session.get_outputs(), found):
        fixed = [size for size in output.shape if isinstance(size, int)]
        if fixed != list(values.shape[len(values.shape) - len(fixed) :]):
            raise ValueError(f"{output.name} is declared as {output.shape} and has {values.shape}")
    if [each.name for each in session.get_outputs()][-1] == "sentence_embedding":
        found = found[-1:]
    # Start and end of an answer are two outputs here, and two columns in the engine.
    found = np.stack(found, -1) if len(found) == 2 else found[0]
    wanted = np.array(expected["logits"], np.float32).reshape(found.shape)
    if found.ndim == 3:
        tokens = np.array(expected["attention_mask"]).reshape(expected["shape"]) == 1
        found, wanted = found[tokens], wanted[tokens]
    described = f"{', '.join(names)} -> {', '.join(each.name for each in session.get_outputs())}"
    if path.name == "model_fp16.onnx":
        return f"{path.name}, {described}, {difference_of(found, wanted, FLOAT16_TOLERANCE):.1e}"
    if expected["is_rounded"]:
        found, wanted = (values.reshape(-1, values.shape[-1]) for values in (found, wanted))
        similarity = (found * wanted).sum(-1) / np.linalg.norm(found, axis=-1) / np.linalg.norm(wanted, axis=-1)
        # The micro models' few random weights do not say how accurate a real model's are.
        if found.shape[-1] > 8 and not similarity.min() >= SIMILARITY:
            raise ValueError(f"the cosine with the exact logits is {similarity.min():.4f}")
        return f"{path.name}, {described}, cosine {similarity.min():.4f}"
    return f"{path.name}, {described}, {difference_of(found, wanted, TOLERANCE):.1e}"


def check_decoder(session, expected):
    """Compares the logits after each prompt and its greedy continuation through the cache with the engine's."""
    caches = [each for each in session.get_inputs() if each.name.startswith("past")]
    dtype = np.float16 if caches[0].type == "tensor(float16)" else np.float32
    tolerance, worst = FLOAT16_TOLERANCE if dtype == np.float16 else TOLERANCE, 0.0

    def run(ids, mask, positions, past):
        inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
        logits, *present = session.run(None, {name: np.array(each, np.int64) for name, each in inputs.items()} | past)
        return logits, dict(zip((each.name for each in caches), present))

    def empty(rows):
        return {each.name: np.zeros((rows, each.shape[1], 0, each.shape[3]), dtype) for each in caches}

    for prompt in expected["prompts"]:
        ids, count, made = prompt["prompt_ids"], len(prompt["prompt_ids"]), []
        logits, past = run([ids], np.ones((1, count)), [range(count)], empty(1))
        worst = max(worst, difference_of(logits[0, -1], prompt["logits"], tolerance))
        while len(made) < len(prompt["completion_ids"]):
            made.append(int(logits[0, -1].argmax()))
            logits, past = run([made[-1:]], np.ones((1, count + len(made))), [[count + len(made) - 1]], past)
        # Rounded weights may choose another token.
        if not expected["is_rounded"] and made != prompt["completion_ids"]:
            raise ValueError(f"it continues with {made}, and the engine with {prompt['completion_ids']}")
    # All prompts at once, with padding before the shorter ones, as transformers.js has it.
    prompts = expected["prompts"]
    longest = max(len(prompt["prompt_ids"]) for prompt in prompts)
    gaps = [longest - len(prompt["prompt_ids"]) for prompt in prompts]
    ids = [[0] * gap + prompt["prompt_ids"] for gap, prompt in zip(gaps, prompts)]
    mask = [[0] * gap + [1] * (longest - gap) for gap in gaps]
    positions = [[1] * gap + list(range(longest - gap)) for gap in gaps]
    logits, _ = run(ids, mask, positions, empty(len(prompts)))
    for row, prompt in zip(logits, prompts):
        worst = max(worst, difference_of(row[-1], prompt["logits"], tolerance))
    return f"{len(caches) // 2} layers, {len(prompts)} prompts, {worst:.1e}"


def difference_of(found, wanted, tolerance):
    """The largest difference, relative to the largest value."""
    wanted = np.array(wanted, np.float32)
    difference = float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))
    if not difference <= tolerance:
        raise ValueError(f"the logits differ by {difference:.2e}")
    return difference


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
