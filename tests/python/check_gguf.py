# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares GGUF exports with the `gguf` package, as tests/tests/export_interop writes them.

    check_gguf.py FOLDER

Each folder in it has model.gguf, and the same model as model.safetensors and config.json before it was rounded; those of
embeddings also have tokenizer.json. Names, shapes and bytes of all tensors must be those that llama.cpp's converter writes,
and so must the tokens of BERT. Exits with 1 if a check fails.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

CONV1D = ("attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight")


def main():
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/model.gguf"))
    return 0 if folders and all([passes(folder) for folder in folders]) else 1


def passes(folder):
    """Runs the checks of one export and prints their result."""
    try:
        print(f"ok    {folder.name}: {check(folder)}")
        return True
    except Exception as error:
        print(f"FAIL  {folder.name}: {type(error).__name__}: {error}")
        return False


def permuted(weight, heads):
    """The rows of each head as llama.cpp's converter orders them (`LlamaModel.permute`)."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def check(folder):
    """Compares all tensors; returns what it found."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    reader = gguf.GGUFReader(folder / "model.gguf")
    family = config["model_type"]
    is_llama = family == "llama"
    architecture = gguf.MODEL_ARCH[family.upper()]
    layers = config["n_layer" if family == "gpt2" else "num_hidden_layers"]
    names = gguf.get_tensor_name_map(architecture, layers)
    expected = {}
    for name, weight in load_file(folder / "model.safetensors").items():
        # llama.cpp's converter leaves out the pooler of BertModel.
        if name.startswith("pooler."):
            continue
        ours = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if is_llama and ".attn_q." in ours:
            weight = permuted(weight, config["num_attention_heads"])
        if is_llama and ".attn_k." in ours:
            weight = permuted(weight, config["num_key_value_heads"])
        expected[ours] = weight.T if family == "gpt2" and ours.endswith(CONV1D) else weight
    found = {tensor.name: tensor for tensor in reader.tensors}
    if found.keys() != expected.keys():
        raise ValueError(f"names differ: {sorted(found.keys() ^ expected.keys())[:5]}")
    for name, tensor in found.items():
        weight = np.ascontiguousarray(expected[name], dtype=np.float32)
        if tuple(reversed(tensor.shape.tolist())) != weight.shape:
            raise ValueError(f"{name} is {tensor.shape}, not {weight.shape}")
        if gguf.quants.quantize(weight, tensor.tensor_type).tobytes() != tensor.data.tobytes():
            raise ValueError(f"{name} has other bytes than the package writes as {tensor.tensor_type.name}")
        if weight.ndim == 1 and tensor.tensor_type != gguf.GGMLQuantizationType.F32:
            raise ValueError(f"{name} is {tensor.tensor_type.name}")
    wanted = folder.name.rsplit(" ", 1)[1]
    kind = found["blk.0.ffn_up.weight"].tensor_type.name
    if kind != wanted:
        raise ValueError(f"the layers are {kind}, not {wanted}")
    tokens = reader.fields["tokenizer.ggml.tokens"]
    if len(tokens.data) != expected["token_embd.weight"].shape[0]:
        raise ValueError(f"{len(tokens.data)} tokens")
    if family == "bert":
        check_bert(folder, reader)
    return f"{len(found)} tensors, {kind}"


def check_bert(folder, reader):
    """Compares tokens, their types and the pooling with those of `BertModel` in llama.cpp's converter."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    tokens = sorted(tokenizer["model"]["vocab"].items(), key=lambda token: token[1])

    def phantom(token, index):
        if index in special:
            return token
        return token[2:] if token.startswith("##") else "\u2581" + token

    contents = lambda key: reader.fields[key].contents()
    if contents("tokenizer.ggml.tokens") != [phantom(token, index) for token, index in tokens]:
        raise ValueError("the tokens differ")
    control, normal = gguf.TokenType.CONTROL.value, gguf.TokenType.NORMAL.value
    types = [control if index in special else normal for _, index in tokens]
    if contents("tokenizer.ggml.token_type") != types:
        raise ValueError("the types of tokens differ")
    pooling = gguf.PoolingType.MEAN if folder.name.startswith("Mean") else gguf.PoolingType.CLS
    expected = {"bert.pooling_type": pooling.value, "bert.attention.causal": False, "tokenizer.ggml.token_type_count": 2}
    for key, value in expected.items():
        if contents(key) != value:
            raise ValueError(f"{key} is {contents(key)}, not {value}")


if __name__ == "__main__":
    sys.exit(main())
