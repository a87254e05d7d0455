# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shared by the golden scripts of decoders: rows with completions, curves, adapters, greedy continuations.

The loss is transformers': the logits at a position predict the next token, a label of -100 is ignored, and the mean is
over all labeled tokens of a batch, regardless of their row.
"""

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

from reference import Optimizer, curve, first_gradients, prefixed

ROWS, LENGTH, BATCHES, ROUNDS = 4, 12, 4, 5
LR_PEAK, LORA_LR_PEAK = 1e-3, 3e-3
RANK, ALPHA = 4, 8


def draw_batches(generator, vocabulary):
    """Four batches, repeated five times, so that the loss falls and a wrong step shows."""
    return [draw_batch(generator, vocabulary) for _ in range(BATCHES)] * ROUNDS


def draw_batch(generator, vocabulary):
    """Rows of 5 to 12 tokens that start with a prompt of 2 or more; ids from 1, padded with 0 at the end."""
    lengths = torch.randint(5, LENGTH + 1, (ROWS, 1), generator=generator)
    prompts = 2 + torch.rand((ROWS, 1), generator=generator).mul(lengths - 2).long()
    places = torch.arange(LENGTH)
    mask = (places < lengths).long()
    ids = torch.randint(1, vocabulary, (ROWS, LENGTH), generator=generator) * mask
    labels = torch.where((places >= prompts) & (places < lengths), ids, -100)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


@torch.no_grad()
def logits(model, batch):
    """Logits `[rows, length, vocabulary]`, and those of the shortest row without padding, `[1, its length, ..]`."""
    model.eval()
    lengths = batch["attention_mask"].sum(-1)
    row = lengths.argmin()
    alone = batch["input_ids"][row : row + 1, : lengths[row]]
    padded = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return {"logits": padded, "alone.logits": model(input_ids=alone).logits}


@torch.no_grad()
def greedy(model, prompts, new_tokens=12):
    """The greedy continuation of each prompt, and the smallest lead of the highest logit over the second."""
    model.eval()
    found = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=new_tokens,
            eos_token_id=-1,
            pad_token_id=0,
            output_logits=True,
            return_dict_in_generate=True,
        )
        top = torch.cat(out.logits).topk(2).values
        lead = (top[:, 0] - top[:, 1]).min().item()
        found.append({"prompt": prompt, "completion": out.sequences[0, len(prompt) :].tolist(), "smallest_lead": lead})
    return found


def whole(load, embeddings, batches, final):
    """Curves and tensors of a model trained in full, and of one whose `embeddings` (and tied head) are frozen."""
    model = load()
    tensors = logits(model, batches[0])
    cases = {"greedy": greedy(model, [row[:3].tolist() for row in batches[0]["input_ids"]])}
    tensors |= prefixed("grad", first_gradients(load().train(), batches[0]))
    for case, train_embeddings in (("all", True), ("layers", False)):
        model = load().train()
        for name in embeddings:
            model.get_submodule(name).requires_grad_(train_embeddings)
        history = curve(model, Optimizer(model, len(batches), LR_PEAK), batches)
        cases[case] = {"train_embeddings": train_embeddings, **history}
        tensors |= prefixed(f"{case}.final", {name: model.get_parameter(name) for name in final})
    return cases, tensors


def adapted(load, settings, batches, seed):
    """Curve, tensors and adapter of LoRA. The adapter's values are such that every matrix has a gradient."""
    generator = torch.Generator().manual_seed(seed)
    config = LoraConfig(task_type="CAUSAL_LM", r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, **settings)
    model = get_peft_model(load(), config)
    adapter = get_peft_model_state_dict(model)
    for name, tensor in sorted(adapter.items()):
        adapter[name] = torch.empty_like(tensor).normal_(0.0, 0.1, generator=generator)
    set_peft_model_state_dict(model, adapter)
    tensors = {"logits": logits(model, batches[0])["logits"]}
    gradients = first_gradients(model.train(), batches[0])
    tensors |= prefixed("grad", {name.replace(".default", ""): grad for name, grad in gradients.items()})
    case = {"recipe": {"adapter": "lora", "lora_r": RANK, "lora_alpha": float(ALPHA)}, "learning_rate": LORA_LR_PEAK}
    case |= curve(model, Optimizer(model, len(batches), LORA_LR_PEAK), batches)
    return case, tensors, adapter


def save(model, folder):
    """Writes only config.json and model.safetensors."""
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
