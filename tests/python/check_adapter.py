# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens an adapter that Hone exported the way its users would, and compares its answers with the page's.

    check_adapter.py FOLDER_OR_ZIP BASE_FOLDER [EXPECTED.json]

EXPECTED.json is as check_export.py has it. What a user types, in the unpacked folder:

    from modeling_hone import HoneForSequenceClassification
    from peft import PeftModel

    model = HoneForSequenceClassification.from_pretrained("BASE", config=".")
    model = PeftModel.from_pretrained(model, ".")

With the pooling "cls" the class is transformers' BertForSequenceClassification. Beside the two files of peft the folder
so holds config.json, as in a whole model's folder, the tokenizer's files, and for the mean modeling_hone.py. The
automatic classes of peft and transformers would put the adapter on a model with the wrong pooling and say nothing: for
the mean adapter_config.json names our class in `auto_mapping` and has no `task_type`.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

# First, as it keeps transformers offline.
from check_export import Export, model_folder, passes, require

import torch
import transformers
from peft import AutoPeftModelForSequenceClassification, LoraConfig, PeftModel, get_peft_model_state_dict
from safetensors import safe_open
from transformers import AutoModelForSequenceClassification, BertForSequenceClassification

TOLERANCE = 1e-4
IDS = torch.arange(1, 25).reshape(2, 12)


def main():
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    source, base, *expected = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as unpacked, tempfile.TemporaryDirectory() as copy:
        adapter = Adapter(model_folder(source, unpacked), base.resolve(), Path(copy))
        checks = [adapter.config_names_the_task, adapter.adapter_config_is_known_to_peft]
        checks += [adapter.weights_fit_the_model, adapter.merged_equals_apart]
        checks += [adapter.automatic_classes_are_right_or_refuse, adapter.card_parses]
        if expected:
            adapter.expected = json.loads(expected[0].read_text(encoding="utf-8"))
            checks.append(adapter.probabilities_equal_the_page)
        return 0 if all([passes(check) for check in checks]) else 1


class Adapter(Export):
    """One exported adapter, in a copy that names a local base."""

    def __init__(self, folder, base, copy):
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        super().__init__(copy)
        self.base = base
        self.written = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        local = self.written | {"base_model_name_or_path": str(base)}
        (copy / "adapter_config.json").write_text(json.dumps(local), encoding="utf-8")

    def adapter_config_is_known_to_peft(self):
        unknown = self.written.keys() - LoraConfig().to_dict().keys()
        require(not unknown, f"peft does not know {sorted(unknown)}")
        require(self.written["base_model_name_or_path"], "base_model_name_or_path is empty")
        wanted = {"peft_type": "LORA", "inference_mode": True, "bias": "none", "modules_to_save": ["classifier"]}
        for field, value in wanted.items():
            require(self.written[field] == value, f"{field} is {self.written[field]}, not {value}")
        kind = "DoRA" if self.written.get("use_dora") else "rsLoRA" if self.written.get("use_rslora") else "LoRA"
        return f"{kind} of rank {self.written['r']} on {self.written['base_model_name_or_path']}"

    def weights_fit_the_model(self):
        with safe_open(self.folder / "adapter_model.safetensors", "pt") as file:
            require(file.metadata() == {"format": "pt"}, f"metadata is {file.metadata()}")
            stored = {name: file.get_tensor(name) for name in file.keys()}
        wanted = get_peft_model_state_dict(self.opened())
        require(stored.keys() == wanted.keys(), f"names differ: {sorted(stored.keys() ^ wanted.keys())[:5]}")
        for name, tensor in stored.items():
            require(torch.equal(tensor, wanted[name]), f"{name} was not read as stored")
            require(tensor.isfinite().all(), f"{name} is not finite")
        return f"{len(stored)} tensors"

    def merged_equals_apart(self):
        return close(self.opened().merge_and_unload(), self.opened())

    def automatic_classes_are_right_or_refuse(self):
        wanted, said = self.opened(), []
        for auto in (AutoPeftModelForSequenceClassification, AutoModelForSequenceClassification):
            try:
                model = auto.from_pretrained(self.folder, num_labels=len(self.config["id2label"]))
            except (OSError, ValueError) as refusal:
                said.append(type(refusal).__name__)
            else:
                said.append(close(model, wanted))
        return ", ".join(said)

    def card_parses(self):
        task = super().card_parses()
        card = (self.folder / "README.md").read_text(encoding="utf-8")
        require("\nlibrary_name: peft\n" in card, "library_name is not peft")
        return task

    def opened(self):
        task_model = self.model_class().from_pretrained(self.base, config=self.folder)
        return PeftModel.from_pretrained(task_model, self.folder).eval()

    def model_class(self):
        """The class that the adapter's model is of."""
        if not self.trust:
            return BertForSequenceClassification
        sys.path.insert(0, str(self.folder))
        from modeling_hone import HoneForSequenceClassification

        return HoneForSequenceClassification


@torch.no_grad()
def close(model, wanted):
    """How far the logits of two models lie apart."""
    difference = (model.eval()(IDS).logits - wanted(IDS).logits).abs().max().item()
    require(difference <= TOLERANCE, f"logits differ by {difference:.2e}")
    return f"logits differ by {difference:.2e}"


if __name__ == "__main__":
    sys.exit(main())
