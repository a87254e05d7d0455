# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens a model exported by Hone as its users would, and compares its predictions with the page's.

    check_export.py FOLDER_OR_ZIP [EXPECTED.json]

Prints one line per check and exits with 1 if any fails. EXPECTED.json depends on the task in config.json:

- single-label and multi-label classification and regression: {"texts": [text or [first, second]...], "max_length": n,
  "probabilities": [[...]...]}; for multiple labels each probability is independent, for regression it is the number.
- question answering: {"max_length": n, "stride": tokens of the context that two windows share, "spans": number of spans
  to decode, "max_answer_tokens": n, "threshold": number, "questions": [{"question", "context", "answer",
  "probability"}...]}; an answer is a range of characters of the context, [start, end), in Unicode code points, or null;
  its probability is that in the softmax over the decoded spans and "no answer".
- token classification: {"max_length": n, "sentences": [{"words": [...], "probabilities": [[...]...]}...]}, one row of
  probabilities for the first token of each word that was not truncated.
- causal language model: {"max_new_tokens": n, "prompts": [{"prompt": text or "messages": [{"role", "content"}...],
  "prompt_ids", "completion_ids", "completion"}...]}, continued greedily. If a stop token was reached, it is the last of
  the ids and not in the text.
"""

import json
import sys
import tempfile
from pathlib import Path

from exports import model_folder, opened_export, passes, quiet


def main():
    quiet()
    source, *expected = map(Path, sys.argv[1:])
    expected = json.loads(expected[0].read_text(encoding="utf-8")) if expected else None
    with tempfile.TemporaryDirectory() as unpacked:
        export = opened_export(model_folder(source, unpacked), expected)
        return 0 if all([passes(check) for check in export.checks()]) else 1


if __name__ == "__main__":
    sys.exit(main())
