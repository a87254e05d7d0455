# SPDX-License-Identifier: MIT OR Apache-2.0
"""Opens a model that Hone exported the way its users would, and compares its answers with the page's.

    check_export.py FOLDER_OR_ZIP [EXPECTED.json]

Prints one line a check and exits with 1 when one fails. What EXPECTED.json holds goes by the task of config.json:

- classification, of one label or several, and regression: {"texts": [text or [first, second]...], "max_length": n,
  "probabilities": [[...]...]}; of several labels each probability is by itself, of regression it is the number.
- question answering: {"max_length": n, "stride": tokens of the context that two windows share, "spans": how many are
  decoded, "max_answer_tokens": n, "threshold": number, "questions": [{"question", "context", "answer",
  "probability"}...]}; an answer is [first, behind the last] character of the context, in Unicode code points, or null;
  the probability is its share in the softmax of the decoded spans and no answer.
- token classification: {"max_length": n, "sentences": [{"words": [...], "probabilities": [[...]...]}...]}, one row of
  probabilities for the first token of each word that was not cut off.
- causal language model: {"max_new_tokens": n, "prompts": [{"prompt": text or "messages": [{"role", "content"}...],
  "prompt_ids", "completion_ids", "completion"}...]}, continued greedily. A stop token that was reached is the last of
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
