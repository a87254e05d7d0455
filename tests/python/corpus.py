# SPDX-License-Identifier: MIT OR Apache-2.0
"""The 3,000 texts whose token ids are compared: lines of the samples that `cargo xtask setup` makes."""

import hashlib
import struct
from pathlib import Path

SAMPLES = Path.home() / ".cache/hone/samples"
# Number of lines to read from the start of each file.
LINES = {
    "languages.csv": 481,
    "film-reviews.csv": 400,
    "messages.csv": 281,
    "questions.csv": 300,
    "web-features.csv": 400,
    "addresses.jsonl": 400,
    "dictionary.jsonl": 300,
    "word-senses.csv": 438,
}


def lines(name):
    """The lines of a sample that are compared."""
    return (SAMPLES / name).read_bytes().decode("utf-8").split("\n")[: LINES[name]]


def hashes(encode):
    """For each sample, the SHA-256 of the ids that `encode` gives for its lines, with 2^32 - 1 after each line."""
    found = []
    for name, count in LINES.items():
        ids = hashlib.sha256()
        for line in lines(name):
            encoded = encode(line)
            ids.update(struct.pack(f"<{len(encoded) + 1}I", *encoded, 0xFFFFFFFF))
        found.append({"name": name, "lines": count, "sha256": ids.hexdigest()})
    return found
