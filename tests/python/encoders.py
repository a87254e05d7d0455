# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shared by the golden scripts of encoders: models with a given head, rows, and 20 steps of training."""

from functools import partial
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, BertForSequenceClassification

from reference import GOLDEN, Optimizer, curve, first_gradients, freeze_embeddings, hone_class, prefixed

ROWS, LENGTH, BATCHES, ROUNDS = 4, 12, 4, 5
LR_PEAK = 1e-3
SENTENCE_FINAL = ("bert.encoder.layer.0.attention.self.query.weight", "classifier.weight")
MICRO_BERT = GOLDEN / "micro_bert"
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def with_head(kind, folder, head, **settings):
    """A model of class `kind` with the base model in `folder` and the given head; `settings` go into config.json."""
    config = AutoConfig.from_pretrained(folder, **settings)
    model = kind.from_pretrained(folder, config=config, attn_implementation="eager")
    model.load_state_dict({**model.state_dict(), **head})
    return model


def sentence_model(pooling, head, problem_type):
    """The micro BERT that classifies texts by [CLS] and the pooler or by the mean of the tokens."""
    kind = {"cls": BertForSequenceClassification, "mean": hone_class()}[pooling]
    settings = {"num_labels": len(head["classifier.bias"]), "problem_type": problem_type}
    return with_head(kind, MICRO_BERT, head, **settings, **NO_DROPOUT)


class MeanClassifier(nn.Module):
    """Any encoder with a linear layer on the normalized mean of its tokens; the encoder keeps its name."""

    def __init__(self, body, head):
        super().__init__()
        self.body_name = body.base_model_prefix
        self.add_module(self.body_name, body)
        self.classifier = nn.Linear(*reversed(head["classifier.weight"].shape))
        self.classifier.load_state_dict({name.removeprefix("classifier."): tensor for name, tensor in head.items()})

    @property
    def base_model(self):
        """The encoder."""
        return self.get_submodule(self.body_name)

    def forward(self, input_ids, attention_mask, labels=None):
        """Logits `[rows, classes]`, and their cross-entropy with `labels`."""
        x = mean(self.base_model, input_ids, attention_mask)
        eps = getattr(self.base_model.config, "layer_norm_eps", 1e-12)
        logits = self.classifier(nn.functional.layer_norm(x, x.shape[-1:], eps=eps))
        return SimpleNamespace(logits=logits, loss=None if labels is None else cross_entropy(logits, labels))


def mean(body, input_ids, attention_mask):
    """Mean of each row's vectors without padding, `[rows, size]`."""
    hidden = body(input_ids, attention_mask=attention_mask).last_hidden_state
    mask = attention_mask.unsqueeze(-1)
    return (hidden * mask).sum(1) / mask.sum(1)


def encoder_family(load_body, load_classifier, heads, batches, final):
    """Vectors of the first batch, and gradients and curves of the classifiers by pooling."""
    inputs = {name: batches[0][name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        body = load_body().eval()
        tensors = {"last_hidden_state": body(**inputs).last_hidden_state, "mean.vectors": mean(body, **inputs)}
    cases = {}
    loads = {"cls": load_classifier, "mean": lambda: MeanClassifier(load_body(), heads["mean"])}
    for pooling, load in loads.items():
        cases[pooling], found = trained(load, batches, final)
        found |= {"logits": logits(load(), batches[0])}
        tensors |= prefixed(pooling, heads[pooling] | found)
    return cases, tensors


def sentence_tasks(head, batches, problem_type):
    """Gradients, curves and logits of the first batch of the micro BERT, by both poolings."""
    cases, tensors = {}, dict(head)
    for pooling in ("cls", "mean"):
        load = partial(sentence_model, pooling, head, problem_type)
        cases[pooling], found = trained(load, batches, SENTENCE_FINAL)
        tensors |= prefixed(pooling, found | {"logits": logits(load(), batches[0])})
    return cases, tensors


def draw_linear(name, outputs, inputs, generator):
    """Weight and bias of a linear layer, large enough for a mistake to show."""
    weight, bias = (torch.empty(shape).normal_(0.0, 0.2, generator=generator) for shape in ((outputs, inputs), outputs))
    return {f"{name}.weight": weight, f"{name}.bias": bias}


def draw_rows(generator, vocabulary, shortest=3, padding=0):
    """Ids and mask of rows of `shortest` to 12 tokens, padded at the end; all ids are above the padding id."""
    lengths = torch.randint(shortest, LENGTH + 1, (ROWS, 1), generator=generator)
    mask = (torch.arange(LENGTH) < lengths).long()
    ids = torch.randint(padding + 1, vocabulary, (ROWS, LENGTH), generator=generator)
    return {"input_ids": torch.where(mask == 1, ids, padding), "attention_mask": mask}


def trained(load, batches, final, learning_rate=LR_PEAK):
    """Gradients of the first batch, and a curve with frozen embeddings: its figures, and its tensors by name."""
    tensors = prefixed("grad", first_gradients(load().train(), batches[0]))
    model = load().train()
    freeze_embeddings(model)
    history = curve(model, Optimizer(model, len(batches), learning_rate), batches)
    tensors |= prefixed("final", {name: model.get_parameter(name) for name in final})
    return {"train_embeddings": False, **history}, tensors


@torch.no_grad()
def logits(model, batch):
    """Logits of a batch."""
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in batch}
    return model.eval()(**inputs).logits.clone()
