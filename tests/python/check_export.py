# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens a model that Hone exported the way its users would, and compares its answers with the page's.

    check_export.py FOLDER_OR_ZIP [EXPECTED.json]

EXPECTED.json is {"texts": [...], "probabilities": [[...]...], "max_len": n}. Prints one line a check and exits with 1
when one fails.
"""

import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
import yaml
from safetensors import safe_open
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

TOLERANCE = 1e-3


def main():
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    source, *expected = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as unpacked:
        export = Export(model_folder(source, unpacked))
        checks = [export.config_names_the_task, export.weights_fit_the_model]
        checks += [export.body_opens_alone, export.card_parses]
        if expected:
            export.expected = json.loads(expected[0].read_text(encoding="utf-8"))
            checks.append(export.probabilities_equal_the_page)
        return 0 if all([passes(check) for check in checks]) else 1


def model_folder(source, unpacked):
    """The folder that holds config.json in `source`, which is put into `unpacked` first if it is a zip."""
    if source.is_file():
        zipfile.ZipFile(source).extractall(unpacked)
        source = Path(unpacked)
    return next(path.parent for path in sorted(source.rglob("config.json"), key=lambda path: len(path.parts)))


def passes(check):
    """Runs one check and prints what came of it."""
    name = check.__name__.replace("_", " ")
    try:
        print(f"ok    {name}: {check()}")
        return True
    except Exception as error:
        print(f"FAIL  {name}: {type(error).__name__}: {error}")
        return False


def require(holds, message):
    """Raises `message` unless `holds`; unlike `assert`, also under `python -O`."""
    if not holds:
        raise ValueError(message)


class Export:
    """One exported folder and what is asked of it. Each check returns what it saw."""

    def __init__(self, folder):
        self.folder = folder
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.trust = {"trust_remote_code": True} if "auto_map" in self.config else {}

    def config_names_the_task(self):
        names = self.config["id2label"]
        require(sorted(map(int, names)) == list(range(len(names))), f"id2label has the ids {list(names)}")
        require({name: int(i) for i, name in names.items()} == self.config["label2id"], "label2id is not its inverse")
        require(self.config["problem_type"] == "single_label_classification", self.config["problem_type"])
        wanted = "HoneForSequenceClassification" if self.trust else "BertForSequenceClassification"
        require(self.config["architectures"] == [wanted], self.config["architectures"])
        require("_name_or_path" not in self.config, "_name_or_path is left in")
        return f"{wanted}, {len(names)} labels"

    def weights_fit_the_model(self):
        with safe_open(self.folder / "model.safetensors", "pt") as file:
            require(file.metadata() == {"format": "pt"}, f"metadata is {file.metadata()}")
            stored = {name: file.get_tensor(name) for name in file.keys()}
        model, report = self.load(AutoModelForSequenceClassification, **self.trust)
        require(type(model).__name__ == self.config["architectures"][0], f"opened as {type(model).__name__}")
        require_clean(report)
        wanted = model.state_dict()
        # Older encoders carry this buffer; the export keeps the base's tensors, and transformers ignores it.
        stored = {name: tensor for name, tensor in stored.items() if not name.endswith(".position_ids")}
        require(stored.keys() == wanted.keys(), f"names differ: {sorted(stored.keys() ^ wanted.keys())}")
        for name, tensor in stored.items():
            require(tensor.shape == wanted[name].shape, f"{name} is {tensor.shape}, not {wanted[name].shape}")
            require(torch.equal(tensor.to(wanted[name].dtype), wanted[name]), f"{name} was not read as stored")
        dtypes = {str(tensor.dtype) for tensor in stored.values()}
        require(len(dtypes) == 1, f"mixed dtypes: {dtypes}")
        require(all(tensor.isfinite().all() for tensor in stored.values()), "a weight is not finite")
        return f"{len(stored)} tensors, {dtypes.pop()}"

    def body_opens_alone(self):
        model, report = self.load(AutoModel)
        require(type(model).__name__ == "BertModel", f"opened as {type(model).__name__}")
        beside_the_head = [key for key in report["unexpected_keys"] if not key.startswith("classifier.")]
        require_clean({**report, "unexpected_keys": beside_the_head})
        return "BertModel"

    def card_parses(self):
        text = (self.folder / "README.md").read_text(encoding="utf-8")
        require(text.startswith("---\n"), "README.md has no front matter")
        card = yaml.safe_load(text.split("\n---\n", 1)[0])
        for field in ("base_model", "library_name", "pipeline_tag", "license", "tags", "metrics", "model-index"):
            require(card.get(field), f"front matter lacks {field}")
        return card["pipeline_tag"]

    def probabilities_equal_the_page(self):
        tokenizer = AutoTokenizer.from_pretrained(self.folder)
        model = self.opened()
        limits = {"truncation": True, "max_length": self.expected["max_len"]}
        batch = tokenizer(self.expected["texts"], padding=True, return_tensors="pt", **limits)
        with torch.no_grad():
            ours = model.eval()(**batch).logits.softmax(-1)
        page = torch.tensor(self.expected["probabilities"])
        require(ours.shape == page.shape, f"{tuple(ours.shape)} here, {tuple(page.shape)} in the page")
        difference = (ours - page).abs().max().item()
        require(difference <= TOLERANCE, f"they differ by {difference:.2e}")
        return f"{len(page)} texts, largest difference {difference:.2e}"

    def opened(self):
        """The model, opened as its card says."""
        return self.load(AutoModelForSequenceClassification, **self.trust)[0]

    def load(self, auto, **trust):
        """The model and transformers' report of keys."""
        return auto.from_pretrained(self.folder, output_loading_info=True, **trust)


def require_clean(report):
    """Requires that nothing was missing, left over or of another shape."""
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        require(not report[kind], f"{kind}: {sorted(map(str, report[kind]))[:5]}")


if __name__ == "__main__":
    sys.exit(main())
