# SPDX-License-Identifier: MIT OR Apache-2.0
"""BERT, DistilBERT, RoBERTa, XLM-RoBERTa, CamemBERT and ELECTRA for text classification with mean pooling.

Load the folder that contains this file with
`AutoModelForSequenceClassification.from_pretrained(folder, trust_remote_code=True)`.
Needs transformers 4.40 or later.
"""

import torch
from torch import nn
from transformers import (
    BertModel,
    BertPreTrainedModel,
    CamembertModel,
    CamembertPreTrainedModel,
    DistilBertModel,
    DistilBertPreTrainedModel,
    ElectraModel,
    ElectraPreTrainedModel,
    RobertaModel,
    RobertaPreTrainedModel,
    XLMRobertaModel,
    XLMRobertaPreTrainedModel,
)
from transformers.modeling_outputs import SequenceClassifierOutput


class MeanPoolingClassifier:
    """A linear layer on the normalized mean of the last hidden state without padding.

    The norm has no weights. The encoder has its family's name.
    """

    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        setattr(self, self.base_model_prefix, self.body(config))
        self.dropout = nn.Dropout(self.head_dropout(config))
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def head_dropout(self, config):
        """Dropout probability of the mean in training."""
        return config.hidden_dropout_prob if config.classifier_dropout is None else config.classifier_dropout

    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        position_ids=None,
        inputs_embeds=None,
        labels=None,
        output_attentions=None,
        output_hidden_states=None,
        return_dict=None,
    ):
        """Returns logits `[batch, num_labels]`, and the loss if `labels` are given."""
        inputs = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "position_ids": position_ids,
            "inputs_embeds": inputs_embeds,
            "output_attentions": output_attentions,
            "output_hidden_states": output_hidden_states,
        }
        # DistilBERT does not take all of them.
        body = self.base_model(**{name: value for name, value in inputs.items() if value is not None}, return_dict=True)
        mean = mean_over_text(body.last_hidden_state, attention_mask)
        # DistilBERT's configuration has no field for the epsilon of its norms, which is 1e-12.
        eps = getattr(self.config, "layer_norm_eps", 1e-12)
        logits = self.classifier(self.dropout(nn.functional.layer_norm(mean, mean.shape[-1:], eps=eps)))
        output = SequenceClassifierOutput(
            loss=None if labels is None else self.loss(logits, labels),
            logits=logits,
            hidden_states=body.hidden_states,
            attentions=body.attentions,
        )
        return output if (self.config.return_dict if return_dict is None else return_dict) else output.to_tuple()

    def loss(self, logits, labels):
        """The loss for `config.problem_type`; without one, that of single-label classification."""
        if self.config.problem_type == "regression":
            return nn.functional.mse_loss(logits.view(-1), labels.view(-1).to(logits.dtype))
        if self.config.problem_type == "multi_label_classification":
            return nn.functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        return nn.functional.cross_entropy(logits, labels.view(-1))


class HoneBertForSequenceClassification(MeanPoolingClassifier, BertPreTrainedModel):
    """BERT. Its pooler is not used, but kept so that AutoModel finds all its weights in the file."""

    body = BertModel


class HoneDistilBertForSequenceClassification(MeanPoolingClassifier, DistilBertPreTrainedModel):
    """DistilBERT."""

    body = DistilBertModel

    def head_dropout(self, config):
        """Dropout probability of the mean in training."""
        return config.seq_classif_dropout


class HoneRobertaForSequenceClassification(MeanPoolingClassifier, RobertaPreTrainedModel):
    """RoBERTa, without a pooler."""

    def body(self, config):
        """The encoder."""
        return RobertaModel(config, add_pooling_layer=False)


class HoneXLMRobertaForSequenceClassification(MeanPoolingClassifier, XLMRobertaPreTrainedModel):
    """XLM-RoBERTa, without a pooler."""

    def body(self, config):
        """The encoder."""
        return XLMRobertaModel(config, add_pooling_layer=False)


class HoneCamembertForSequenceClassification(MeanPoolingClassifier, CamembertPreTrainedModel):
    """CamemBERT, without a pooler."""

    def body(self, config):
        """The encoder."""
        return CamembertModel(config, add_pooling_layer=False)


class HoneElectraForSequenceClassification(MeanPoolingClassifier, ElectraPreTrainedModel):
    """ELECTRA."""

    body = ElectraModel


def mean_over_text(hidden, attention_mask=None):
    """Mean of `hidden` `[batch, length, size]` over the tokens whose mask `[batch, length]` is 1."""
    if attention_mask is None:
        return hidden.mean(dim=1)
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(dim=1) / torch.clamp(mask.sum(dim=1), min=1.0)


# Makes save_pretrained copy this file.
for classifier in MeanPoolingClassifier.__subclasses__():
    classifier.register_for_auto_class("AutoModelForSequenceClassification")
