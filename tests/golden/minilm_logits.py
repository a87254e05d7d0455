# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes minilm_logits.json and .safetensors: token ids, sentence vectors and logits of the real MiniLM."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import AutoTokenizer

from reference import GOLDEN, MINILM, classifier, new_head, provenance, write_json, write_tensors

MAX_LEN = 64
CLASSES = 3
SENTENCES = [
    "",
    " \t ",
    ".",
    "a",
    "The cat sat on the mat.",
    "THE CAT SAT ON THE MAT!!!",
    "I'd not have gone, had they said it wasn't open; we'll know better.",
    "Crème brûlée, naïve façade, Ångström, straße, İstanbul.",
    "Order no. 4711-B costs $1,299.99 (or 1.199,50 €) before 31/12/2026.",
    "Great film 😀👍🏽 – would watch again 🎬🍿!",
    "今日は天気がいいですね。",
    "Добрый день, как дела?",
    "mixed العربية and English in one line",
    "zero\u200bwidth, no\u00a0break, soft\u00adhyphen, combining e\u0301",
    "line one\nline two\r\nline three\u0085line four",
    "[CLS] brackets that look like special tokens [SEP] [MASK] [PAD]",
    "<script>alert('x')</script> &amp; https://example.org/a?b=c#d user@example.org",
    "pneumonoultramicroscopicsilicovolcanoconiosis and " + "a" * 120,
    "A long review that is cut: " + "the plot goes on and on, and then it goes on some more, " * 8,
    "word " * 100,
]


def main():
    tokenizer = AutoTokenizer.from_pretrained(MINILM)
    batch = tokenizer(SENTENCES, padding="longest", truncation=True, max_length=MAX_LEN, return_tensors="pt")
    head = new_head(CLASSES, 384, seed=7)
    head["classifier.bias"] = torch.tensor([0.01, -0.02, 0.03])
    tensors = dict(head)
    for pooling in ("cls", "mean"):
        model = classifier(MINILM, pooling, CLASSES, head=head).eval()
        vectors = []
        model.classifier.register_forward_pre_hook(lambda _, inputs: vectors.append(inputs[0]))
        with torch.no_grad():
            tensors[f"{pooling}.logits"] = model(**batch).logits
        tensors[f"{pooling}.vectors"] = vectors[0]
    inputs = [MINILM / name for name in ("model.safetensors", "config.json", "tokenizer.json")]
    rows = [
        {"text": text, "input_ids": ids, "attention_mask": mask}
        for text, ids, mask in zip(SENTENCES, batch["input_ids"].tolist(), batch["attention_mask"].tolist())
    ]
    info = {"provenance": provenance(__file__, inputs), "max_length": MAX_LEN, "rows": rows}
    write_json(GOLDEN / "minilm_logits.json", info)
    write_tensors(GOLDEN / "minilm_logits.safetensors", tensors)


if __name__ == "__main__":
    main()
