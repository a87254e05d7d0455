# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shared by the golden scripts and the reference runs: Hone's models and optimizer in PyTorch."""

import hashlib
import importlib.util
import json
import math
import os
import platform
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification, get_linear_schedule_with_warmup

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
# A real decoder of 260,000 parameters.
STORIES = ROOT / "tests/models/stories260K"
MINILM = Path(os.environ.get("HONE_MINILM", Path.home() / ".cache/hone/models/all-MiniLM-L6-v2"))
# Suffixes of the weights of norms: BERT's, Llama's and DistilBERT's, GPT-2's.
NORMS = ("Norm.weight", "norm.weight", "ln_1.weight", "ln_2.weight", "ln_f.weight")
NOT_DECAYED = ("bias", *NORMS)

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def hone_class():
    """The class that Hone ships in its exports."""
    spec = importlib.util.spec_from_file_location("modeling_hone", ROOT / "core/src/export/modeling_hone.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.HoneBertForSequenceClassification


def classifier(folder, pooling, classes, dropout=0.0, head=None, seed=0):
    """A classifier with the base model in `folder` and the given head (or one drawn from `seed`, normal(0, 0.02))."""
    config = BertConfig.from_pretrained(
        folder, num_labels=classes, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout
    )
    kind = {"cls": BertForSequenceClassification, "mean": hone_class()}[pooling]
    model = kind.from_pretrained(folder, config=config, attn_implementation="eager")
    head = head or new_head(classes, config.hidden_size, seed)
    model.load_state_dict({**model.state_dict(), **head})
    return model


def new_head(classes, hidden_size, seed, spread=0.02):
    """A new linear head: weights normal(0, spread), bias zero."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.empty(classes, hidden_size).normal_(0.0, spread, generator=generator)
    return {"classifier.weight": weight, "classifier.bias": torch.zeros(classes)}


def freeze_embeddings(model):
    """Freezes word, position and type embeddings and their LayerNorm."""
    model.base_model.embeddings.requires_grad_(False)
    if hasattr(model.base_model, "embeddings_project"):
        model.base_model.embeddings_project.requires_grad_(False)


def draw_weights(model, generator):
    """Draws weights large enough (0.2) for nonlinear activations, including norms and biases."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            center, spread = (1.0, 0.1) if name.endswith(NORMS) else (0.0, 0.2)
            parameter.normal_(center, spread, generator=generator)


def first_gradients(model, batch):
    """The gradients of the batch's loss by parameter name. The model's gradients are cleared."""
    model.zero_grad()
    model(**batch).loss.backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return gradients


def prefixed(prefix, tensors):
    """Copies of the tensors, with `prefix` and a dot before each name."""
    return {f"{prefix}.{name}": tensor.detach().clone() for name, tensor in tensors.items()}


def listed(batches):
    """Batches of tensors as lists, for JSON."""
    return [{name: tensor.tolist() for name, tensor in batch.items()} for batch in batches]


class Optimizer:
    """AdamW with global gradient clipping, linear warmup and linear decay, as in Hone's default recipe."""

    def __init__(self, model, steps, learning_rate, weight_decay=0.01, warmup_ratio=0.1, max_grad_norm=1.0):
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        groups = [
            {"params": [p for n, p in named if not n.endswith(NOT_DECAYED)], "weight_decay": weight_decay},
            {"params": [p for n, p in named if n.endswith(NOT_DECAYED)], "weight_decay": 0.0},
        ]
        self.parameters = [p for _, p in named]
        self.max_grad_norm = max_grad_norm
        self.adamw = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)
        self.schedule = get_linear_schedule_with_warmup(self.adamw, math.ceil(warmup_ratio * steps), steps)

    def step(self, loss):
        """Takes one step on `loss`; returns the gradient norm before clipping and the learning rate."""
        self.adamw.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.max_grad_norm or float("inf"))
        lr = self.schedule.get_last_lr()[0]
        self.adamw.step()
        self.schedule.step()
        return norm.item(), lr


def curve(model, optimizer, batches):
    """Trains on `batches` in turn; returns loss, gradient norm and learning rate of every step."""
    history = {"loss": [], "grad_norm": [], "lr": []}
    model.train()
    for batch in batches:
        loss = model(**batch).loss
        grad_norm, lr = optimizer.step(loss)
        for name, value in (("loss", loss.item()), ("grad_norm", grad_norm), ("lr", lr)):
            history[name].append(value)
    return history


def sha256(path):
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def provenance(script, inputs=()):
    """The script, the versions of its libraries and the hashes of its inputs.

    Inputs with equal names are distinguished by their folder.
    """
    inputs = [Path(path) for path in inputs]
    names = [path.name for path in inputs]
    hashes = {p.name if names.count(p.name) == 1 else f"{p.parent.name}/{p.name}": sha256(p) for p in inputs}
    return {
        "script": Path(script).resolve().relative_to(ROOT).as_posix(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "inputs": hashes,
    }


def write_json(path, value):
    """Writes JSON with one line per top-level entry: small, and readable in a diff."""
    entries = (f"{json.dumps(key)}: {json.dumps(entry, ensure_ascii=False)}" for key, entry in value.items())
    Path(path).write_text("{\n" + ",\n".join(entries) + "\n}\n", encoding="utf-8")


def write_tensors(path, tensors):
    """Writes tensors as safetensors."""
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path, {"format": "pt"})
