# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes multilingual_e5.json: token ids and vectors of texts in ten languages by the multilingual-e5-small of the catalog.

The file's weights are read by the `gguf` package and computed by transformers. The ids are those of its vocabulary with
the normalization that SentencePiece itself brings (nmt_nfkc) and the splitting of XLM-R's tokenizer.
"""

import base64
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import gguf
import sentencepiece
import torch
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

from reference import GOLDEN, provenance, write_json

FILE = Path.home() / ".cache/hone/models/multilingual-e5-small/multilingual-e5-small.Q4_0.gguf"
BOS, EOS, UNK = 0, 2, 3
LAYER = {
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}
OUTER = {
    "token_embd": "embeddings.word_embeddings",
    "position_embd": "embeddings.position_embeddings",
    "token_types": "embeddings.token_type_embeddings",
    "token_embd_norm": "embeddings.LayerNorm",
}
TEXTS = [
    "query: how much protein should a woman eat per day",
    "Der Zug nach Hamburg hatte gestern eine halbe Stunde Verspätung.",
    "Le service était rapide, mais la soupe était froide.",
    "La habitación era pequeña, pero muy limpia.",
    "Доставка заняла больше недели, зато качество очень хорошее.",
    "这家餐厅的服务很好，但是价格有点贵。",
    "駅から歩いて五分の静かな宿でした。",
    "배송이 빨라서 아주 만족합니다!",
    "كانت الغرفة نظيفة والموظفون ودودين.",
    "यह किताब मुझे बहुत पसंद आई।",
    "  Two spaces,\ta tab, ﬁne ligatures ① and a zero\u200bwidth space ",
]


def main():
    reader = gguf.GGUFReader(FILE)
    tokenizer = tokenizer_of(reader)
    model = model_of(reader)
    rows = []
    for text in TEXTS:
        ids = [BOS, *tokenizer.encode(text).ids, EOS]
        with torch.no_grad():
            vector = model(torch.tensor([ids])).last_hidden_state[0].mean(0)
        vector = torch.nn.functional.normalize(vector, dim=0).tolist()
        rows.append({"text": text, "ids": ids, "vector": [round(value, 7) for value in vector]})
    write_json(GOLDEN / "multilingual_e5.json", {"provenance": provenance(__file__, [FILE]), "rows": rows})


def tokenizer_of(reader):
    pieces, scores = (reader.fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores"))
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores)), UNK, False))
    charsmap = proto.ModelProto.FromString(any_model()).normalizer_spec.precompiled_charsmap
    rules = [normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")]
    tokenizer.normalizer = normalizers.Sequence(rules)
    split = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    return tokenizer


def any_model():
    """A SentencePiece model of any vocabulary: it contains the normalization."""
    model = io.BytesIO()
    sentences = ["hello world this is a text", "and another one of them"] * 50
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        vocab_size=40,
        normalization_rule_name="nmt_nfkc",
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return model.getvalue()


def model_of(reader):
    def size(key):
        return int(reader.fields[f"bert.{key}"].contents())

    tensors = {}
    for tensor in reader.tensors:
        stem, suffix = tensor.name.rsplit(".", 1)
        if stem.startswith("blk."):
            _, layer, part = stem.split(".")
            name = f"encoder.layer.{layer}.{LAYER[part]}.{suffix}"
        else:
            name = f"{OUTER[stem]}.{suffix}"
        tensors[name] = torch.from_numpy(gguf.quants.dequantize(tensor.data, tensor.tensor_type).copy())
    config = BertConfig(
        vocab_size=len(tensors["embeddings.word_embeddings.weight"]),
        hidden_size=size("embedding_length"),
        num_hidden_layers=size("block_count"),
        num_attention_heads=size("attention.head_count"),
        intermediate_size=size("feed_forward_length"),
        max_position_embeddings=size("context_length"),
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    model.load_state_dict(tensors)
    return model


if __name__ == "__main__":
    main()
