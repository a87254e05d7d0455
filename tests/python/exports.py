# SPDX-License-Identifier: MIT OR Apache-2.0
"""Exported models as their users open them, with one class per task and its checks.

A check is a method. It returns a description of what it found and raises if something is wrong.
"""

import json
import logging
import os
import warnings
import zipfile
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
import yaml
from safetensors import safe_open
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedTokenizerFast,
    pipeline,
)

from spans import answer, decode

# Of probabilities, by the type of the weights. A folder in 16 bits also computes in 16 bits.
TOLERANCES = {"float32": 1e-3, "float16": 1e-2}
# Buffers in older files. The export keeps them, and transformers ignores them.
BUFFERS = (".position_ids", ".attn.bias", ".attn.masked_bias")


def model_folder(source, unpacked, file="config.json"):
    """The folder that holds `file` in `source`. A zip is unpacked into `unpacked` first."""
    if source.is_file():
        zipfile.ZipFile(source).extractall(unpacked)
        source = Path(unpacked)
    found = [path.parent for path in sorted(source.rglob(file), key=lambda path: len(path.parts))]
    require(found, f"{source} has no {file}")
    return found[0]


def passes(check):
    """Runs one check and prints its result."""
    name = check.__name__.replace("_", " ")
    try:
        print(f"ok    {name}: {check()}")
        return True
    except Exception as error:
        print(f"FAIL  {name}: {type(error).__name__}: {error}")
        return False


def require(holds, message):
    """Raises `message` unless `holds`; unlike `assert`, also under `python -O`."""
    if not holds:
        raise ValueError(message)


def require_clean(report):
    """Requires that no key was missing, unexpected or of another shape."""
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        require(not report[kind], f"{kind}: {sorted(map(str, report[kind]))[:5]}")


def largest_difference(ours, page, tolerance=TOLERANCES["float32"]):
    """The largest difference between two lists of numbers of the same shape."""
    ours, page = (torch.as_tensor(values, dtype=torch.float64) for values in (ours, page))
    require(ours.shape == page.shape, f"{tuple(ours.shape)} here, {tuple(page.shape)} in the page")
    difference = (ours - page).abs().max().item()
    require(difference <= tolerance, f"they differ by {difference:.2e}")
    return difference


@contextmanager
def warned():
    """Collects all warnings, those that transformers logs included."""
    messages, verbosity = [], transformers.utils.logging.get_verbosity()
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())
    transformers.utils.logging.set_verbosity_warning()
    logger = logging.getLogger("transformers")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield messages
        messages += [str(warning.message) for warning in caught]
    finally:
        logger.removeHandler(handler)
        transformers.utils.logging.set_verbosity(verbosity)


def blocks(folder, language):
    """The code blocks of a language in a folder's card."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    return [rest.split("```")[0] for rest in card.split(f"```{language}\n")[1:]]


def run_card(folder, name, path):
    """Runs the Python code of a folder's card with `name` replaced by `path`; returns its output."""
    code = blocks(folder, "python")[0]
    require(json.dumps(name) in code, f"it does not open {name}")
    with redirect_stdout(StringIO()) as printed:
        exec(code.replace(json.dumps(name), json.dumps(str(path))), {})
    require(printed.getvalue(), "it prints nothing")
    return " ".join(printed.getvalue().split())[:80]


