# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes tokenizer_ids.json: for a tokenizer of each family, hashes of the ids that Python gives for 3,000 texts.

Also trains two small tokenizers on some of the texts: byte_level/tokenizer.json, like those of GPT-2 and RoBERTa, and
unigram/tokenizer.json, like that of multilingual E5.

The texts are those of `../python/corpus.py`.
"""

import io
import sys
from pathlib import Path

import sentencepiece
from sentencepiece.sentencepiece_model_pb2 import ModelProto
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

sys.path.insert(0, str(Path(__file__).parent.parent / "python"))
from corpus import hashes, lines
from reference import GOLDEN, MINILM, STORIES, provenance, write_json

BYTE_LEVEL = GOLDEN / "byte_level" / "tokenizer.json"
UNIGRAM = GOLDEN / "unigram" / "tokenizer.json"
TOKENIZERS = {
    "minilm": MINILM / "tokenizer.json",
    "stories260k": STORIES / "tokenizer.json",
    "byte_level": BYTE_LEVEL,
    "unigram": UNIGRAM,
}
# Characters that are replaced before anything else: A and Ä become lowercase, and BC becomes b.
REPLACED = "0041\t0061\n00C4\t0061 0065\n0042 0043\t0062\n"


def main():
    train_byte_level()
    train_unigram()
    found = {"provenance": provenance(__file__, TOKENIZERS.values())}
    for name, path in TOKENIZERS.items():
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        found[name] = hashes(lambda text: tokenizer.encode(text).ids)
    write_json(GOLDEN / "tokenizer_ids.json", found)


def train_byte_level():
    if BYTE_LEVEL.exists():
        return
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)
    texts = lines("languages.csv")
    tokenizer.train_from_iterator(texts, trainer)
    BYTE_LEVEL.parent.mkdir(exist_ok=True)
    tokenizer.save(str(BYTE_LEVEL))


def train_unigram():
    if UNIGRAM.exists():
        return
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap()), normalizers.Replace("  ", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(lines("languages.csv"), trainer)
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", ends)
    UNIGRAM.parent.mkdir(exist_ok=True)
    tokenizer.save(str(UNIGRAM))


def charsmap():
    """The table that SentencePiece compiles from the replacements."""
    rules, model = UNIGRAM.parent / "rules.tsv", io.BytesIO()
    rules.parent.mkdir(exist_ok=True)
    rules.write_text(REPLACED, encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines("languages.csv")),
        model_writer=model,
        vocab_size=300,
        normalization_rule_tsv=str(rules),
        minloglevel=2,
    )
    rules.unlink()
    return ModelProto.FromString(model.getvalue()).normalizer_spec.precompiled_charsmap


if __name__ == "__main__":
    main()
