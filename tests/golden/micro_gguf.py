# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes micro_gguf/ and micro_gguf.json: micro GGUF files as transformers reads them, and SmolLM2's ids of 3,000
texts.

The files are written by the `gguf` package; weights, names and config.json are those of transformers' own GGUF loading.
So are the tokenizers, except for what that loading leaves out: SmolLM2 splits digits one by one before GPT-2's pattern
(see `tokenizer.json` of HuggingFaceTB/SmolLM2-135M-Instruct), and Qwen 2 normalizes text to NFC. SentencePiece's own
library gives the ids of its vocabulary, as it adds a space even before a text that begins with one.
"""

import hashlib
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import gguf
import numpy as np
import sentencepiece
import torch
from gguf import GGMLQuantizationType as Kind
from tokenizers import ByteLevelBPETokenizer, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, BertConfig, BertModel, Qwen2Tokenizer
from transformers.integrations.gguf.gguf_tokenizer_mapping import convert_gguf_tokenizer, get_gguf_tokenizer

from corpus import hashes
from reference import GOLDEN, ROOT, provenance, write_json, write_tensors

FOLDER = GOLDEN / "micro_gguf"
MODELS = Path.home() / ".cache/hone/models"
SMOLLM2 = MODELS / "SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf"
SENTENCES = ROOT / "core/src/train/eval/general_sentences.txt"
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
# Ids of special tokens in XLM-R.
BOS, PAD, EOS, UNK = 0, 1, 2, 3
HIDDEN, FFN, HEADS, KV_HEADS, LAYERS, POSITIONS = 32, 64, 4, 2, 2, 64
# Names of tensors of Llama's relatives that Llama lacks, and their sizes.
HEAD_SIZE = 16
QKV_BIASES = {"attn_q.bias": HEADS * HEAD_SIZE, "attn_k.bias": KV_HEADS * HEAD_SIZE, "attn_v.bias": KV_HEADS * HEAD_SIZE}
QK_NORMS = {"attn_q_norm.weight": HEAD_SIZE, "attn_k_norm.weight": HEAD_SIZE}
RELATIVES = {
    "qwen2": QKV_BIASES,
    "qwen3": QK_NORMS,
    "gemma3": QK_NORMS | {"post_attention_norm.weight": HIDDEN, "post_ffw_norm.weight": HIDDEN},
}
K_KINDS = [Kind.Q4_K, Kind.Q5_K, Kind.Q6_K]
ODD = [
    "",
    " ",
    "a",
    "  two spaces, three   and a trailing one ",
    "\n\n\ttabs\r\nand lines\n",
    "1234567 12.50 €3 1,000,000 x2y34",
    "½ ² ③ Ⅻ 一二三 ١٢٣ ४५६",
    "don't WE'LL they'Ve I'm you'd 'tis o'clock's",
    "Größe naïve café Cafe\u0301 ﬁnal Å A\u030a",
    "Привет, мир! Γειά σου. שלום עולם مرحبا بالعالم",
    "日本語のテキスト、한국어 텍스트，中文文本。",
    "हिन्दी ไทย தமிழ் ქართული አማርኛ",
    "👍🏽 👩‍👩‍👧‍👦 🇫🇷 ☃️",
    "zero\u200bwidth\u200djoiner\ufeffmark\u00a0nbsp\u3000wide\u2028line",
    "\u0000\u0001\u007f\u0085\ufffd\U0010ffff",
    "snake_case camelCase kebab-case <html attr='x'>&amp;</html>",
    "def f(x):\n    return x ** 2  # square\n",
    "https://example.org/a?b=c&d=%20#e me@example.org",
    "......!!!???---___===   ~~~",
    "<|endoftext|> <|im_start|>user\nHi<|im_end|>\n",
    "<s>begin</s> <unk> <think>plan</think> ▁▁ Ġ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ÀÉÎÕÜ ß ẞ İ ı Ǆ ﷺ",
]


def main():
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    pieces = sentence_piece()
    bpe = byte_level()
    micro_llama(rng, pieces)
    micro_gpt2(rng, bpe)
    for architecture in RELATIVES:
        micro_relative(rng, architecture, bpe)
    blocks(rng)
    unigram = unigram_pieces()
    bert = micro_bert(rng, unigram)
    value = {"provenance": {**provenance(__file__, [SENTENCES, SMOLLM2]), "gguf": "0.19.0"}, "odd": ODD}
    for name in ("llama", "gpt2", *RELATIVES):
        value[name] = config(FOLDER / f"{name}.gguf")
    value["sentence_piece"] = [[pieces.bos_id()] + pieces.encode(text) for text in ODD if "<" not in text]
    value["bert"] = bert
    # For XLM-R, joiners are spaces. Later versions of SentencePiece keep them.
    joined = [text.replace("\u200d", " ") for text in ODD if "<" not in text]
    value["unigram"] = [[BOS, *unigram.encode(text), EOS] for text in joined]
    value["byte_level"] = {pre: byte_level_ids(bpe, pre) for pre in ("gpt-2", "smollm", "llama-bpe", "qwen2")}
    value["smollm2"] = smollm2()
    write_json(GOLDEN / "micro_gguf.json", value)


def sentence_piece():
    """A small SentencePiece vocabulary, trained like Llama's: no normalization, with byte fallback."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES.read_text().splitlines()),
        model_writer=model,
        model_type="bpe",
        vocab_size=400,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def unigram_pieces():
    """A small Unigram vocabulary, normalized and numbered like XLM-R's."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES.read_text().splitlines()),
        model_writer=model,
        model_type="unigram",
        vocab_size=300,
        normalization_rule_name="nmt_nfkc",
        bos_id=BOS,
        pad_id=PAD,
        eos_id=EOS,
        unk_id=UNK,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def byte_level():
    """Tokens and merges of a small byte-level BPE."""
    tokenizer = ByteLevelBPETokenizer()
    specials = ["<|endoftext|>", "<think>"]
    tokenizer.train([str(SENTENCES)], vocab_size=400, min_frequency=1, special_tokens=specials, show_progress=False)
    bpe = json.loads(tokenizer._tokenizer.to_str())["model"]
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].get)
    types = [CONTROL, USER_DEFINED] + [NORMAL] * (len(tokens) - 2)
    return {"tokens": tokens, "types": types, "merges": [" ".join(merge) for merge in bpe["merges"]]}


def micro_llama(rng, pieces):
    """A Llama with weights of every type."""
    writer = gguf.GGUFWriter(FOLDER / "llama.gguf", "llama")
    writer.add_name("Micro")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_rope_freq_base(50000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    count = pieces.get_piece_size()
    kinds = [
        UNKNOWN if pieces.is_unknown(i) else CONTROL if pieces.is_control(i) else BYTE if pieces.is_byte(i) else NORMAL
        for i in range(count)
    ]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([pieces.id_to_piece(i) for i in range(count)])
    writer.add_token_scores([pieces.get_score(i) for i in range(count)])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(pieces.bos_id())
    writer.add_eos_token_id(pieces.eos_id())
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_chat_template("{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}")
    add(writer, rng, "token_embd.weight", (count, HIDDEN), Kind.Q8_0)
    for layer in range(LAYERS):
        kv = HIDDEN // HEADS * KV_HEADS
        for name, shape, kind in [
            ("attn_norm", (HIDDEN,), Kind.F32),
            ("attn_q", (HIDDEN, HIDDEN), [Kind.Q4_1, Kind.F16][layer]),
            ("attn_k", (kv, HIDDEN), [Kind.Q4_0, Kind.BF16][layer]),
            ("attn_v", (kv, HIDDEN), [Kind.Q8_0, Kind.F32][layer]),
            ("attn_output", (HIDDEN, HIDDEN), [Kind.F16, Kind.Q4_1][layer]),
            ("ffn_norm", (HIDDEN,), Kind.F32),
            ("ffn_gate", (FFN, HIDDEN), [Kind.BF16, Kind.Q4_0][layer]),
            ("ffn_up", (FFN, HIDDEN), [Kind.F32, Kind.Q8_0][layer]),
            ("ffn_down", (HIDDEN, FFN), [Kind.Q4_0, Kind.Q4_1][layer]),
        ]:
            add(writer, rng, f"blk.{layer}.{name}.weight", shape, kind)
    add(writer, rng, "output_norm.weight", (HIDDEN,), Kind.F32)
    close(writer)


def micro_gpt2(rng, bpe):
    """A GPT-2 whose output matrix is stored separately from its embeddings, as llama.cpp does."""
    writer = gguf.GGUFWriter(FOLDER / "gpt2.gguf", "gpt2")
    writer.add_name("Micro")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-5)
    writer.add_custom_alignment(64)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(bpe["tokens"])
    writer.add_token_types(bpe["types"])
    writer.add_token_merges(bpe["merges"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    embedding = add(writer, rng, "token_embd.weight", (len(bpe["tokens"]), HIDDEN), Kind.F16)
    add(writer, rng, "position_embd.weight", (POSITIONS, HIDDEN), Kind.F32)
    for name, shape, kind in [
        ("attn_norm", (HIDDEN,), Kind.F32),
        ("attn_qkv", (3 * HIDDEN, HIDDEN), Kind.Q8_0),
        ("attn_output", (HIDDEN, HIDDEN), Kind.F16),
        ("ffn_norm", (HIDDEN,), Kind.F32),
        ("ffn_up", (FFN, HIDDEN), Kind.Q4_0),
        ("ffn_down", (HIDDEN, FFN), Kind.Q4_1),
    ]:
        add(writer, rng, f"blk.0.{name}.weight", shape, kind)
        add(writer, rng, f"blk.0.{name}.bias", shape[:1], Kind.F32)
    add(writer, rng, "output_norm.weight", (HIDDEN,), Kind.F32)
    add(writer, rng, "output_norm.bias", (HIDDEN,), Kind.F32)
    writer.add_tensor("output.weight", embedding, raw_dtype=Kind.F16)
    close(writer)


def micro_relative(rng, architecture, bpe):
    """A relative of Llama. Its output matrix is stored once more, although it is tied."""
    writer = gguf.GGUFWriter(FOLDER / f"{architecture}.gguf", architecture)
    writer.add_name("Micro")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    # Qwen2's class in transformers takes no other size.
    size = HIDDEN // HEADS if architecture == "qwen2" else HEAD_SIZE
    if architecture != "qwen2":
        writer.add_key_length(size)
    if architecture == "gemma3":
        writer.add_sliding_window(8)
    writer.add_rope_freq_base(50000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(bpe["tokens"])
    writer.add_token_types(bpe["types"])
    writer.add_token_merges(bpe["merges"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    embedding = add(writer, rng, "token_embd.weight", (len(bpe["tokens"]), HIDDEN), Kind.Q5_1)
    for name, shape, kind in [
        ("attn_norm", (HIDDEN,), Kind.F32),
        ("attn_q", (HEADS * size, HIDDEN), Kind.Q5_0),
        ("attn_k", (KV_HEADS * size, HIDDEN), Kind.Q8_0),
        ("attn_v", (KV_HEADS * size, HIDDEN), Kind.F16),
        ("attn_output", (HIDDEN, HEADS * size), Kind.Q5_1),
        ("ffn_norm", (HIDDEN,), Kind.F32),
        ("ffn_gate", (FFN, HIDDEN), Kind.BF16),
        ("ffn_up", (FFN, HIDDEN), Kind.Q4_0),
        ("ffn_down", (HIDDEN, FFN), Kind.Q5_0),
    ]:
        add(writer, rng, f"blk.0.{name}.weight", shape, kind)
    for name, count in RELATIVES[architecture].items():
        add(writer, rng, f"blk.0.{name}", (count // HEAD_SIZE * size if "bias" in name else count,), Kind.F32)
    add(writer, rng, "output_norm.weight", (HIDDEN,), Kind.F32)
    writer.add_tensor("output.weight", embedding, raw_dtype=Kind.Q5_1)
    close(writer)


def micro_bert(rng, pieces):
    """A BERT with the tokenizer of XLM-R. transformers reads no such files: its names, sizes and defaults are here."""
    writer = gguf.GGUFWriter(FOLDER / "bert.gguf", "bert")
    writer.add_name("Micro")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    count = pieces.get_piece_size()
    types = [UNKNOWN if pieces.is_unknown(i) else CONTROL if pieces.is_control(i) else NORMAL for i in range(count)]
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([pieces.id_to_piece(i) for i in range(count)])
    writer.add_token_scores([pieces.get_score(i) for i in range(count)])
    writer.add_token_types(types)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_unk_token_id(UNK)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)
    tensors = {}
    layer = "encoder.layer.0."
    for name, shape, kind, theirs in [
        ("token_embd", (count, HIDDEN), Kind.Q4_0, "embeddings.word_embeddings"),
        ("position_embd", (POSITIONS, HIDDEN), Kind.F32, "embeddings.position_embeddings"),
        ("token_types", (2, HIDDEN), Kind.F32, "embeddings.token_type_embeddings"),
        ("token_embd_norm", (HIDDEN,), Kind.F32, "embeddings.LayerNorm"),
        ("blk.0.attn_q", (HIDDEN, HIDDEN), Kind.Q4_0, layer + "attention.self.query"),
        ("blk.0.attn_k", (HIDDEN, HIDDEN), Kind.Q8_0, layer + "attention.self.key"),
        ("blk.0.attn_v", (HIDDEN, HIDDEN), Kind.F16, layer + "attention.self.value"),
        ("blk.0.attn_output", (HIDDEN, HIDDEN), Kind.Q4_0, layer + "attention.output.dense"),
        ("blk.0.attn_output_norm", (HIDDEN,), Kind.F32, layer + "attention.output.LayerNorm"),
        ("blk.0.ffn_up", (FFN, HIDDEN), Kind.Q4_0, layer + "intermediate.dense"),
        ("blk.0.ffn_down", (HIDDEN, FFN), Kind.Q4_0, layer + "output.dense"),
        ("blk.0.layer_output_norm", (HIDDEN,), Kind.F32, layer + "output.LayerNorm"),
    ]:
        parts = [("weight", shape, kind)]
        if name.startswith("blk") or name.endswith("norm"):
            parts.append(("bias", shape[:1], Kind.F32))
        for part, shape, kind in parts:
            stored = add(writer, rng, f"{name}.{part}", shape, kind)
            tensors[f"{theirs}.{part}"] = torch.from_numpy(gguf.quants.dequantize(stored, kind).copy())
    close(writer)
    sizes = {"hidden_size": HIDDEN, "intermediate_size": FFN, "num_hidden_layers": 1, "num_attention_heads": HEADS}
    config = BertConfig(**sizes, vocab_size=count, max_position_embeddings=POSITIONS, layer_norm_eps=1e-12)
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(tensors)
    write_tensors(FOLDER / "bert.safetensors", tensors)
    names = "model_type vocab_size max_position_embeddings layer_norm_eps type_vocab_size hidden_act"
    return {name: config.to_dict()[name] for name in [*sizes, *names.split()]}


def blocks(rng):
    """Random blocks of the K types, which the package decodes but does not encode, in a file without a model."""
    writer = gguf.GGUFWriter(FOLDER / "blocks.gguf", "llama")
    for key in ("embedding_length", "feed_forward_length", "block_count", "context_length", "attention.head_count"):
        writer.add_uint32(f"llama.{key}", 1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tensor("token_embd.weight", np.zeros((1, 1), np.float32))
    tensors = {}
    for kind in K_KINDS:
        size = gguf.GGML_QUANT_SIZES[kind][1]
        stored = rng.integers(0, 256, (4, size), np.uint8)
        # Factors that are neither infinite nor NaN: two at the beginning, or one at the end.
        halves = rng.normal(0.0, 0.01, (4, 2)).astype(np.float16).view(np.uint8)
        if kind == Kind.Q6_K:
            stored[:, -2:] = halves[:, :2]
        else:
            stored[:, :4] = halves
        writer.add_tensor(kind.name, stored, raw_dtype=kind)
        tensors[kind.name] = torch.from_numpy(gguf.quants.dequantize(stored, kind).copy())
    close(writer)
    write_tensors(FOLDER / "blocks.safetensors", tensors)


def add(writer, rng, name, shape, kind):
    stored = gguf.quants.quantize(rng.normal(0.0, 0.1, shape).astype(np.float32), kind)
    writer.add_tensor(name, stored, raw_dtype=kind)
    return stored


def close(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def config(path):
    """The configuration that transformers finds; its weights go into a safetensors file."""
    config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    if path.stem == "gpt2":
        # In the file, but ignored by transformers.
        config.update({"n_positions": POSITIONS, "n_inner": FFN})
    if path.stem == "qwen3":
        config.update({"head_dim": HEAD_SIZE})
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, config=config, dtype=torch.float32)
    is_tied = path.stem == "gpt2" or path.stem in RELATIVES or model.config.tie_word_embeddings
    tied = {"lm_head.weight"} if is_tied else set()
    tensors = {name: tensor for name, tensor in model.state_dict().items() if name not in tied}
    write_tensors(path.with_suffix(".safetensors"), tensors)
    found = model.config.to_dict()
    found.update(found.pop("rope_parameters", None) or {})
    common = "hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads "
    common += "max_position_embeddings rms_norm_eps "
    fields = {
        "llama": common + "head_dim rope_theta hidden_act attention_bias mlp_bias tie_word_embeddings",
        "qwen2": common + "rope_theta hidden_act use_sliding_window",
        "qwen3": common + "head_dim rope_theta hidden_act attention_bias use_sliding_window",
        "gemma3": common + "head_dim hidden_activation attention_bias sliding_window",
        "gpt2": "n_embd n_inner n_layer n_head n_positions layer_norm_epsilon activation_function",
    }[path.stem]
    return {field: found[field] for field in (fields + " model_type vocab_size bos_token_id eos_token_id").split()}


def byte_level_ids(bpe, pre):
    """Ids of the odd texts by transformers' tokenizer with a pre-tokenizer."""
    found = {"tokenizer_type": "gpt2", "pre_tokenizer_type": pre, "tokens": bpe["tokens"], "merges": bpe["merges"]}
    found["token_type"] = bpe["types"]
    backend, _ = convert_gguf_tokenizer("llama", found)
    if pre == "smollm":
        split_digits(backend)
    if pre == "qwen2":
        own = Qwen2Tokenizer().backend_tokenizer
        backend.normalizer, backend.pre_tokenizer = own.normalizer, own.pre_tokenizer
    return [backend.encode(text, add_special_tokens=False).ids for text in ODD]


def split_digits(backend):
    bytes_of = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), bytes_of])


def smollm2():
    """Ids of the odd texts; hashes of those of 3,000 texts, and of all weights by transformers."""
    architecture, found, _ = get_gguf_tokenizer(str(SMOLLM2))
    backend, _ = convert_gguf_tokenizer(architecture, found)
    split_digits(backend)
    ids = lambda text: backend.encode(text, add_special_tokens=False).ids
    model = AutoModelForCausalLM.from_pretrained(SMOLLM2.parent, gguf_file=SMOLLM2.name, dtype=torch.float32)
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if name != "lm_head.weight":
            digest.update(f"{name} {list(tensor.shape)}".encode() + hashlib.sha256(tensor.numpy().tobytes()).digest())
    return {"odd": [ids(text) for text in ODD], "files": hashes(ids), "weights": digest.hexdigest()}


if __name__ == "__main__":
    main()
