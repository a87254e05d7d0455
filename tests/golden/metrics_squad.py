# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes metrics_squad.json: answers scored by transformers' copy of SQuAD 2.0's evaluation script.

transformers 5 dropped that file, so it is read from an older wheel, which pip downloads.

No two questions of a case have the same no-answer score, and no unanswerable question is answered with articles alone:
in those cases the script's best scores are not those of its thresholds, while Hone's are.
"""

import hashlib
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from zipfile import ZipFile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import transformers.models.bert

from reference import GOLDEN, provenance, write_json

WHEEL = Path.home() / ".cache/hone/downloads/transformers-4.57.3-py3-none-any.whl"
SOURCE = "transformers/data/metrics/squad_metrics.py"
SOURCE_SHA256 = "fff72374f535aadddb8e75eade4e820b6fe9ff90f16d4f29e88e442f8d2e9eb8"

NORMALIZED = [
    "The  Cat, (sat) on an A-Frame!",
    "a an the",
    "A",
    "Theatre and another",
    "U.S.A. the_end",
    "$1,000.50",
    "",
    " \t\n",
    "\u2019the\u2019 end; l'eau d\u2019eau",
    "the\u2013end a\u0301 \u00abthe\u00bb",
    "\u00c9T\u00c9 \u0130stanbul \u03a3\u039f\u03a6\u039f\u03a3",
    "\u6211 the \u732b the\u732b",
    "a\u00a0b\u3000the\u001cc\u0085d the\u200bend",
    "an\u00bd a\u00b2 the",
]
# Gold answers and a prediction.
ANSWERS = [
    (["the cat"], "The Cat."),
    (["a black cat"], "black cats"),
    (["cat", "a very black cat"], "very black dog"),
    (["the the cat cat"], "cat the the"),
    (["cat dog cat"], "cat cat cat dog"),
    (["cat"], "dog"),
    (["cat"], ""),
    (["the"], ""),
    (["the"], "cat"),
    (["the", "cat"], "cat"),
    ([], ""),
    ([], "cat"),
    (["1,000 m"], "1000 m"),
    (["in 1999 \u2013 or so"], "1999"),
]
VOCABULARY = "the a cat dog black very 1999 Paris, in of \u00c9t\u00e9 (U.S.)".split()


def main():
    squad = squad_metrics()
    draw = random.Random(11)
    cases = [scored(squad, ANSWERS, [i / 16 for i in range(len(ANSWERS))], 0.3)]
    for rows, answerable, threshold in ((60, 0.5, 0.0), (60, 0.5, -0.5), (40, 1.0, 0.5), (20, 0.0, 0.5), (1, 1.0, 1.0)):
        answers = [drawn(draw, answerable) for _ in range(rows)]
        # Single precision, as in a model; correct answers tend to have higher confidence.
        scores = [draw.randrange(-(2**20), 2**20) / 2**20 - 0.3 * bool(gold) for gold, _ in answers]
        scores = [round(score * 2**20) / 2**20 for score in scores]
        assert len(set(scores)) == rows
        cases.append(scored(squad, answers, scores, threshold))
    normalized = [[text, squad.normalize_answer(text)] for text in NORMALIZED]
    versions = provenance(__file__) | {"squad_metrics": WHEEL.name, "inputs": {SOURCE: SOURCE_SHA256}}
    write_json(GOLDEN / "metrics_squad.json", {"provenance": versions, "normalized": normalized, "cases": cases})


def squad_metrics():
    """The module from the older wheel."""
    if not WHEEL.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", WHEEL.parent]
        subprocess.run([*pip, "transformers==4.57.3"], check=True)
    with ZipFile(WHEEL) as wheel:
        source = wheel.read(SOURCE)
    assert hashlib.sha256(source).hexdigest() == SOURCE_SHA256, f"{WHEEL} is another file: delete it"
    # It imports this class, which no longer exists, for another purpose.
    transformers.models.bert.BasicTokenizer = None
    module = ModuleType("transformers.data.metrics.squad_metrics")
    module.__package__ = "transformers.data.metrics"
    exec(compile(source, SOURCE, "exec"), module.__dict__)
    return module


def drawn(draw, answerable):
    """Gold answers, and a prediction near to one of them or to nothing."""
    words = lambda least, most: " ".join(draw.choice(VOCABULARY) for _ in range(draw.randint(least, most)))
    gold = [words(1, 5) for _ in range(draw.randint(1, 3))] if draw.random() < answerable else []
    near = draw.choice(gold).split() if gold and draw.random() < 0.8 else words(1, 4).split()
    prediction = " ".join(word for word in near if draw.random() < 0.8)
    # Without a gold answer, the script cannot score a prediction that consists of articles only.
    return gold, prediction if gold or set(prediction.split()) - {"the", "a"} else ""


def scored(squad, answers, no_answer_scores, threshold):
    """Answers with the script's scores of each, of all at a threshold, and at the best ones."""
    ids = [str(i) for i in range(len(answers))]
    gold = [[{"text": text} for text in gold] for gold, _ in answers]
    examples = [SimpleNamespace(qas_id=i, answers=texts) for i, texts in zip(ids, gold)]
    predictions = {i: prediction for i, (_, prediction) in zip(ids, answers)}
    surenesses = dict(zip(ids, no_answer_scores))
    found = squad.squad_evaluate(examples, predictions, surenesses, threshold)
    answered = squad.squad_evaluate(examples, predictions, surenesses, float("inf"))
    exact, f1 = squad.get_raw_scores(examples, predictions)
    rows = [
        {"gold": gold, "prediction": prediction, "no_answer_score": score, "exact": exact[i], "f1": f1[i]}
        for i, (gold, prediction), score in zip(ids, answers, no_answer_scores)
    ]
    return {"threshold": threshold, "rows": rows, "scores": found, "all_answered": answered}


if __name__ == "__main__":
    main()
