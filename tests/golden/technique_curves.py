# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes technique_curves.json and .safetensors: 20 steps of the micro BERT with mean pooling, one recipe per case.

Every step sees all 16 rows of train_curve.py, so their order and the batch size make no difference. A case's `recipe`
holds the fields that differ from Hone's defaults, with embeddings frozen and dropout 0. Decay and L2-SP are stronger
than anyone would use, so that a mistake shows. Reads train_curve.*: run it again after they change.
"""

import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
import transformers
from safetensors.torch import load_file

from losses import SMOOTHED, WEIGHTS, loss_of
from reference import GOLDEN, classifier, provenance, write_json, write_tensors

COLUMNS = ("input_ids", "attention_mask", "labels")
STEPS = 20
STAGED = {"unfreeze_unit": "steps", "unfreeze_every": 5.0}
CASES = {
    "plain": {},
    "layer_decay": {"layer_decay": 0.8},
    "lr_per_group": {"lr_per_group": {"head": 2e-3, "layer.0": 2e-4}},
    "decay": {"weight_decay": 1.0},
    "decay_of_all": {"weight_decay": 1.0, "decay_biases": True, "decay_norms": True},
    "embeddings": {"weight_decay": 1.0, "train_embeddings": True},
    "embeddings_without_decay": {"weight_decay": 1.0, "train_embeddings": True, "decay_embeddings": False},
    "smoothed_and_weighted": SMOOTHED | WEIGHTS,
    "focal": {"focal_gamma": 2.0},
    "l2_sp": {"l2_sp": 1.0},
    "last_layer": {"unfreezing": "last", "last_layers": 1},
    "head": {"unfreezing": "head"},
    "gradual": {"unfreezing": "gradual", **STAGED},
    "chain_thaw": {"unfreezing": "chain_thaw", **STAGED},
    "cosine": {"schedule": "cosine"},
}
DEPTH = {"head": 0, "layer.1": 1, "layer.0": 2, "embeddings": 3}
STAGES = {
    "all": ["layer.0 layer.1 head"],
    "head": ["head"],
    "last": ["layer.1 head"],
    "gradual": ["head", "layer.1 head", "layer.0 layer.1 head"],
    "chain_thaw": ["head", "layer.0", "layer.1", "layer.0 layer.1 head"],
}
FINAL = (
    # Its second row is never used: it moves by decay alone.
    "bert.embeddings.token_type_embeddings.weight",
    "bert.encoder.layer.0.attention.self.query.weight",
    "bert.encoder.layer.0.output.LayerNorm.weight",
    "bert.encoder.layer.1.intermediate.dense.bias",
    "classifier.weight",
)


def main():
    base, curve = GOLDEN / "micro_bert", GOLDEN / "train_curve.json"
    info = json.loads(curve.read_text(encoding="utf-8"))
    start = load_file(curve.with_suffix(".safetensors"))
    head = {name: start[name] for name in ("classifier.weight", "classifier.bias")}
    rows = {name: torch.tensor([row for batch in info["batches"][:4] for row in batch[name]]) for name in COLUMNS}
    cases, tensors = {}, {}
    for name, recipe in CASES.items():
        model = classifier(base, "mean", 3, head=head).train()
        cases[name] = {"recipe": recipe, **train(model, recipe, info["learning_rate"], rows)}
        tensors |= {f"{name}.final.{of}": model.get_parameter(of).clone() for of in FINAL}
    inputs = [base / "model.safetensors", base / "config.json", curve, curve.with_suffix(".safetensors")]
    listed = {name: tensor.tolist() for name, tensor in rows.items()}
    found = {"provenance": provenance(__file__, inputs), "learning_rate": info["learning_rate"], "rows": listed, **cases}
    write_json(GOLDEN / "technique_curves.json", found)
    write_tensors(GOLDEN / "technique_curves.safetensors", tensors)


def train(model, recipe, learning_rate, rows):
    """Loss and gradient norm of every step. A stage lasts 5 steps, the last one until the end."""
    adamw = optimizer(model, recipe, learning_rate)
    schedule = transformers.get_scheduler(recipe.get("schedule", "linear"), adamw, math.ceil(0.1 * STEPS), STEPS)
    pretrained = {name: p.detach().clone() for name, p in model.named_parameters() if group_of(name) != "head"}
    stages = STAGES[recipe.get("unfreezing", "all")]
    history = {"loss": [], "grad_norm": []}
    for step in range(STEPS):
        stage = stages[min(step // 5, len(stages) - 1)].split()
        trainable = unfreeze(model, adamw, stage + ["embeddings"] * recipe.get("train_embeddings", False))
        loss = loss_of(model(rows["input_ids"], rows["attention_mask"]).logits, rows["labels"], recipe)
        moved = [(p - pretrained[name]).square().sum() for name, p in trainable.items() if name in pretrained]
        (loss + recipe.get("l2_sp", 0.0) / 2 * sum(moved)).backward()
        norm = torch.nn.utils.clip_grad_norm_(trainable.values(), 1.0)
        adamw.step()
        adamw.zero_grad()
        schedule.step()
        history["loss"].append(loss.item())
        history["grad_norm"].append(norm.item())
    return history


def optimizer(model, recipe, learning_rate):
    """AdamW with the learning rate and decay of each parameter."""
    groups = []
    for name, parameter in model.named_parameters():
        group = group_of(name)
        rate = recipe.get("lr_per_group", {}).get(group, learning_rate * recipe.get("layer_decay", 1.0) ** DEPTH[group])
        decay = recipe.get("weight_decay", 0.01) if decays(name, recipe) else 0.0
        groups.append({"params": [parameter], "lr": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8)


def group_of(name):
    """The parameter group of a parameter. The pooler, which mean pooling does not use, goes with the head."""
    if name.startswith("bert.encoder."):
        return "layer." + name.split(".")[3]
    return "embeddings" if name.startswith("bert.embeddings.") else "head"


def decays(name, recipe):
    """Returns True if a parameter decays."""
    if name.endswith("bias"):
        return recipe.get("decay_biases", False)
    if name.endswith("LayerNorm.weight"):
        return recipe.get("decay_norms", False)
    return group_of(name) != "embeddings" or recipe.get("decay_embeddings", True)


def unfreeze(model, adamw, stage):
    """Makes the groups of a stage trainable and drops the moments of the others; returns the trainable parameters."""
    trainable = {name: p for name, p in model.named_parameters() if group_of(name) in stage and "pooler" not in name}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in trainable)
        if name not in trainable:
            adamw.state.pop(parameter, None)
    return trainable


if __name__ == "__main__":
    main()
