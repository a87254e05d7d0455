# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests of check_export.py and check_adapter.py on correct and faulty folders of each task.

    python -m unittest discover tests/python
"""

import json
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

# Imported first, as it keeps transformers offline.
from exports import (
    CausalLM,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
    opened_export,
    passes,
    require,
    windows_of,
)

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoTokenizer,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    DistilBertForSequenceClassification,
    GPT2LMHeadModel,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    RobertaForSequenceClassification,
)

from check_adapter import Adapter
from reference import GOLDEN
from spans import answer, decode

WORDS = [f"w{i}" for i in range(50)]
TEXTS = ["w1 w2 w3", "w4 w5 w6 w7 w8"]
CARD = """---
base_model: base
library_name: {library}
pipeline_tag: {tag}
license: mit
tags: [hone]
metrics: [loss]
model-index: [{{name: x}}]
---

```python
print({opens})
```
"""


class Exports(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        torch.manual_seed(0)

    def test_classification(self):
        for kind, base in (
            (BertForSequenceClassification, "micro_bert"),
            (DistilBertForSequenceClassification, "micro_distilbert"),
            (RobertaForSequenceClassification, "micro_roberta"),
        ):
            with self.subTest(kind.__name__):
                self.write(kind, base, "text-classification", num_labels=3, problem_type="single_label_classification")
                page = self.of_page(lambda logits: logits.softmax(-1))
                self.right_and_wrong(page, lambda page: page["probabilities"][1].reverse())

    def test_several_labels_of_pairs(self):
        settings = {"num_labels": 3, "problem_type": "multi_label_classification"}
        self.write(BertForSequenceClassification, "micro_bert", "text-classification", **settings)
        page = self.of_page(torch.sigmoid, [["w1 w2", "w3"], ["w4", "w5 w6"]])
        self.right_and_wrong(page, lambda page: page["texts"][0].reverse())

    def test_regression(self):
        settings = {"num_labels": 1, "problem_type": "regression"}
        self.write(BertForSequenceClassification, "micro_bert", "text-classification", **settings)
        page = self.of_page(lambda logits: logits)
        self.right_and_wrong(page, lambda page: page["probabilities"][0].__setitem__(0, 7.0))

    def test_question_answering(self):
        self.write(BertForQuestionAnswering, "micro_bert", "question-answering")
        task = QuestionAnswering(self.folder)
        page = answered(task.tokenizer(), task.opened())
        self.right_and_wrong(page, lambda page: page["questions"][0].update(answer=[0, 1]))

    @torch.no_grad()
    def test_token_classification(self):
        self.write(BertForTokenClassification, "micro_bert", "token-classification", num_labels=3)
        task = TokenClassification(self.folder)
        ids = task.tokenizer()("w1 w2 w3", return_tensors="pt")
        probabilities = task.opened()(**ids).logits[0, 1:-1].softmax(-1).tolist()
        page = {"max_length": 16, "sentences": [{"words": WORDS[1:4], "probabilities": probabilities}]}
        self.right_and_wrong(page, lambda page: page["sentences"][0]["words"].reverse())

    def test_generation(self):
        for kind, base in ((LlamaForCausalLM, "micro_llama"), (GPT2LMHeadModel, "micro_gpt2")):
            with self.subTest(base):
                self.write(kind, base, "text-generation")
                task = CausalLM(self.folder)
                page = continued(task.tokenizer(), task.opened())
                self.right_and_wrong(page, lambda page: page["prompts"][0]["completion_ids"].__setitem__(3, 9))

    def test_an_adapter_of_a_causal_language_model(self):
        targets = {"micro_llama": ["q_proj", "down_proj"], "micro_gpt2": ["c_attn", "c_proj"]}
        for kind, base in ((LlamaForCausalLM, "micro_llama"), (GPT2LMHeadModel, "micro_gpt2")):
            with self.subTest(base):
                settings = {"fan_in_fan_out": base == "micro_gpt2", "target_modules": targets[base]}
                folder, model = self.write_adapter(kind, base, "text-generation", task_type="CAUSAL_LM", **settings)
                page = continued(AutoTokenizer.from_pretrained(folder), model)
                self.check(lambda expected: self.adapter(folder, base, expected), page)
                page["prompts"][0]["completion_ids"][3] = 9
                self.check(lambda expected: self.adapter(folder, base, expected), page, fails="answers")

    def test_an_adapter_of_a_question_answerer(self):
        # PEFT saves the head by itself for this task.
        settings = {"target_modules": ["query"], "task_type": "QUESTION_ANS"}
        kind, tag = BertForQuestionAnswering, "question-answering"
        folder, model = self.write_adapter(kind, "micro_bert", tag, **settings)
        config = model.config.to_dict() | {"architectures": ["BertForQuestionAnswering"]}
        del config["_name_or_path"]
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        # PEFT's wrapper would not pass token types to it.
        page = answered(AutoTokenizer.from_pretrained(folder), model.base_model.model)
        self.check(lambda expected: self.adapter(folder, "micro_bert", expected), page)

    def write_adapter(self, kind, base, tag, **settings):
        """A folder as Hone writes it for an adapter, and the model with the adapter on it."""
        model = get_peft_model(kind.from_pretrained(GOLDEN / base), LoraConfig(r=2, **settings)).eval()
        # PEFT's second matrix starts with zeros.
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(0.0, 0.3)
        folder = self.folder / base
        model.save_pretrained(folder)
        self.beside_the_weights(folder, tag, "peft", base)
        return folder, model

    def adapter(self, folder, base, expected):
        """The adapter in a new copy."""
        copy = Path(self.enterContext(tempfile.TemporaryDirectory()))
        return Adapter(folder, GOLDEN / base, copy, expected)

    def write(self, kind, base, tag, **settings):
        """A folder as Hone writes it."""
        model = kind.from_pretrained(GOLDEN / base, **settings)
        for name, parameter in model.named_parameters():
            # New heads are too small to distinguish predictions.
            if name.startswith(("classifier", "pre_classifier", "qa_outputs")):
                torch.nn.init.normal_(parameter, 0.0, 0.5)
        model.save_pretrained(self.folder)
        self.beside_the_weights(self.folder, tag, "transformers", base)

    def beside_the_weights(self, folder, tag, library, base):
        """Tokenizer and model card."""
        vocabulary = {word: i for i, word in enumerate(["[PAD]", "[CLS]", "[SEP]", "[UNK]", *WORDS])}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        named = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
        names = ["input_ids", "attention_mask"]
        if base not in ("micro_llama", "micro_gpt2"):
            template = {"single": "[CLS] $A [SEP]", "pair": "[CLS] $A [SEP] $B:1 [SEP]:1"}
            special_tokens = [("[CLS]", 1), ("[SEP]", 2)]
            tokenizer.post_processor = processors.TemplateProcessing(**template, special_tokens=special_tokens)
            names += ["token_type_ids"] if base == "micro_bert" else []
        wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=names, **named)
        wrapped.save_pretrained(folder)
        opens = json.dumps(str(GOLDEN / base) if library == "peft" else "path/to/this/folder")
        card = CARD.format(library=library, tag=tag, opens=opens)
        (folder / "README.md").write_text(card, encoding="utf-8")

    @torch.no_grad()
    def of_page(self, activation, texts=TEXTS):
        """The predictions of the page for texts."""
        task = SequenceClassification(self.folder)
        columns = list(map(list, zip(*texts))) if isinstance(texts[0], list) else [texts]
        batch = task.tokenizer()(*columns, padding=True, return_tensors="pt")
        probabilities = activation(task.opened()(**batch).logits).tolist()
        return {"texts": texts, "max_length": 16, "probabilities": probabilities}

    def right_and_wrong(self, page, spoil):
        """All checks pass. With wrong predictions from the page, only the check of the predictions fails."""
        self.check(lambda expected: opened_export(self.folder, expected), page)
        spoilt = json.loads(json.dumps(page))
        spoil(spoilt)
        self.check(lambda expected: opened_export(self.folder, expected), spoilt, fails="answers")

    def check(self, export_with, page, fails=None):
        """Requires that every check passes but the one whose name begins with `fails`."""
        export = export_with(page)
        with redirect_stdout(StringIO()) as printed:
            results = {check.__name__: passes(check) for check in export.checks()}
        self.assertIn("answers_equal_the_page", results)
        failed = [name for name, passed in results.items() if not passed]
        self.assertEqual([name.split("_")[0] for name in failed], [fails] if fails else [], printed.getvalue())


@torch.no_grad()
def answered(tokenizer, model):
    """The page's answer to a question on a context of several windows."""
    question = {"question": "w1 w2", "context": " ".join(WORDS[3:30])}
    windows = windows_of(tokenizer, model, **question, max_length=20, stride=4)
    require(len(windows) > 1, "one window")
    found = decode(windows, 5, 8)
    wanted = {"answer": answer(found), "probability": found["spans"][0]["probability"]}
    if wanted["answer"] is None:
        wanted["probability"] = found["null_probability"]
    limits = {"max_length": 20, "stride": 4, "spans": 5, "max_answer_tokens": 8, "threshold": 0.0}
    return limits | {"questions": [question | wanted]}


@torch.no_grad()
def continued(tokenizer, model):
    """The page's prediction for a prompt: the likeliest token after each."""
    ids = tokenizer("w1 w2 w3")["input_ids"]
    so_far = list(ids)
    stop = model.config.eos_token_id
    while len(so_far) < len(ids) + 8 and stop not in so_far[len(ids) :]:
        so_far.append(model(input_ids=torch.tensor([so_far])).logits[0, -1].argmax().item())
    made = so_far[len(ids) :]
    text = tokenizer.decode(made, skip_special_tokens=True)
    return {
        "max_new_tokens": 8,
        "prompts": [{"prompt": "w1 w2 w3", "prompt_ids": ids, "completion_ids": made, "completion": text}],
    }


if __name__ == "__main__":
    unittest.main()
