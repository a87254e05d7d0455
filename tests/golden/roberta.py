# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_roberta/ (a RoBERTa of random weights), roberta.json and roberta.safetensors, and the same for XLM-RoBERTa
and CamemBERT, which have RoBERTa's network in classes of their own.

The file is that of a masked language model, as most RoBERTas are: names begin with `roberta.`, and there is an
`lm_head` that no classifier uses. Positions start at 2, the padding id plus one, and there is one token type. "cls" is
RobertaForSequenceClassification, which has no pooler: the first token goes through `classifier.dense`, tanh and
`classifier.out_proj`. "mean" is a linear layer on the mean of the tokens.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import torch
import transformers

from encoders import BATCHES, LR_PEAK, NO_DROPOUT, ROUNDS, ROWS, draw_linear, draw_rows, encoder_family, with_head
from reference import GOLDEN, draw_weights, listed, provenance, write_json, write_tensors

FAMILIES = {"roberta": ("Roberta", 96), "xlm_roberta": ("XLMRoberta", 97), "camembert": ("Camembert", 98)}
FINAL = ("roberta.encoder.layer.0.attention.self.query.weight",)
CLASSES, VOCABULARY, FIRST, PADDING = 3, 64, 0, 1


def main():
    for name, (family, seed) in FAMILIES.items():
        write_family(name, family, torch.Generator().manual_seed(seed))


def write_family(name, family, generator):
    """Writes the files of one family."""
    folder = GOLDEN / f"micro_{name}"
    write_micro(folder, family, generator)
    within = draw_linear("classifier.dense", 32, 32, generator)
    above = draw_linear("classifier.out_proj", CLASSES, 32, generator)
    heads = {"cls": within | above, "mean": {name.replace(".out_proj", ""): tensor for name, tensor in above.items()}}
    batches = [draw_batch(generator) for _ in range(BATCHES)] * ROUNDS

    def classifier():
        return with_head(class_of(family, "ForSequenceClassification"), folder, heads["cls"], num_labels=CLASSES, **NO_DROPOUT)

    def body():
        settings = {"attn_implementation": "eager", "add_pooling_layer": False, **NO_DROPOUT}
        return class_of(family, "Model").from_pretrained(folder, **settings)

    cases, tensors = encoder_family(body, classifier, heads, batches, FINAL)
    versions = provenance(__file__, [folder / "model.safetensors", folder / "config.json"])
    info = {"provenance": versions, "learning_rate": LR_PEAK, "batches": listed(batches), **cases}
    write_json(GOLDEN / f"{name}.json", info)
    write_tensors(GOLDEN / f"{name}.safetensors", tensors)


def class_of(family, ending):
    """A class of transformers."""
    return getattr(transformers, f"{family}{ending}")


def write_micro(folder, family, generator):
    """A RoBERTa of random weights."""
    config = class_of(family, "Config")(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_attention_heads=4,
        num_hidden_layers=2,
        intermediate_size=64,
        max_position_embeddings=66,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        bos_token_id=FIRST,
        pad_token_id=PADDING,
        eos_token_id=2,
    )
    model = class_of(family, "ForMaskedLM")(config)
    draw_weights(model, generator)
    model.save_pretrained(folder)


def draw_batch(generator):
    """Rows with a class; ids from 2, padded with 1, the first of each 0."""
    batch = draw_rows(generator, VOCABULARY, padding=PADDING)
    batch["input_ids"][:, 0] = FIRST
    return batch | {"labels": torch.randint(0, CLASSES, (ROWS,), generator=generator)}


if __name__ == "__main__":
    main()
