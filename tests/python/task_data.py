# SPDX-License-Identifier: MIT OR Apache-2.0
"""The tasks of reference_tasks.py: rows, encoding, model and scores of each."""

import json
import re
import string
from collections import Counter

import torch
from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import f1_score as entity_f1
from sklearn.metrics import f1_score
from transformers import BertForTokenClassification

from encoders import with_head
from reference import hone_class, new_head
from spans import QuestionAnswering, answer, decode

XQUAD, WNUT_TRAIN, WNUT_TEST = "xquad/xquad.en.json", "wnut17/wnut17train.conll", "wnut17/emerging.test.annotated"
SENTENCES = [f"sentiment-labelled/{name}_labelled.txt" for name in ("amazon_cells", "imdb", "yelp")]
FILES = [XQUAD, WNUT_TRAIN, WNUT_TEST, *SENTENCES]
MAX_ANSWER_TOKENS = 30
STRIDE = 64
# Labels of sentences, by the words that make them.
LABELS = {
    "first_person": "i i'm i've my me we our us",
    "negation": "no not never nothing don't didn't doesn't isn't wasn't won't can't",
    "film": "film movie acting actor actors plot characters scenes script story",
    "phone": "phone battery headset bluetooth charger case calls sound quality device",
    "food": "food place restaurant service eat menu delicious taste meal chicken",
}
LABELS = {name: set(words.split()) for name, words in LABELS.items()}


def dropouts(p):
    """The dropout probability, as fields of config.json."""
    return {"hidden_dropout_prob": p, "attention_probs_dropout_prob": p}


def pad(examples, ids=("input_ids", "attention_mask", "token_type_ids"), labels=None):
    """Tensors padded to the longest example, with 0, and `labels`, one a token, with -100."""
    length = max(len(example["input_ids"]) for example in examples)
    values = {name: 0 for name in ids} | ({labels: -100} if labels else {})
    return {
        name: torch.tensor([example[name] + [value] * (length - len(example[name])) for example in examples])
        for name, value in values.items()
    }


class QuestionAnsweringTask:
    """XQuAD in English. A window without the full answer is unanswerable; a question's windows are scored together."""

    recipe = {"max_length": 256, "stride": STRIDE}

    @staticmethod
    def rows(data):
        articles = json.loads((data / XQUAD).read_text(encoding="utf-8"))["data"]
        paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
        parts = {"train": [], "validation": []}
        for i, paragraph in enumerate(paragraphs):
            for qa in paragraph["qas"]:
                answers = [{"start": a["answer_start"], "text": a["text"]} for a in qa["answers"]]
                row = {"paragraph": i, "question": qa["question"], "context": paragraph["context"], "answers": answers}
                parts["train" if (i + 1) % 5 else "validation"].append(row)
        return parts

    @staticmethod
    def notes(rows):
        return {"paragraphs": {part: sorted({row["paragraph"] for row in rows[part]}) for part in rows}}

    @staticmethod
    def encode(tokenizer, rows, max_length):
        columns = [[row[name] for row in rows] for name in ("question", "context")]
        limits = {"truncation": "only_second", "max_length": max_length, "stride": STRIDE}
        options = {"return_overflowing_tokens": True, "return_offsets_mapping": True}
        encoded = tokenizer(*columns, **limits, **options)
        examples = []
        for i, row in enumerate(encoded["overflow_to_sample_mapping"]):
            places = [
                list(offset) if sequence == 1 else None
                for offset, sequence in zip(encoded["offset_mapping"][i], encoded.sequence_ids(i))
            ]
            first, last = token_span(places, rows[row]["answers"][0])
            example = {name: encoded[name][i] for name in ("input_ids", "attention_mask", "token_type_ids")}
            examples.append(example | {"row": row, "offsets": places, "start": first, "end": last})
        return examples

    @staticmethod
    def collate(examples):
        targets = {f"{of}_positions": torch.tensor([example[of] for example in examples]) for of in ("start", "end")}
        return pad(examples) | targets

    @staticmethod
    def model(folder, dropout, seed):
        head = {name.replace("classifier", "qa_outputs"): tensor for name, tensor in new_head(2, 384, seed).items()}
        return with_head(QuestionAnswering, folder, head, **dropouts(dropout))

    @staticmethod
    def outputs(output):
        return list(zip(output.start_logits.tolist(), output.end_logits.tolist()))

    @staticmethod
    def scores(rows, examples, found):
        windows = {}
        for example, (start, end) in zip(examples, found):
            length = len(example["input_ids"])
            window = {"start_logits": start[:length], "end_logits": end[:length], "offsets": example["offsets"]}
            windows.setdefault(example["row"], []).append(window)
        exact, f1 = [], []
        for i, row in enumerate(rows):
            # Every question of XQuAD has an answer.
            first, behind = answer(decode(windows[i], 20, MAX_ANSWER_TOKENS), threshold=float("inf"))
            words, truth = normalized(row["context"][first:behind]), normalized(row["answers"][0]["text"])
            exact.append(words == truth)
            f1.append(overlap(words.split(), truth.split()))
        return {"exact": sum(exact) / len(rows), "f1": sum(f1) / len(rows)}


