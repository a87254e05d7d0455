# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the training scripts that Hone wrote.

    check_scripts.py FOLDER

FOLDER has a folder for each run, with the content of hone-run.zip, the file of the rows and the base model. Each script
compares the loss of the first step with Hone's, and trains 20 steps. A few train again in two processes, and one by each
configuration of accelerate; they must have the same loss in every step.
"""

import json
import math
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from multiprocessing import get_context
from pathlib import Path

# Two runs at a time are faster than two threads for each of these small models.
LANES = 2
os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false"}

import transformers
from accelerate.commands.config.config_args import load_config_from_file

# The greatest difference of a loss from Hone's.
LOSS = 1e-4
# The greatest difference of a step's loss between one process and two.
IN_TWO_LOSS = 1e-5
STEPS = 20
MAX_LINES = 200
# The runs that are trained in two processes: a loss by class weights, an adapter, and a loss by tokens.
IN_TWO = ["classification-full", "tags-lora", "generation-gradual"]
# The run that is also launched by each configuration of accelerate.
LAUNCHED = "classification-full"


def main():
    # Those that take longest first.
    folders = sorted(Path(sys.argv[1]).iterdir(), key=lambda folder: (folder.name not in IN_TWO, folder.name))
    failed = []
    with tempfile.TemporaryDirectory() as outputs, ProcessPoolExecutor(LANES, get_context("fork")) as pool:
        found = pool.map(attempt, folders, [Path(outputs) / folder.name for folder in folders])
        for folder, (is_right, words) in zip(folders, found):
            print(folder.name, words, flush=True)
            if not is_right:
                failed.append(folder.name)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def attempt(folder, out):
    """Whether the script does what Hone does, and the figures or the reason."""
    try:
        return True, check(folder, out)
    except (Exception, SystemExit) as error:
        return False, f"FAILED {type(error).__name__} {error}"


def check(folder, out):
    """Raises an exception if the script does not do what Hone does."""
    for name in ("train.py", "recipe.py", "rows.py"):
        lines = (folder / name).read_text(encoding="utf-8").count("\n")
        require(lines <= MAX_LINES, f"{name} has {lines} lines")
    for config in (folder / "accelerate").iterdir():
        load_config_from_file(str(config))
    found = run(folder, "--check", "--out", str(out))
    difference = abs(found["first_loss"] - found["in_hone"])
    require(difference <= LOSS, f"first loss {found['first_loss']}, in Hone {found['in_hone']}")
    run(folder, "--out", str(out))
    steps = losses(out)
    require(len(steps) >= STEPS, f"{len(steps)} steps")
    require(all(map(math.isfinite, steps)), f"losses {steps}")
    result = f"first loss differs by {difference:.1e}, then {steps[0]:.3f} to {steps[-1]:.3f}"
    if folder.name in IN_TWO:
        result += f", two processes by {in_two_processes(folder, out):.1e}"
    if folder.name == LAUNCHED:
        result += f", by accelerate {launched(folder, out):.1e}"
    return result


def run(folder, *arguments):
    """Runs the script in this process, since importing transformers takes longer than training. Returns what it printed
    last."""
    arguments = [str(data_of(folder)), "--model", str(folder / "base"), *arguments]
    argv, path = sys.argv, list(sys.path)
    sys.argv, sys.path[:0] = ["train.py", *arguments], [str(folder)]
    for module in ("recipe", "rows", "modeling_hone"):
        sys.modules.pop(module, None)
    transformers.set_seed(0)
    try:
        with redirect_stdout(StringIO()) as printed:
            runpy.run_path(str(folder / "train.py"), run_name="__main__")
    finally:
        sys.argv, sys.path = argv, path
    return json.loads(printed.getvalue().strip().splitlines()[-1])


def in_two_processes(folder, alone):
    """The greatest difference of a step's loss between two processes and one. Weights are not compared: AdamW magnifies the
    rounding of gradients that are 0, such as those of the keys' biases."""
    return compared(folder, alone, ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"])


def launched(folder, alone):
    """The same for `accelerate launch` with each configuration: those for several GPUs in two processes on the CPU, where FSDP2
    has each process keep the whole model."""
    differences = []
    for config in sorted((folder / "accelerate").iterdir()):
        processes = [] if config.name == "single_gpu.yaml" else ["--num_processes", "2"]
        launch = ["accelerate.commands.launch", "--config_file", str(config), *processes]
        differences.append(compared(folder, alone, launch))
    return max(differences)


def compared(folder, alone, launch):
    """Trains by a launcher. Returns the greatest difference of a step's loss from that of one process."""
    out = alone.with_name(alone.name + "-launched")
    shutil.rmtree(out, ignore_errors=True)
    script = [str(folder / "train.py"), str(data_of(folder)), "--model", str(folder / "base"), "--out", str(out)]
    done = subprocess.run([sys.executable, "-m", *launch, *script], capture_output=True, text=True, timeout=300)
    require(done.returncode == 0, f"{' '.join(launch)}: {done.stderr[-2000:]}")
    ours, theirs = losses(alone), losses(out)
    require(len(ours) == len(theirs), f"{len(theirs)} steps by {' '.join(launch)}")
    difference = max(abs(one - two) for one, two in zip(ours, theirs))
    require(difference <= IN_TWO_LOSS, f"{' '.join(launch)} differs by {difference}")
    return difference


def losses(out):
    """The loss of each step."""
    state = json.loads((out / "trainer_state.json").read_text(encoding="utf-8"))
    return [entry["loss"] for entry in state["log_history"] if "loss" in entry]


def data_of(folder):
    """The file of the rows."""
    return folder / json.loads((folder / "split.json").read_text(encoding="utf-8"))["train"]["file"]


def require(condition, message):
    if not condition:
        raise AssertionError(message)


if __name__ == "__main__":
    main()
