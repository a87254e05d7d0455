# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_modernbert/ (a ModernBERT of random weights) and modernbert.json, modernbert.safetensors.

The file is that of a masked language model, as published ones are: the head's hidden layer and norm are in it, and
classifiers begin with them. The first layer is global, the two others attend to tokens at most two places away. "cls" and
"mean" are ModernBertForSequenceClassification with that `classifier_pooling`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
from transformers import ModernBertConfig, ModernBertForMaskedLM, ModernBertForSequenceClassification, ModernBertModel

from encoders import BATCHES, LR_PEAK, ROUNDS, ROWS, draw_linear, draw_rows, logits, mean, trained, with_head
from reference import GOLDEN, draw_weights, listed, prefixed, provenance, write_json, write_tensors

FOLDER = GOLDEN / "micro_modernbert"
FINAL = ("model.layers.0.attn.Wqkv.weight", "model.layers.2.mlp.Wi.weight", "model.final_norm.weight", "head.norm.weight")
CLASSES, VOCABULARY = 3, 64


def main():
    generator = torch.Generator().manual_seed(99)
    write_micro(generator)
    head = draw_linear("classifier", CLASSES, 32, generator)
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS
    inputs = {name: batches[0][name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        body = with_head(ModernBertModel, FOLDER, {}).eval()
        tensors = {"last_hidden_state": body(**inputs).last_hidden_state, "mean.vectors": mean(body, **inputs)}
    cases = {}
    for pooling in ("cls", "mean"):
        load = lambda: with_head(
            ModernBertForSequenceClassification, FOLDER, head, num_labels=CLASSES, classifier_pooling=pooling
        )
        cases[pooling], found = trained(load, batches, FINAL)
        tensors |= prefixed(pooling, head | found | {"logits": logits(load(), batches[0])})
    versions = provenance(__file__, [FOLDER / "model.safetensors", FOLDER / "config.json"])
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / "modernbert.json", info)
    write_tensors(GOLDEN / "modernbert.safetensors", tensors)


def write_micro(generator):
    """A ModernBERT of random weights."""
    config = ModernBertConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_attention_heads=4,
        num_hidden_layers=3,
        intermediate_size=24,
        local_attention=4,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=1,
        cls_token_id=1,
        eos_token_id=2,
        sep_token_id=2,
    )
    model = ModernBertForMaskedLM(config)
    draw_weights(model, generator)
    model.save_pretrained(FOLDER)


def draw_batch(generator):
    """Rows with a class."""
    labels = torch.randint(0, CLASSES, (ROWS,), generator=generator)
    return draw_rows(generator, VOCABULARY) | {"labels": labels}


if __name__ == "__main__":
    main()