class Export:
    """An exported folder of any task. `expected` has the page's predictions, if known."""

    auto = None
    ending = None
    pipeline_tag = None
    heads = ("classifier.", "head.")
    has_pooler = False
    has_token_outputs = False

    def __init__(self, folder, expected=None):
        self.folder = folder
        self.expected = expected
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.trust = {"trust_remote_code": True} if "auto_map" in self.config else {}
        self.tolerance = TOLERANCES[self.config.get("dtype") or self.config.get("torch_dtype") or "float32"]

    def checks(self):
        """All checks that apply."""
        found = [self.config_names_the_task, self.weights_fit_the_model, self.body_opens_alone, self.card_parses]
        found += [self.code_of_the_card_runs]
        return found + ([self.answers_equal_the_page] if self.expected else [])

    def config_names_the_task(self):
        (name,) = self.config["architectures"]
        require(name.endswith(self.ending), name)
        require(name.startswith("Hone") == bool(self.trust), f"{name}, auto_map is {self.config.get('auto_map')}")
        require("_name_or_path" not in self.config, "_name_or_path is left in")
        return name

    def weights_fit_the_model(self):
        with safe_open(self.folder / "model.safetensors", "pt") as file:
            require(file.metadata() == {"format": "pt"}, f"metadata is {file.metadata()}")
            stored = {name: file.get_tensor(name) for name in file.keys() if not name.endswith(BUFFERS)}
        model, report = self.load(self.auto, **self.trust)
        require(type(model).__name__ == self.config["architectures"][0], f"opened as {type(model).__name__}")
        require_clean(report)
        # Tied weights appear once.
        wanted = dict(model.named_parameters())
        require(stored.keys() == wanted.keys(), f"names differ: {sorted(stored.keys() ^ wanted.keys())[:5]}")
        for name, tensor in stored.items():
            require(tensor.shape == wanted[name].shape, f"{name} is {tensor.shape}, not {wanted[name].shape}")
            require(torch.equal(tensor.to(wanted[name].dtype), wanted[name]), f"{name} was not read as stored")
        dtypes = {str(tensor.dtype) for tensor in stored.values()}
        require(len(dtypes) == 1, f"mixed dtypes: {dtypes}")
        require(all(tensor.isfinite().all() for tensor in stored.values()), "a weight is not finite")
        return f"{len(stored)} tensors, {dtypes.pop()}"

    def body_opens_alone(self):
        model, report = self.load(AutoModel)
        outside_the_head = [key for key in report["unexpected_keys"] if not key.startswith(self.heads)]
        # Heads without a pooler do not store one.
        missing = [key for key in report["missing_keys"] if self.has_pooler or not key.startswith("pooler.")]
        require_clean({**report, "unexpected_keys": outside_the_head, "missing_keys": missing})
        return type(model).__name__

    def card_parses(self):
        text = (self.folder / "README.md").read_text(encoding="utf-8")
        require(text.startswith("---\n"), "README.md has no front matter")
        card = yaml.safe_load(text.split("\n---\n", 1)[0])
        for field in ("base_model", "library_name", "pipeline_tag", "license", "tags", "metrics", "model-index"):
            require(card.get(field), f"front matter lacks {field}")
        require(card["pipeline_tag"] == self.pipeline_tag, card["pipeline_tag"])
        return card["pipeline_tag"]

    def code_of_the_card_runs(self):
        return run_card(self.folder, "path/to/this/folder", self.folder)

    def answers_equal_the_page(self):
        raise NotImplementedError

    def require_label_names(self):
        """Requires id2label and label2id to agree; returns the number of labels."""
        names = self.config["id2label"]
        require(sorted(map(int, names)) == list(range(len(names))), f"id2label has the ids {list(names)}")
        require({name: int(i) for i, name in names.items()} == self.config["label2id"], "label2id is not its inverse")
        return len(names)

    def tokenizer(self):
        """The tokenizer of the folder. For Qwen2, AutoTokenizer takes only byte-level BPE, which that of a test is not."""
        kind = PreTrainedTokenizerFast if self.config["model_type"] == "qwen2" else AutoTokenizer
        return kind.from_pretrained(self.folder)

    def opened(self):
        """The model, opened with the code from its card."""
        return self.load(self.auto, **self.trust)[0].eval()

    def load(self, auto, **trust):
        """The model and transformers' loading report."""
        return auto.from_pretrained(self.folder, output_loading_info=True, **trust)


