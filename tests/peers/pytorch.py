"""PyTorch on one thread: transformers' BertModel, mean pooling, a head for two classes, AdamW."""

import json
import statistics
import sys
import time

import torch
from transformers import BertConfig, BertModel

# Width, feed-forward width, heads, layers, and the steps that are timed after the first.
SIZES = {"tiny": (128, 512, 2, 2, 10), "minilm": (384, 1536, 12, 6, 3)}
BATCH, LEN = 8, 64


def model(size, **options):
    """Body and head, without dropout."""
    hidden, ffn, heads, layers, _ = SIZES[size]
    config = BertConfig(
        vocab_size=30522,
        hidden_size=hidden,
        intermediate_size=ffn,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **options,
    )
    return BertModel(config, add_pooling_layer=False), torch.nn.Linear(hidden, 2)


def main(size):
    torch.set_num_threads(1)
    body, head = model(size)
    body.train()
    optimizer = torch.optim.AdamW([*body.parameters(), *head.parameters()], lr=1e-4, weight_decay=0.01)
    ids = torch.tensor([[(31 * i + 17 * row) % 500 for i in range(LEN)] for row in range(BATCH)])
    labels = torch.arange(BATCH) % 2
    times = []
    for _ in range(SIZES[size][-1] + 1):
        begin = time.perf_counter()
        logits = head(body(input_ids=ids).last_hidden_state.mean(1))
        loss = torch.nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.item()
        times.append(1e3 * (time.perf_counter() - begin))
    median = statistics.median(times[1:])
    line = {"peer": "PyTorch", "size": size, "first_step_ms": times[0], "median_step_ms": median, "loss": value}
    print(json.dumps(line))


if __name__ == "__main__":
    main(sys.argv[1])