def token_span(offsets, wanted):
    """First and last token of an answer, or (0, 0) if the window does not contain all of it."""
    first, behind = wanted["start"], wanted["start"] + len(wanted["text"])
    inside = [i for i, offset in enumerate(offsets) if offset and offset[0] < behind and offset[1] > first]
    if not inside or offsets[inside[0]][0] > first or offsets[inside[-1]][1] < behind:
        return 0, 0
    return inside[0], inside[-1]


def normalized(text):
    """SQuAD's normal form: lower case, no ASCII punctuation, no articles, single spaces."""
    letters = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", letters).split())


def overlap(words, truth):
    """SQuAD's F1 of two lists of words."""
    common = sum((Counter(words) & Counter(truth)).values())
    return 2 * common / (len(words) + len(truth)) if common else 0.0


class TokenClassificationTask:
    """WNUT17: the first 1,000 sentences of its training file, judged on its test file. First sub-tokens have labels."""

    recipe = {"max_length": 128}
    kinds = ("corporation", "creative-work", "group", "location", "person", "product")
    labels = ["O", *(f"{begin}-{kind}" for kind in kinds for begin in "BI")]

    @classmethod
    def rows(cls, data):
        return {"train": sentences(data / WNUT_TRAIN)[:1000], "validation": sentences(data / WNUT_TEST)}

    @classmethod
    def notes(cls, rows):
        return {"labels": cls.labels}

    @classmethod
    def encode(cls, tokenizer, rows, max_length):
        limits = {"is_split_into_words": True, "truncation": True, "max_length": max_length}
        encoded = tokenizer([row["words"] for row in rows], **limits)
        examples = []
        for i, row in enumerate(rows):
            words = encoded.word_ids(i)
            is_first = [word is not None and word != before for word, before in zip(words, [None, *words])]
            labels = [
                cls.labels.index(row["tags"][word]) if first else -100 for word, first in zip(words, is_first)
            ]
            example = {name: encoded[name][i] for name in ("input_ids", "attention_mask", "token_type_ids")}
            examples.append(example | {"labels": labels, "words": words})
        return examples

    @staticmethod
    def collate(examples):
        return pad(examples, labels="labels")

    @classmethod
    def model(cls, folder, dropout, seed):
        head = new_head(len(cls.labels), 384, seed)
        return with_head(BertForTokenClassification, folder, head, num_labels=len(cls.labels), **dropouts(dropout))

    @staticmethod
    def outputs(output):
        return output.logits.argmax(-1).tolist()

    @classmethod
    def scores(cls, rows, examples, found):
        guesses = []
        for row, example, ids in zip(rows, examples, found):
            # What was cut off is outside of every entity.
            tags = ["O"] * len(row["words"])
            for word, label, id in zip(example["words"], example["labels"], ids):
                if label != -100:
                    tags[word] = cls.labels[id]
            guesses.append(tags)
        truth = [row["tags"] for row in rows]
        hits = [guess == tag for row, tags in zip(guesses, truth) for guess, tag in zip(row, tags)]
        return {"entity_f1": float(entity_f1(truth, guesses)), "token_accuracy": sum(hits) / len(hits)}


