# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens an adapter exported by Hone as its users would, and compares its predictions with the page's.

    check_adapter.py FOLDER_OR_ZIP BASE_FOLDER [EXPECTED.json]

check_export.py describes EXPECTED.json. For a causal language model, question answering or token classification, a user
types:

    from peft import AutoPeftModelForCausalLM

    model = AutoPeftModelForCausalLM.from_pretrained("FOLDER")

and for a classifier, in the unpacked folder:

    from modeling_hone import HoneBertForSequenceClassification
    from peft import PeftModel

    model = HoneBertForSequenceClassification.from_pretrained("BASE", config=".")
    model = PeftModel.from_pretrained(model, ".").merge_and_unload()

With "cls" pooling, the class is transformers' own. So in addition to PEFT's two files, a classifier's folder has
config.json as in a full model's folder, the tokenizer's files and, for mean pooling, modeling_hone.py. The automatic
classes of PEFT and transformers would silently put the adapter on a model with the wrong pooling. Therefore, for mean
pooling, adapter_config.json names Hone's class in `auto_mapping` and has no `task_type`.
"""

import json
import shutil
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

# Imported first, as it keeps transformers offline.
from exports import (
    CausalLM,
    Embeddings,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
    model_folder,
    opened_export,
    passes,
    quiet,
    require,
    run_card,
)

import torch
import transformers
from peft import (
    AutoPeftModelForCausalLM,
    AutoPeftModelForFeatureExtraction,
    AutoPeftModelForQuestionAnswering,
    AutoPeftModelForSequenceClassification,
    AutoPeftModelForTokenClassification,
    LoraConfig,
    PeftModel,
    get_peft_model_state_dict,
)
from safetensors import safe_open
from transformers import AutoConfig, AutoModel

TOLERANCE = 1e-4
IDS = torch.arange(1, 25).reshape(2, 12)
AUTOMATIC = {
    SequenceClassification: ("SEQ_CLS", AutoPeftModelForSequenceClassification),
    QuestionAnswering: ("QUESTION_ANS", AutoPeftModelForQuestionAnswering),
    TokenClassification: ("TOKEN_CLS", AutoPeftModelForTokenClassification),
    CausalLM: ("CAUSAL_LM", AutoPeftModelForCausalLM),
    Embeddings: ("FEATURE_EXTRACTION", AutoPeftModelForFeatureExtraction),
}
# A new head is stored with the adapter.
WITHOUT_HEAD = ("CAUSAL_LM", "FEATURE_EXTRACTION")


def main():
    quiet()
    source, base, *expected = map(Path, sys.argv[1:])
    expected = json.loads(expected[0].read_text(encoding="utf-8")) if expected else None
    with tempfile.TemporaryDirectory() as unpacked, tempfile.TemporaryDirectory() as copy:
        folder = model_folder(source, unpacked, "adapter_config.json")
        adapter = Adapter(folder, base.resolve(), Path(copy), expected)
        return 0 if all([passes(check) for check in adapter.checks()]) else 1


class Adapter:
    """An exported adapter, copied and with a local base. That of a causal language model may lack config.json."""

    def __init__(self, folder, base, copy, expected=None):
        self.folder, self.base = copy / "adapter", base
        shutil.copytree(folder, self.folder)
        # As if Python were started in the folder.
        sys.path.insert(0, str(self.folder))
        self.stored = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        local = self.stored | {"base_model_name_or_path": str(base)}
        (self.folder / "adapter_config.json").write_text(json.dumps(local), encoding="utf-8")
        self.has_config = (self.folder / "config.json").exists()
        described = self.folder
        if not self.has_config:
            described = shutil.copytree(self.folder, copy / "described")
            config = json.loads((base / "config.json").read_text(encoding="utf-8"))
            if self.stored["task_type"] == "FEATURE_EXTRACTION":
                # The base may have the head of its pretraining.
                config["architectures"] = [type(AutoModel.from_config(AutoConfig.from_pretrained(base))).__name__]
            (described / "config.json").write_text(json.dumps(config), encoding="utf-8")
        self.task = opened_export(described, expected)
        # Predictions are those of the merged model, as in the card: PEFT 0.21 does not pass token types to a
        # question-answering model that it wraps.
        self.task.opened = lambda: self.opened().merge_and_unload()
        self.task_type, self.automatic = AUTOMATIC[type(self.task)]
        # ModernBERT's own class has the base's pooling, unless it is given another config.json.
        pooling = [json.loads((of / "config.json").read_text()).get("classifier_pooling") for of in (described, base)]
        self.is_named = not self.task.trust and (pooling[0] == pooling[1] or type(self.task) is not SequenceClassification)

    def checks(self):
        """All checks that apply."""
        found = [self.task.config_names_the_task] if self.has_config and self.task_type not in WITHOUT_HEAD else []
        found += [self.adapter_config_is_known_to_peft, self.weights_fit_the_model, self.merged_equals_apart]
        found += [self.automatic_classes_are_right_or_refuse, self.card_parses, self.code_of_the_card_runs]
        return found + ([self.task.answers_equal_the_page] if self.task.expected else [])

    def adapter_config_is_known_to_peft(self):
        unknown = self.stored.keys() - LoraConfig().to_dict().keys()
        require(not unknown, f"peft does not know {sorted(unknown)}")
        require(self.stored["base_model_name_or_path"], "base_model_name_or_path is empty")
        model = self.base_model()
        heads = [name for name, module in model.named_children() if name != model.base_model_prefix and any_of(module)]
        wanted = {
            "peft_type": "LORA",
            "inference_mode": True,
            "bias": "none",
            "modules_to_save": None if self.task_type in WITHOUT_HEAD else heads,
            "task_type": self.task_type if self.is_named else None,
            "fan_in_fan_out": self.task.config["model_type"] == "gpt2",
        }
        for field, value in wanted.items():
            require(self.stored[field] == value, f"{field} is {self.stored[field]}, not {value}")
        kind = "DoRA" if self.stored.get("use_dora") else "rsLoRA" if self.stored.get("use_rslora") else "LoRA"
        return f"{kind} of rank {self.stored['r']} on {self.stored['base_model_name_or_path']}"

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
        wanted, found = self.opened(), []
        has_labels = self.task_type in ("SEQ_CLS", "TOKEN_CLS")
        labels = {"num_labels": len(self.task.config["id2label"])} if has_labels else {}
        for auto in (self.automatic, self.task.auto):
            try:
                model = auto.from_pretrained(self.folder, **labels)
            except (OSError, ValueError) as refusal:
                # Neither knows the class for mean pooling, or that the base has another pooling. With config.json, transformers expects a full model.
                may = not self.is_named or (self.has_config and auto is self.task.auto)
                require(may, f"{auto.__name__} refuses: {refusal}")
                found.append(type(refusal).__name__)
            else:
                found.append(close(model, wanted))
        return ", ".join(found)

    def card_parses(self):
        card = (self.folder / "README.md").read_text(encoding="utf-8")
        require("\nlibrary_name: peft\n" in card, "library_name is not peft")
        return self.task.card_parses()

    def code_of_the_card_runs(self):
        with chdir(self.folder):
            return run_card(self.folder, self.stored["base_model_name_or_path"], self.base)

    def opened(self):
        """The base with the adapter attached."""
        return PeftModel.from_pretrained(self.base_model(), self.folder).eval()

    def base_model(self):
        """The base as a model of the task. The adapter's head replaces a head that it lacks."""
        return self.model_class().from_pretrained(self.base, config=self.task.folder)

    def model_class(self):
        """The class of the adapter's model. Automatic classes ignore the config of another folder."""
        (name,) = self.task.config["architectures"]
        if not self.task.trust:
            return getattr(transformers, name)
        import modeling_hone

        return getattr(modeling_hone, name)


def any_of(module):
    """Returns True if a module has parameters."""
    return next(module.parameters(), None) is not None


@torch.no_grad()
def close(model, wanted):
    """The largest difference between the logits of two models."""
    found = [logits(of(input_ids=IDS)) for of in (model.eval(), wanted)]
    difference = (found[0] - found[1]).abs().max().item()
    require(difference <= TOLERANCE, f"logits differ by {difference:.2e}")
    return f"logits differ by {difference:.2e}"


def logits(output):
    """A model's logits, both start and end for question answering; the hidden states of a model without a head."""
    if "last_hidden_state" in output:
        return output.last_hidden_state
    return output.logits if "logits" in output else torch.stack([output.start_logits, output.end_logits])


if __name__ == "__main__":
    sys.exit(main())