class SequenceClassification(Export):
    """A label, any number of labels or a number for a text or a pair of texts."""

    auto = AutoModelForSequenceClassification
    ending = "ForSequenceClassification"
    heads = ("classifier.", "pre_classifier.", "head.")
    activations = {
        "single_label_classification": lambda logits: logits.softmax(-1),
        "multi_label_classification": torch.sigmoid,
        "regression": lambda logits: logits,
        # A reranker.
        None: torch.sigmoid,
    }

    @property
    def is_reranker(self):
        """True if the number is how well a passage fits a query."""
        return "problem_type" not in self.config

    @property
    def pipeline_tag(self):
        """The tag of the task on the hub."""
        return "text-ranking" if self.is_reranker else "text-classification"

    @property
    def has_pooler(self):
        """True if the file has BERT's pooler. The heads of RoBERTa and DistilBERT have their own layer."""
        return self.config["model_type"] == "bert"

    def config_names_the_task(self):
        labels, problem = self.require_label_names(), self.config.get("problem_type")
        require(problem in self.activations, problem)
        require(problem not in ("regression", None) or labels == 1, f"{problem} of {labels} numbers")
        return f"{super().config_names_the_task()}, {problem}, {labels} labels"

    def checks(self):
        found = super().checks()
        if not self.trust and not self.is_reranker:
            found.append(self.pipeline_opens_without_warnings)
        if self.expected and isinstance(self.expected["texts"][0], list):
            found.append(self.cross_encoder_predicts_the_same)
            if self.is_reranker:
                found.append(self.cross_encoder_gives_the_scores_of_the_page)
        return found

    def pipeline_opens_without_warnings(self):
        with warned() as messages:
            found = pipeline(self.pipeline_tag, model=str(self.folder))("w1 w2 w3")
        require(not messages, f"it warns: {messages[:3]}")
        return found

    def cross_encoder_gives_the_scores_of_the_page(self):
        texts = self.expected["texts"]
        with warned() as messages:
            encoder = CrossEncoder(str(self.folder), max_length=self.expected["max_length"], device="cpu", **self.trust)
        require(not messages, f"it warns: {messages[:3]}")
        found = encoder.predict(texts, convert_to_tensor=True).reshape(-1, 1)
        difference = largest_difference(found, self.expected["probabilities"], self.tolerance)
        return f"{len(texts)} pairs, largest difference {difference:.2e}"

    @torch.no_grad()
    def cross_encoder_predicts_the_same(self):
        pairs = self.expected["texts"]
        limits = {"truncation": True, "max_length": self.expected["max_length"]}
        batch = self.tokenizer()(*map(list, zip(*pairs)), padding=True, return_tensors="pt", **limits)
        wanted = self.opened()(**batch).logits
        encoder = CrossEncoder(str(self.folder), max_length=limits["max_length"], device="cpu", **self.trust)
        found = encoder.predict(pairs, activation_fn=torch.nn.Identity(), convert_to_tensor=True)
        return f"largest difference {largest_difference(found.reshape(wanted.shape), wanted, self.tolerance):.2e}"

    @torch.no_grad()
    def answers_equal_the_page(self):
        texts = self.expected["texts"]
        columns = list(map(list, zip(*texts))) if isinstance(texts[0], list) else [texts]
        limits = {"truncation": True, "max_length": self.expected["max_length"]}
        batch = self.tokenizer()(*columns, padding=True, return_tensors="pt", **limits)
        # The page's probabilities are calibrated; the model's are not.
        temperature = self.config.get("hone", {}).get("temperature") or 1
        ours = self.activations[self.config.get("problem_type")](self.opened()(**batch).logits / temperature)
        difference = largest_difference(ours, self.expected["probabilities"], self.tolerance)
        return f"{len(texts)} texts, largest difference {difference:.2e}"


