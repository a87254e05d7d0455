# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests of the model classes that Hone ships in its exports, opened by transformers.

    python -m unittest discover tests/python
"""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForSequenceClassification

from reference import GOLDEN, ROOT, new_head, write_tensors

IDS = torch.tensor([[5, 6, 7, 0], [8, 9, 10, 11]])
ROBERTAS = ("roberta", "xlm_roberta", "camembert")
MASK = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])


class MeanPooling:
    """Tests for every family."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "export"
        write_export(cls.folder, cls.family, cls.kind)
        auto = AutoModelForSequenceClassification
        cls.model, cls.keys = auto.from_pretrained(cls.folder, trust_remote_code=True, output_loading_info=True)
        cls.model.eval()

    def test_every_weight_of_the_folder_is_used_and_none_is_missing(self):
        self.assertEqual(type(self.model).__name__, self.kind)
        self.assertFalse(self.keys["missing_keys"] or self.keys["unexpected_keys"] or self.keys["mismatched_keys"])

    def test_the_body_opens_alone_without_our_code(self):
        body, keys = AutoModel.from_pretrained(self.folder, output_loading_info=True)
        # transformers gives RoBERTa a pooler that no file has.
        missing = [name for name in keys["missing_keys"] if self.family not in ROBERTAS or not name.startswith("pooler.")]
        self.assertEqual(missing, [])
        ours = self.model.base_model.state_dict()
        theirs = {name: tensor for name, tensor in body.state_dict().items() if name in ours}
        self.assertEqual(theirs.keys(), ours.keys())
        for name, tensor in theirs.items():
            self.assertTrue(torch.equal(tensor, ours[name]), name)

    def test_padding_does_not_change_the_answer(self):
        padded = self.model(input_ids=IDS, attention_mask=MASK).logits[0]
        alone = self.model(input_ids=IDS[:1, :3]).logits[0]
        torch.testing.assert_close(padded, alone)

    def test_the_loss_follows_the_problem_type(self):
        labels = {
            "single_label_classification": torch.tensor([1, 2]),
            "multi_label_classification": torch.tensor([[1, 0, 1], [0, 0, 1]]),
            "regression": torch.tensor([[0.5, 1.0, 0.0], [1.5, 0.0, 1.0]]),
        }
        for problem_type, wanted in labels.items():
            with self.subTest(problem_type):
                self.model.config.problem_type = problem_type
                output = self.model(input_ids=IDS, attention_mask=MASK, labels=wanted)
                self.assertTrue(output.loss.isfinite())
        self.model.config.problem_type = None
        output = self.model(input_ids=IDS, attention_mask=MASK, labels=torch.tensor([1, 2]))
        torch.testing.assert_close(output.loss, -output.logits.log_softmax(-1)[[0, 1], [1, 2]].mean())

    def test_the_usual_arguments_work(self):
        wanted = self.model(input_ids=IDS, attention_mask=MASK).logits
        (logits,) = self.model(IDS, MASK, return_dict=False)
        torch.testing.assert_close(logits, wanted)
        # RoBERTa counts positions by the ids, and does without them as if there were no padding.
        if self.family != "roberta":
            vectors = self.model.get_input_embeddings()(IDS)
            torch.testing.assert_close(self.model(inputs_embeds=vectors, attention_mask=MASK).logits, wanted)
        self.assertEqual(len(self.model(IDS, MASK, output_hidden_states=True).hidden_states), 3)

    def test_what_it_saves_opens_again(self):
        again = self.folder.parent / "again"
        self.model.save_pretrained(again)
        model = AutoModelForSequenceClassification.from_pretrained(again, trust_remote_code=True)
        torch.testing.assert_close(model(IDS, MASK).logits, self.model(IDS, MASK).logits)


class Bert(MeanPooling, unittest.TestCase):
    family, kind = "bert", "HoneBertForSequenceClassification"


class DistilBert(MeanPooling, unittest.TestCase):
    family, kind = "distilbert", "HoneDistilBertForSequenceClassification"


class Roberta(MeanPooling, unittest.TestCase):
    family, kind = "roberta", "HoneRobertaForSequenceClassification"


class XlmRoberta(MeanPooling, unittest.TestCase):
    family, kind = "xlm_roberta", "HoneXLMRobertaForSequenceClassification"


class Camembert(MeanPooling, unittest.TestCase):
    family, kind = "camembert", "HoneCamembertForSequenceClassification"


class Electra(MeanPooling, unittest.TestCase):
    family, kind = "electra", "HoneElectraForSequenceClassification"


def write_export(folder, family, kind):
    """A model folder on a micro model: keys under the family's name, a head of three classes, our class named."""
    folder.mkdir()
    base = GOLDEN / f"micro_{family}"
    stored = load_file(base / "model.safetensors")
    own = [name for name in stored if not name.startswith("lm_head.")]
    prefix = "roberta" if family in ROBERTAS else family
    body = {f"{prefix}.{name.removeprefix(f'{prefix}.')}": stored[name] for name in own}
    write_tensors(folder / "model.safetensors", body | new_head(3, 32, seed=1, spread=0.2))
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    names = ["bad", "fair", "good"]
    config |= {
        "architectures": [kind],
        "auto_map": {"AutoModelForSequenceClassification": f"modeling_hone.{kind}"},
        "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shutil.copy(ROOT / "core/src/export/modeling_hone.py", folder)


if __name__ == "__main__":
    unittest.main()
