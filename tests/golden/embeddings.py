# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes embeddings.json and .safetensors: losses and scores of embeddings, as sentence-transformers computes them.

`losses` are those of given vectors, with their gradients. `curves` are 20 steps of the micro BERT with mean pooling, on
the 16 texts of train_curve.json: as pairs, as triplets, as pairs with a score and as texts with a class. `cosine` and
`euclidean` are triplets with the triplet loss, by their distance, and names that begin with `matryoshka_` are the same with
MatryoshkaLoss around the loss. Every step sees all rows. `scores` are those of sentence-transformers' evaluators before the first step, on rows with repeated texts.
Texts of one class are compared as in its losses, except that other texts of the class are no wrong answers. Reads
train_curve.*: run it again after they change.
"""

import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import sentence_transformers
import torch
import transformers
from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator, InformationRetrievalEvaluator
from sentence_transformers.sentence_transformer.losses import (
    CoSENTLoss,
    MatryoshkaLoss,
    MultipleNegativesRankingLoss,
    TripletDistanceMetric,
    TripletLoss,
)
from torch.nn.functional import cross_entropy, normalize
from transformers import BertModel

from reference import GOLDEN, NOT_DECAYED, freeze_embeddings, provenance, write_json, write_tensors

STEPS = 20
SCORES = [0.9, 0.1, 0.5, 0.5, 0.0, 1.0, 0.3, 0.7]
CLASSES = [0, 1, 0, 1, 2, 2, 0, 1, 2, 0, 1, 2, 0, 0, 1, 2]
# Rows of texts. Texts 1 and 3 are both right for text 0, and text 1 for two.
PAIRS = [[0, 1], [0, 3], [2, 1], [4, 5], [6, 7], [8, 9], [10, 11], [12, 13], [14, 15], [1, 14], [5, 2], [9, 6]]
TRIPLETS = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [12, 13, 14]]
# Distance and margin of the triplet loss. With these margins, some triplets are far enough apart and others are not.
DISTANCES = {"cosine": (TripletDistanceMetric.COSINE, 0.5), "euclidean": (TripletDistanceMetric.EUCLIDEAN, 0.5)}
# Sizes of the vectors for MatryoshkaLoss: of the micro BERT, and of given vectors.
SIZES = {32: [32, 16, 8], 4: [4, 3, 2]}
MATRYOSHKA = ("matryoshka_pairs", "matryoshka_scores", "matryoshka_cosine")
FINAL = ("encoder.layer.0.attention.self.query.weight", "encoder.layer.1.output.LayerNorm.weight")


def main():
    base, curve = GOLDEN / "micro_bert", GOLDEN / "train_curve.json"
    info = json.loads(curve.read_text(encoding="utf-8"))
    ids, mask = (
        torch.tensor([row for batch in info["batches"][:4] for row in batch[name]])
        for name in ("input_ids", "attention_mask")
    )
    rows = {
        "pairs": [[2 * row, 2 * row + 1] for row in range(8)],
        "triplets": TRIPLETS,
        **dict.fromkeys(DISTANCES, TRIPLETS),
        "scores": [[2 * row, 2 * row + 1] for row in range(8)],
        "classes": [[text] for text in range(16)],
    }
    rows |= {name: rows[name.removeprefix("matryoshka_")] for name in MATRYOSHKA}
    tensors, curves = {}, {}
    for name in ("pairs", "triplets", "scores", *DISTANCES, *MATRYOSHKA):
        config = transformers.BertConfig.from_pretrained(base, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        model = BertModel.from_pretrained(base, config=config, attn_implementation="eager").train()
        freeze_embeddings(model)
        curves[name] = {"rows": rows[name], **train(model, name, rows[name], ids, mask, info["learning_rate"])}
        tensors |= {f"{name}.final.{of}": model.get_parameter(of).clone() for of in FINAL}
    vectors = encode(BertModel.from_pretrained(base, attn_implementation="eager").eval(), ids, mask).detach()
    found = {
        "ids": [row[: int(tokens.sum())] for row, tokens in zip(ids.tolist(), mask)],
        "learning_rate": info["learning_rate"],
        "losses": losses(),
        "curves": curves,
        "scores": {
            "scored": {"rows": rows["scores"], "values": SCORES, "spearman": spearman(vectors)},
            "pairs": {"rows": PAIRS, **retrieval(vectors)},
            "classes": {"values": CLASSES, **retrieval_by_class(vectors)},
            "sizes": {
                size: {"spearman": spearman(vectors[:, :size]), **retrieval(vectors[:, :size])} for size in SIZES[32][1:]
            },
        },
    }
    inputs = [base / "model.safetensors", base / "config.json", curve]
    versions = provenance(__file__, inputs) | {"sentence-transformers": sentence_transformers.__version__}
    write_json(GOLDEN / "embeddings.json", {"provenance": versions, **found})
    write_tensors(GOLDEN / "embeddings.safetensors", tensors)


def losses():
    """Loss and gradients of five rows of vectors, for each kind of row."""
    generator = torch.Generator().manual_seed(1)
    found = {}
    cases = (("pairs", 2), ("triplets", 3), ("scores", 2), ("classes", 2), ("cosine", 3), ("euclidean", 3))
    for name, columns in (*cases, *((name, dict(cases)[name.removeprefix("matryoshka_")]) for name in MATRYOSHKA)):
        vectors = torch.randn(columns, 5, 4, generator=generator, dtype=torch.float64).requires_grad_()
        loss = loss_of(name, list(vectors), SCORES[:5], [0, 1, 0, 2, 1])
        loss.backward()
        gradients = vectors.grad.reshape(-1, 4).tolist()
        found[name] = {"vectors": vectors.reshape(-1, 4).tolist(), "loss": loss.item(), "gradients": gradients}
    return found


class Given(torch.nn.Module):
    """A model whose vectors are given."""

    def forward(self, features):
        return {"sentence_embedding": features["vectors"]}

    def get_embedding_dimension(self):
        return None


def matryoshka_loss_of(name, vectors, scores):
    """The loss of columns of vectors, and of their first numbers."""
    model, labels = Given(), None
    if name == "scores":
        loss, labels = CoSENTLoss(model), torch.tensor(scores, dtype=vectors[0].dtype)
    elif name in DISTANCES:
        loss = TripletLoss(model, *DISTANCES[name])
    else:
        loss = MultipleNegativesRankingLoss(model)
    features = [{"vectors": of} for of in vectors]
    return MatryoshkaLoss(model, loss, SIZES[vectors[0].shape[1]])(features, labels)


def loss_of(name, vectors, scores, classes):
    """The loss of columns of vectors."""
    if name in MATRYOSHKA:
        return matryoshka_loss_of(name.removeprefix("matryoshka_"), vectors, scores)
    if name == "scores":
        return CoSENTLoss(None).compute_loss_from_embeddings(vectors, torch.tensor(scores, dtype=vectors[0].dtype))
    if name == "classes":
        anchors, positives = (normalize(of, dim=-1) for of in vectors)
        same = torch.tensor([[a == b for b in classes] for a in classes]) & ~torch.eye(len(classes), dtype=torch.bool)
        cosines = (20 * anchors @ positives.T).masked_fill(same, -torch.inf)
        return cross_entropy(cosines, torch.arange(len(classes)))
    if name in DISTANCES:
        distance, margin = DISTANCES[name]
        # The model divides its vectors by their length.
        unit = [normalize(of, dim=-1) for of in vectors]
        return TripletLoss(None, distance, margin).compute_loss_from_embeddings(unit, None)
    return MultipleNegativesRankingLoss(None).compute_loss_from_embeddings(vectors, None)


def encode(model, ids, mask):
    """Normalized mean of the tokens."""
    tokens = model(ids, mask).last_hidden_state * mask.unsqueeze(-1)
    return normalize(tokens.sum(1) / mask.sum(1, keepdim=True), dim=-1)


def train(model, name, rows, ids, mask, learning_rate):
    """Loss and gradient norm of every step."""
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("pooler.")}
    groups = [{"params": [p], "weight_decay": 0.0 if name.endswith(NOT_DECAYED) else 0.01} for name, p in trained.items()]
    adamw = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)
    schedule = transformers.get_scheduler("linear", adamw, math.ceil(0.1 * STEPS), STEPS)
    history = {"loss": [], "grad_norm": []}
    columns = torch.tensor(rows).T
    for _ in range(STEPS):
        vectors = encode(model, ids[columns.flatten()], mask[columns.flatten()])
        loss = loss_of(name, list(vectors.reshape(len(columns), len(rows), -1)), SCORES, None)
        loss.backward()
        history["loss"].append(loss.item())
        history["grad_norm"].append(torch.nn.utils.clip_grad_norm_(trained.values(), 1.0).item())
        adamw.step()
        adamw.zero_grad()
        schedule.step()
    return history


class Vectors:
    """A model whose vectors are known: its texts are the numbers of the vectors."""

    similarity_fn_name = "cosine"
    similarity = staticmethod(sentence_transformers.util.cos_sim)
    model_card_data = type("Card", (), {"set_evaluation_metrics": staticmethod(lambda *_, **__: None)})

    def __init__(self, vectors):
        self.vectors = vectors

    def encode(self, texts, **_):
        return self.vectors[[int(text) for text in texts]]

    encode_query = encode_document = encode


def retrieval(vectors):
    """Scores of searching for the first text of each pair among the second ones."""
    queries, corpus = ({str(pair[at]): str(pair[at]) for pair in PAIRS} for at in (0, 1))
    right = {query: {str(b) for a, b in PAIRS if str(a) == query} for query in queries}
    at = {"accuracy_at_k": [1], "precision_recall_at_k": [1, 10], "mrr_at_k": [10], "ndcg_at_k": [10], "map_at_k": [10]}
    evaluator = InformationRetrievalEvaluator(queries, corpus, right, **at, show_progress_bar=False, write_csv=False)
    found = evaluator(Vectors(vectors))
    names = {"recall_at_1": "recall@1", "recall_at_10": "recall@10", "mrr_at_10": "mrr@10", "ndcg_at_10": "ndcg@10"}
    return {ours: float(found[f"cosine_{theirs}"]) for ours, theirs in names.items()}


def retrieval_by_class(vectors):
    """Scores of searching for each text among all others, where those of its class are right."""
    totals = {"recall_at_1": 0.0, "recall_at_10": 0.0, "mrr_at_10": 0.0, "ndcg_at_10": 0.0}
    for query, label in enumerate(CLASSES):
        others = [text for text in range(len(CLASSES)) if text != query]
        ranked = sorted(others, key=lambda text: -(vectors[query] @ vectors[text]).item())[:10]
        hits = [CLASSES[text] == label for text in ranked]
        relevant = sum(CLASSES[text] == label for text in others)
        gains = [1 / math.log2(rank + 2) for rank in range(10)]
        totals["recall_at_1"] += hits[0] / relevant
        totals["recall_at_10"] += sum(hits) / relevant
        totals["mrr_at_10"] += 1 / (hits.index(True) + 1) if True in hits else 0.0
        totals["ndcg_at_10"] += sum(g for g, hit in zip(gains, hits) if hit) / sum(gains[: min(relevant, 10)])
    return {name: total / len(CLASSES) for name, total in totals.items()}


def spearman(vectors):
    """Correlation of the scores of the pairs and their cosines."""
    first, second = ([str(2 * row + at) for row in range(8)] for at in (0, 1))
    evaluator = EmbeddingSimilarityEvaluator(first, second, SCORES, write_csv=False, show_progress_bar=False)
    return float(evaluator(Vectors(vectors.numpy()))["spearman_cosine"])


if __name__ == "__main__":
    main()