class QuestionAnswering(Export):
    """The span of a context that answers a question."""

    auto = AutoModelForQuestionAnswering
    ending = "ForQuestionAnswering"
    pipeline_tag = "question-answering"
    heads = ("qa_outputs.", "classifier.", "head.")
    has_token_outputs = True

    @torch.no_grad()
    def answers_equal_the_page(self):
        tokenizer, model, worst = self.tokenizer(), self.opened(), 0.0
        limits = {name: self.expected[name] for name in ("max_length", "stride")}
        for question in self.expected["questions"]:
            windows = windows_of(tokenizer, model, question["question"], question["context"], **limits)
            ours = decode(windows, self.expected["spans"], self.expected["max_answer_tokens"])
            found = answer(ours, self.expected["threshold"])
            wanted = question["answer"]
            require(found == wanted, f"{question['question']}: {found} here, {wanted} in the page")
            probability = ours["spans"][0]["probability"] if found else ours["null_probability"]
            worst = max(worst, largest_difference(probability, question["probability"]))
        return f"{len(self.expected['questions'])} questions, largest difference {worst:.2e}"


def windows_of(tokenizer, model, question, context, max_length, stride):
    """A model's logits for a context in windows of `max_length` tokens that overlap by `stride` tokens."""
    limits = {"truncation": "only_second", "max_length": max_length, "stride": stride}
    options = {"return_overflowing_tokens": True, "return_offsets_mapping": True}
    encoded = tokenizer(question, context, **limits, **options)
    found = []
    for i, offsets in enumerate(encoded["offset_mapping"]):
        names = set(tokenizer.model_input_names) & encoded.keys()
        output = model(**{name: torch.tensor([encoded[name][i]]) for name in names})
        inside = [list(at) if part == 1 else None for at, part in zip(offsets, encoded.sequence_ids(i))]
        logits = {f"{of}_logits": output[f"{of}_logits"][0].tolist() for of in ("start", "end")}
        found.append({**logits, "offsets": inside})
    return found


class TokenClassification(Export):
    """A tag for each word."""

    auto = AutoModelForTokenClassification
    ending = "ForTokenClassification"
    pipeline_tag = "token-classification"
    has_token_outputs = True

    def config_names_the_task(self):
        tags = self.require_label_names()
        return f"{super().config_names_the_task()}, {tags} tags"

    @torch.no_grad()
    def answers_equal_the_page(self):
        tokenizer, model, worst = self.tokenizer(), self.opened(), 0.0
        limits = {"truncation": True, "max_length": self.expected["max_length"]}
        for sentence in self.expected["sentences"]:
            encoded = tokenizer(sentence["words"], is_split_into_words=True, return_tensors="pt", **limits)
            words = encoded.word_ids()
            first = [i for i, word in enumerate(words) if word is not None and word != words[i - 1]]
            ours = model(**encoded).logits[0, first].softmax(-1)
            worst = max(worst, largest_difference(ours, sentence["probabilities"]))
        return f"{len(self.expected['sentences'])} sentences, largest difference {worst:.2e}"


class CausalLM(Export):
    """The continuation of a text."""

    auto = AutoModelForCausalLM
    ending = ("ForCausalLM", "LMHeadModel")
    pipeline_tag = "text-generation"
    heads = ("lm_head.",)

    def config_names_the_task(self):
        generation = json.loads((self.folder / "generation_config.json").read_text(encoding="utf-8"))
        for token in ("bos_token_id", "eos_token_id"):
            require(generation.get(token) == self.config.get(token), f"{token} is {generation.get(token)} to generate")
        return super().config_names_the_task()

    def answers_equal_the_page(self):
        return continuations_equal(self.tokenizer(), self.opened(), self.expected)