def sentences(path):
    """Sentences of `word TAB tag` lines, with a blank line between them, which may hold a TAB."""
    found, words, tags = [], [], []
    for line in [*path.read_text(encoding="utf-8").split("\n"), ""]:
        if line.strip():
            word, tag = line.split("\t")
            words.append(word)
            tags.append(tag)
        elif words:
            found.append({"words": words, "tags": tags})
            words, tags = [], []
    return found


class SentenceTask:
    """Shared by tasks on single sentences: the mean of the tokens' vectors and a linear layer."""

    recipe = {"max_length": 64, "pooling": "mean"}

    @classmethod
    def rows(cls, data):
        parts = {"train": [], "validation": []}
        for i, text in enumerate(text for file in SENTENCES for text in texts(data / file)[:250]):
            parts["train" if (i + 1) % 5 else "validation"].append({"text": text, "label": cls.label(text)})
        return parts

    @classmethod
    def encode(cls, tokenizer, rows, max_length):
        encoded = tokenizer([row["text"] for row in rows], truncation=True, max_length=max_length)
        names = ("input_ids", "attention_mask", "token_type_ids")
        return [{name: encoded[name][i] for name in names} | {"label": row["label"]} for i, row in enumerate(rows)]

    @staticmethod
    def collate(examples):
        return pad(examples) | {"labels": torch.tensor([example["label"] for example in examples], dtype=torch.float)}

    @classmethod
    def model(cls, folder, dropout, seed):
        settings = {"num_labels": cls.outputs_wanted, "problem_type": cls.problem_type} | dropouts(dropout)
        return with_head(hone_class(), folder, new_head(cls.outputs_wanted, 384, seed), **settings)

    @staticmethod
    def outputs(output):
        return output.logits.tolist()


def texts(path):
    """The texts of `text TAB 0 or 1`; split at \\n alone, as they hold other line separators."""
    return [line.rsplit("\t", 1)[0].strip() for line in path.read_text(encoding="utf-8").split("\n") if line]


def words_of(text):
    """Words in lower case: runs of letters and apostrophes."""
    return re.findall(r"[a-z']+", text.lower())


class MultiLabelTask(SentenceTask):
    """Five labels: whether a sentence has a word of the label's list. A label is given from a probability of 0.5."""

    problem_type, outputs_wanted = "multi_label_classification", len(LABELS)

    @staticmethod
    def label(text):
        return [int(not words.isdisjoint(words_of(text))) for words in LABELS.values()]

    @staticmethod
    def notes(rows):
        shares = [sum(row["label"][i] for row in rows["train"]) / len(rows["train"]) for i in range(len(LABELS))]
        return {"label_shares": {name: round(share, 4) for name, share in zip(LABELS, shares)}}

    @staticmethod
    def scores(rows, examples, found):
        truth = [row["label"] for row in rows]
        guesses = [[int(logit > 0) for logit in logits] for logits in found]
        exact = sum(guess == wanted for guess, wanted in zip(guesses, truth)) / len(rows)
        f1 = {name: float(f1_score(truth, guesses, average=name, zero_division=0)) for name in ("micro", "macro")}
        return {"micro_f1": f1["micro"], "macro_f1": f1["macro"], "exact": exact}


class RegressionTask(SentenceTask):
    """Ten times the fraction of a sentence's words that have six letters or more."""

    problem_type, outputs_wanted = "regression", 1

    @staticmethod
    def label(text):
        words = words_of(text)
        return round(10 * sum(len(word) >= 6 for word in words) / max(len(words), 1), 4)

    @staticmethod
    def notes(rows):
        numbers = torch.tensor([row["label"] for row in rows["train"]], dtype=torch.float64)
        return {"label_mean": round(numbers.mean().item(), 4), "label_deviation": round(numbers.std().item(), 4)}

    @staticmethod
    def scores(rows, examples, found):
        truth, guesses = [row["label"] for row in rows], [logits[0] for logits in found]
        squares = [(guess - wanted) ** 2 for guess, wanted in zip(guesses, truth)]
        correlations = {"pearson": pearsonr, "spearman": spearmanr}
        scores = {name: float(of(guesses, truth).statistic) for name, of in correlations.items()}
        return {"rmse": (sum(squares) / len(squares)) ** 0.5, **scores}


TASKS = {
    "question_answering": QuestionAnsweringTask,
    "token_classification": TokenClassificationTask,
    "multi_label": MultiLabelTask,
    "regression": RegressionTask,
}
