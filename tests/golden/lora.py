# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes lora.json and lora_*.safetensors: PEFT's adapters on the micro BERT with mean pooling; the head is trained in
full.

The adapter is stored as PEFT stores it, but its values are not the initial ones, so that every matrix has a gradient.
LoRA and rsLoRA use all of it except DoRA's magnitudes. Training uses the batches and optimizer of train_curve.py.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import peft
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file

from reference import GOLDEN, Optimizer, classifier, curve, provenance, write_json, write_tensors

RANK, ALPHA, LR_PEAK = 4, 8, 3e-3
TARGETS = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
KINDS = {
    "lora": ({"adapter": "lora"}, {}),
    "rslora": ({"adapter": "lora", "use_rslora": True}, {"use_rslora": True}),
    "dora": ({"adapter": "dora"}, {"use_dora": True}),
}
BASE, CURVE = GOLDEN / "micro_bert", GOLDEN / "train_curve.json"


def main():
    info = json.loads(CURVE.read_text(encoding="utf-8"))
    batches = [{name: torch.tensor(rows) for name, rows in batch.items()} for batch in info["batches"]]
    adapter, gradients, cases = draw_adapter(), {}, {}
    for kind, (recipe, settings) in KINDS.items():
        model = adapted(adapter, settings)
        cases[kind] = {"recipe": {**recipe, "lora_r": RANK, "lora_alpha": float(ALPHA)}}
        cases[kind]["logits"] = logits(model, batches[0])
        cases[kind]["merged_logits"] = logits(adapted(adapter, settings).merge_and_unload(), batches[0])
        model(**batches[0]).loss.backward()
        learning = {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}
        gradients |= {f"{kind}.{stored_name(name)}": gradient for name, gradient in learning.items()}
        cases[kind] |= curve(model, Optimizer(model, len(batches), LR_PEAK), batches)
        cases[kind]["final_logits"] = logits(model, batches[0])
    inputs = [BASE / "model.safetensors", BASE / "config.json", CURVE, CURVE.with_suffix(".safetensors")]
    versions = provenance(__file__, inputs) | {"peft": peft.__version__}
    write_json(GOLDEN / "lora.json", {"provenance": versions, "learning_rate": LR_PEAK, **cases})
    write_tensors(GOLDEN / "lora_adapter.safetensors", adapter)
    write_tensors(GOLDEN / "lora_gradients.safetensors", gradients)


def draw_adapter():
    """Values of a DoRA adapter and the head of train_curve.py, under the names that peft stores them by."""
    generator = torch.Generator().manual_seed(51)
    adapter = get_peft_model_state_dict(new_adapter({"use_dora": True}))
    for name, tensor in sorted(adapter.items()):
        if ".lora_magnitude_vector" in name:
            # PEFT initializes the magnitudes to the norms of the weight's rows.
            adapter[name] = tensor * torch.empty_like(tensor).uniform_(0.8, 1.2, generator=generator)
        elif ".lora_" in name:
            adapter[name] = torch.empty_like(tensor).normal_(0.0, 0.1, generator=generator)
    return adapter


def adapted(adapter, settings):
    """The classifier with `adapter`, configured by `settings`."""
    model = new_adapter(settings)
    wanted = get_peft_model_state_dict(model)
    set_peft_model_state_dict(model, {name: adapter[name] for name in wanted})
    return model


def new_adapter(settings):
    """The classifier with a new adapter, as PEFT initializes it."""
    start = load_file(CURVE.with_suffix(".safetensors"))
    head = {name: start[name] for name in ("classifier.weight", "classifier.bias")}
    config = LoraConfig(
        task_type="SEQ_CLS",
        r=RANK,
        lora_alpha=ALPHA,
        lora_dropout=0.0,
        target_modules=TARGETS,
        modules_to_save=["classifier"],
        **settings,
    )
    return get_peft_model(classifier(BASE, "mean", 3, head=head), config).train()


def stored_name(name):
    """The name that peft stores a parameter by."""
    return name.replace(".modules_to_save", "").replace("vector.default.weight", "vector").replace(".default", "")


@torch.no_grad()
def logits(model, batch):
    """Logits of a batch."""
    return model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.tolist()


if __name__ == "__main__":
    main()