@torch.no_grad()
def continuations_equal(tokenizer, model, expected):
    """Requires that a model continues every prompt as the page did, token by token.

    Where they first differ, the two likeliest tokens must be nearly equally likely, so that rounding decides.
    """
    for case in expected["prompts"]:
        if "messages" in case:
            prompt = tokenizer.apply_chat_template(case["messages"], add_generation_prompt=True, return_dict=True)
        else:
            prompt = tokenizer(case["prompt"])
        ids = prompt["input_ids"]
        require(ids == case["prompt_ids"], f"the prompt is {ids} here, {case['prompt_ids']} in the page")
        limits = {"do_sample": False, "max_new_tokens": expected["max_new_tokens"]}
        options = {"output_logits": True, "return_dict_in_generate": True}
        tensor = torch.tensor([ids])
        made = model.generate(tensor, attention_mask=torch.ones_like(tensor), **limits, **options)
        ours, page = made.sequences[0, len(ids) :].tolist(), case["completion_ids"]
        parting = next((i for i, pair in enumerate(zip(ours, page)) if pair[0] != pair[1]), None)
        if parting is None:
            require(len(ours) == len(page), f"{len(ours)} tokens here, {len(page)} in the page")
            text = tokenizer.decode(ours, skip_special_tokens=True)
            require(text == case["completion"], f"{text!r} here, {case['completion']!r} in the page")
        else:
            top = made.logits[parting][0].topk(2).values
            lead = (top[0] - top[1]).item()
            require(lead <= TOLERANCES["float32"], f"token {parting} is {ours[parting]} here, {page[parting]} in the page")
    return f"{len(expected['prompts'])} prompts"


class Embeddings(Export):
    """The vector of a text."""

    auto = AutoModel
    ending = "Model"
    pipeline_tag = "feature-extraction"
    has_token_outputs = True

    @property
    def has_pooler(self):
        """True if the file has the pretrained pooler, which the vectors do not use. Hone reads that of BERT alone."""
        return self.config["model_type"] == "bert"

    def load(self, auto, **trust):
        """The model and transformers' loading report, without a pooler that the file lacks."""
        model, report = super().load(auto, **trust)
        if not self.has_pooler and getattr(model, "pooler", None) is not None:
            model.pooler = None
            report["missing_keys"] = {key for key in report["missing_keys"] if not key.startswith("pooler.")}
        return model, report

    def checks(self):
        found = super().checks()
        if self.expected and (self.folder / "modules.json").exists():
            found.append(self.sentence_transformers_gives_the_vectors_of_the_page)
        return found

    def sentence_transformers_gives_the_vectors_of_the_page(self):
        with warned() as messages:
            model = SentenceTransformer(str(self.folder), device="cpu")
        if not self.has_pooler:
            messages = [message for message in messages if "pooler.dense" not in message]
        require(not messages, f"it warns: {messages[:3]}")
        require(model.max_seq_length == self.expected["max_length"], f"it reads {model.max_seq_length} tokens")
        require(model.similarity_fn_name == "cosine", f"it compares by {model.similarity_fn_name}")
        found = model.encode(self.expected["texts"], convert_to_tensor=True).float()
        difference = largest_difference(found, self.expected["vectors"], self.tolerance)
        size = found.shape[1] // 2
        cut = SentenceTransformer(str(self.folder), device="cpu", truncate_dim=size)
        first = [vector[:size] for vector in self.expected["vectors"]]
        largest_difference(cut.encode(self.expected["texts"], convert_to_tensor=True).float(), first, self.tolerance)
        return f"{len(found)} texts, largest difference {difference:.2e}"

    @torch.no_grad()
    def answers_equal_the_page(self):
        limits = {"truncation": True, "max_length": self.expected["max_length"]}
        batch = self.tokenizer()(self.expected["texts"], padding=True, return_tensors="pt", **limits)
        tokens = self.opened()(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(tokens.dtype)
        is_mean = self.expected["pooling"] == "mean"
        pooled = (tokens * mask).sum(1) / mask.sum(1) if is_mean else tokens[:, 0]
        vectors = torch.nn.functional.normalize(pooled, dim=-1)
        return f"largest difference {largest_difference(vectors, self.expected['vectors'], self.tolerance):.2e}"


# GPT2LMHeadModel ends like an encoder without a head, and comes first.
TASKS = (SequenceClassification, QuestionAnswering, TokenClassification, CausalLM, Embeddings)


def opened_export(folder, expected=None):
    """The export in `folder`, by the task in its config.json."""
    (name,) = json.loads((folder / "config.json").read_text(encoding="utf-8"))["architectures"]
    task = next((task for task in TASKS if name.endswith(task.ending)), None)
    require(task, f"{name} is no task that Hone exports")
    return task(folder, expected)


def quiet():
    """Makes transformers print errors only."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
