"""Writes the files of one of the sizes for onnxruntime-web's training build: a BERT with random weights, mean pooling and
a head for two classes, its gradients and AdamW."""

import sys
from pathlib import Path

import onnx
import torch
from onnxruntime.training import artifacts
from pytorch import BATCH, LEN, model


class Logits(torch.nn.Module):
    """Token ids to scores, in one module."""

    def __init__(self, size):
        super().__init__()
        self.body, self.head = model(size, attn_implementation="eager")

    def forward(self, ids):
        return self.head(self.body(input_ids=ids).last_hidden_state.mean(1))


def main(size, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    forward = folder / "forward.onnx"
    # No constants are folded, so that every weight keeps its name and is trained.
    torch.onnx.export(
        Logits(size),
        (torch.zeros(BATCH, LEN, dtype=torch.long),),
        forward,
        dynamo=False,
        opset_version=15,
        do_constant_folding=False,
        training=torch.onnx.TrainingMode.TRAINING,
        input_names=["ids"],
        output_names=["logits"],
    )
    graph = onnx.load(forward)
    weights = {name for name, _ in Logits(size).named_parameters()}
    learns = [value.name for value in graph.graph.initializer if value.name in weights]
    if len(learns) < len(weights):
        sys.exit(f"{len(weights) - len(learns)} weights have lost their names on the way")
    artifacts.generate_artifacts(
        graph,
        requires_grad=learns,
        loss=artifacts.LossType.CrossEntropyLoss,
        optimizer=artifacts.OptimType.AdamW,
        artifact_directory=folder,
    )


main(*sys.argv[1:])
