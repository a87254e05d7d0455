# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes tokenizer_ids.json: hashes of the ids that Python's tokenizers make of 3,000 texts, for a tokenizer of each
family; and byte_level/tokenizer.json, a small one as GPT-2 and RoBERTa have, trained on some of the texts.

The texts are those of micro_gguf.py: lines of the samples that `cargo xtask setup` makes, and of data beside the project.
"""

import hashlib
import struct
import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

sys.path.insert(0, str(Path(__file__).parent.parent / "python"))
from micro_gguf import DATA, FILES, SAMPLES
from reference import GOLDEN, MINILM, ROOT, provenance, write_json

BYTE_LEVEL = GOLDEN / "byte_level" / "tokenizer.json"
STORIES = ROOT.parent / "shared/models/stories260K/tokenizer.json"
TOKENIZERS = {"minilm": MINILM / "tokenizer.json", "stories260k": STORIES, "byte_level": BYTE_LEVEL}


def main():
    train_byte_level()
    found = {"provenance": provenance(__file__, TOKENIZERS.values())}
    for name, path in TOKENIZERS.items():
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        found[name] = [
            {"root": root, "name": file, "lines": count, "sha256": digest(tokenizer, lines(root, file)[:count])}
            for root, file, count in FILES
        ]
    write_json(GOLDEN / "tokenizer_ids.json", found)


def lines(root, name):
    path = {"samples": SAMPLES, "data": DATA}[root] / name
    return path.read_bytes().decode("utf-8", "replace").split("\n")


def digest(tokenizer, texts):
    """SHA-256 of all ids, special ones too, with 2^32 - 1 behind each text."""
    ids = hashlib.sha256()
    for text in texts:
        encoded = tokenizer.encode(text).ids
        ids.update(struct.pack(f"<{len(encoded) + 1}I", *encoded, 0xFFFFFFFF))
    return ids.hexdigest()


def train_byte_level():
    if BYTE_LEVEL.exists():
        return
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)
    texts = lines("samples", "languages.csv")
    tokenizer.train_from_iterator(texts, trainer)
    BYTE_LEVEL.parent.mkdir(exist_ok=True)
    tokenizer.save(str(BYTE_LEVEL))


if __name__ == "__main__":
    main()
