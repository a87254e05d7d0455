"""PyTorch: transformers' BertModel, mean pooling, a head for two classes, AdamW. Arguments: the size, and the number of
threads."""

import json
import statistics
import sys
import time

import torch
from transformers import BertConfig, BertModel

# Width, feed-forward width, heads, layers.
SIZES = {"tiny": (128, 512, 2, 2), "minilm": (384, 1536, 12, 6)}
BATCH, LEN = 8, 64
# Steps that are timed after the first.
STEPS = 60


def model(size, **options):
    """Body and head, without dropout."""
    hidden, ffn, heads, layers = SIZES[size]
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


def main(size, threads):
    torch.set_num_threads(int(threads))
    body, head = model(size)
    body.train()
    optimizer = torch.optim.AdamW([*body.parameters(), *head.parameters()], lr=1e-4, weight_decay=0.01)
    ids = torch.tensor([[(31 * i + 17 * row) % 500 for i in range(LEN)] for row in range(BATCH)])
    labels = torch.arange(BATCH) % 2
    wall, cpu = [], []
    for _ in range(STEPS + 1):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        logits = head(body(input_ids=ids).last_hidden_state.mean(1))
        loss = torch.nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.item()
        wall.append(1e3 * (time.perf_counter() - begin))
        cpu.append(1e3 * (time.process_time() - cpu_begin))
    line = {
        "peer": "PyTorch",
        "size": size,
        "first_step_ms": wall[0],
        "median_step_ms": statistics.median(wall[1:]),
        "cpu_step_ms": statistics.median(cpu[1:]),
        "loss": value,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main(*sys.argv[1:])
