//! Families of models that GGUF files contain: the names and layouts of their tensors compared with transformers, and
//! the config.json that goes with them.

use serde_json::{Value, json};

use crate::recipe::Family;
use crate::weights::error::WeightsError;
use crate::weights::gguf::header::Entry;
use crate::weights::gguf::metadata::Metadata;
use crate::weights::safetensors::Dtype;

/// A family, identified by `general.architecture`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GgufFamily {
    /// `llama`
    Llama,
    /// `qwen2`
    Qwen2,
    /// `qwen3`
    Qwen3,
    /// `gemma3`
    Gemma3,
    /// `gpt2`
    Gpt2,
    /// `bert`, which XLM-R models are too: their positions begin at 0 in these files.
    Bert,
}

/// Layout of a tensor's values in the file, compared with transformers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The same.
    Same,
    /// Rows and columns are exchanged.
    Transposed,
    /// The rows of each of this many heads are in the order of interleaved rotary encoding.
    Interleaved(usize),
    /// Each value is larger by 1.
    PlusOne,
}

/// Tensors of a layer: name in the file, and name in transformers.
type Parts = [(&'static str, &'static str)];

const LLAMA: &Parts = &[
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];
const LLAMA_OUTER: &Parts =
    &[("token_embd", "model.embed_tokens"), ("output_norm", "model.norm"), ("output", "lm_head")];

/// Norms of queries and keys.
const QK_NORMS: &Parts = &[("attn_q_norm", "self_attn.q_norm"), ("attn_k_norm", "self_attn.k_norm")];
/// The other norms of Gemma's layers, where the name of Llama's second norm is that of another one.
const GEMMA3_NORMS: &Parts = &[
    ("post_attention_norm", "post_attention_layernorm"),
    ("ffn_norm", "pre_feedforward_layernorm"),
    ("post_ffw_norm", "post_feedforward_layernorm"),
];

const GPT2: &Parts = &[
    ("attn_norm", "ln_1"),
    ("attn_qkv", "attn.c_attn"),
    ("attn_output", "attn.c_proj"),
    ("ffn_norm", "ln_2"),
    ("ffn_up", "mlp.c_fc"),
    ("ffn_down", "mlp.c_proj"),
];
// GPT-2's output shares the embedding. llama.cpp stores it once more, as `output`, which therefore has no name here.
const GPT2_OUTER: &Parts =
    &[("token_embd", "transformer.wte"), ("position_embd", "transformer.wpe"), ("output_norm", "transformer.ln_f")];

const BERT: &Parts = &[
    ("attn_q", "attention.self.query"),
    ("attn_k", "attention.self.key"),
    ("attn_v", "attention.self.value"),
    ("attn_output", "attention.output.dense"),
    ("attn_output_norm", "attention.output.LayerNorm"),
    ("ffn_up", "intermediate.dense"),
    ("ffn_down", "output.dense"),
    ("layer_output_norm", "output.LayerNorm"),
];
const BERT_OUTER: &Parts = &[
    ("token_embd", "embeddings.word_embeddings"),
    ("position_embd", "embeddings.position_embeddings"),
    ("token_types", "embeddings.token_type_embeddings"),
    ("token_embd_norm", "embeddings.LayerNorm"),
];

impl GgufFamily {
    const ALL: [Self; 6] = [Self::Llama, Self::Qwen2, Self::Qwen3, Self::Gemma3, Self::Gpt2, Self::Bert];

    /// The family of files that have models of a family of transformers, if any.
    pub(crate) fn of_model(family: Family) -> Option<Self> {
        match family {
            Family::Llama | Family::Mistral => Some(Self::Llama),
            Family::Qwen2 => Some(Self::Qwen2),
            Family::Qwen3 => Some(Self::Qwen3),
            Family::Gpt2 => Some(Self::Gpt2),
            Family::Bert => Some(Self::Bert),
            _ => None,
        }
    }

    /// `general.architecture`, with which the keys of the family's metadata begin.
    pub(crate) fn architecture(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3",
            Self::Gpt2 => "gpt2",
            Self::Bert => "bert",
        }
    }

    /// The family of a file.
    ///
    /// # Errors
    /// If the family is not supported.
    pub(super) fn of(metadata: &Metadata) -> Result<Self, WeightsError> {
        let name: &str = metadata.need("general.architecture")?;
        Self::ALL.into_iter().find(|family| family.architecture() == name).ok_or_else(|| {
            let known = Self::ALL.map(|family| format!("\"{}\"", family.architecture())).join(", ");
            WeightsError::Header(format!("its architecture is \"{name}\"; from GGUF files, Hone reads {known}"))
        })
    }

    /// The tensors outside of layers and in them, and the prefix of the layers in transformers.
    fn names(self) -> (&'static Parts, &'static [&'static Parts], &'static str) {
        match self {
            Self::Llama | Self::Qwen2 => (LLAMA_OUTER, &[LLAMA], "model.layers"),
            Self::Qwen3 => (LLAMA_OUTER, &[LLAMA, QK_NORMS], "model.layers"),
            Self::Gemma3 => (LLAMA_OUTER, &[GEMMA3_NORMS, LLAMA, QK_NORMS], "model.layers"),
            Self::Gpt2 => (GPT2_OUTER, &[GPT2], "transformer.h"),
            Self::Bert => (BERT_OUTER, &[BERT], "encoder.layer"),
        }
    }

    /// The name in the file of a tensor with this name in transformers; `None` if files of this family have no such tensor.
    pub(crate) fn stored_name(self, name: &str) -> Option<String> {
        let (stem, suffix) = name.rsplit_once('.').filter(|(_, suffix)| ["weight", "bias"].contains(suffix))?;
        let (outer, inner, layers) = self.names();
        let find = |parts: &Parts, stem| parts.iter().find(|(_, theirs)| *theirs == stem).map(|(ours, _)| *ours);
        match stem.strip_prefix(layers).and_then(|rest| rest.strip_prefix('.')) {
            None => find(outer, stem).map(|ours| format!("{ours}.{suffix}")),
            Some(rest) => {
                let (layer, part) = rest.split_once('.')?;
                let ours = inner.iter().find_map(|parts| find(parts, part))?;
                Some(format!("blk.{layer}.{ours}.{suffix}"))
            }
        }
    }

    /// A tensor's name in transformers; `None` if models of this family have no such tensor.
    pub(super) fn name(self, name: &str, is_tied: bool) -> Option<String> {
        let (stem, suffix) = name.rsplit_once('.').filter(|(_, suffix)| ["weight", "bias"].contains(suffix))?;
        if is_tied && stem == "output" {
            return None;
        }
        let (outer, inner, layers) = self.names();
        let find = |parts: &Parts, stem| parts.iter().find(|(ours, _)| *ours == stem).map(|(_, theirs)| *theirs);
        match stem.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) {
            None => find(outer, stem).map(|theirs| format!("{theirs}.{suffix}")),
            Some((layer, part)) => {
                let layer: u32 = layer.parse().ok()?;
                let theirs = inner.iter().find_map(|parts| find(parts, part))?;
                Some(format!("{layers}.{layer}.{theirs}.{suffix}"))
            }
        }
    }

    /// The layout of a tensor in the file.
    ///
    /// # Errors
    /// If its rows do not fit the heads.
    pub(super) fn layout(self, entry: &Entry, metadata: &Metadata) -> Result<Layout, WeightsError> {
        if self == Self::Gemma3 && entry.name.ends_with("_norm.weight") && entry.kind.dtype() != Dtype::F32 {
            return Err(WeightsError::Tensor { name: entry.name.clone(), reason: "is not of type F32".into() });
        }
        let heads = match self {
            Self::Llama => [metadata.need::<u64>("llama.attention.head_count")?, self.kv_heads(metadata)?],
            _ => [0; 2],
        };
        let heads = heads.map(|heads| usize::try_from(heads).unwrap_or(usize::MAX));
        let layout = self.layout_of(&entry.name, entry.shape.len(), heads);
        let Layout::Interleaved(heads) = layout else { return Ok(layout) };
        let rows = entry.shape[0];
        let is_whole = heads.checked_mul(2).is_some_and(|pairs| pairs > 0 && rows.is_multiple_of(pairs));
        if !is_whole {
            let reason = format!("has {rows} rows, which cannot be split into {heads} heads of pairs");
            return Err(WeightsError::Tensor { name: entry.name.clone(), reason });
        }
        Ok(layout)
    }

    /// The layout of a tensor of this rank, given the numbers of query heads and of key and value heads.
    pub(crate) fn layout_of(self, name: &str, rank: usize, [heads, kv_heads]: [usize; 2]) -> Layout {
        let part = name.strip_prefix("blk.").and_then(|rest| rest.split('.').nth(1)).unwrap_or_default();
        match (self, part) {
            (Self::Gpt2, "attn_qkv" | "attn_output" | "ffn_up" | "ffn_down") if rank == 2 => Layout::Transposed,
            (Self::Llama, "attn_q") => Layout::Interleaved(heads),
            (Self::Llama, "attn_k") => Layout::Interleaved(kv_heads),
            (Self::Gemma3, _) if name.ends_with("_norm.weight") => Layout::PlusOne,
            _ => Layout::Same,
        }
    }

    /// config.json as transformers has it for this model.
    ///
    /// # Errors
    /// If sizes are missing, or the model has something that transformers' class lacks.
    pub(super) fn config(self, metadata: &Metadata, tensors: &[Entry]) -> Result<Value, WeightsError> {
        let embedding = tensors.iter().find(|entry| entry.name == "token_embd.weight");
        let embedding = embedding.ok_or(WeightsError::Missing { name: "token_embd.weight".into(), similar: None })?;
        let has = |name: &str| tensors.iter().any(|entry| entry.name == name);
        let mut config = match self {
            Self::Gpt2 => gpt2(metadata)?,
            Self::Bert => bert(metadata, tensors)?,
            _ => self.decoder(metadata, has)?,
        };
        config["vocab_size"] = embedding.shape[0].into();
        for (field, key) in [("bos_token_id", "bos"), ("eos_token_id", "eos"), ("pad_token_id", "padding")] {
            if let Some(id) = metadata.get::<u64>(&format!("tokenizer.ggml.{key}_token_id"))? {
                config[field] = id.into();
            }
        }
        Ok(config)
    }

    fn kv_heads(self, metadata: &Metadata) -> Result<u64, WeightsError> {
        let key = |name: &str| format!("{}.attention.{name}", self.architecture());
        match metadata.get(&key("head_count_kv"))? {
            Some(heads) => Ok(heads),
            None => metadata.need(&key("head_count")),
        }
    }

    /// config.json of Llama and its relatives.
    fn decoder(self, metadata: &Metadata, has: impl Fn(&str) -> bool) -> Result<Value, WeightsError> {
        let unknown = |what: &str| WeightsError::Header(format!("the model has {what}, which Hone does not know"));
        let key = |name: &str| format!("{}.{name}", self.architecture());
        let size = |name: &str| metadata.need::<u64>(&key(name));
        let (hidden, heads) = (size("embedding_length")?, size("attention.head_count")?);
        let head_dim = match metadata.get(&key("attention.key_length"))? {
            Some(length) => length,
            None => hidden.checked_div(heads).ok_or_else(|| unknown("no attention heads"))?,
        };
        let scaling = metadata.get(&key("rope.scaling.type"))?.unwrap_or("none");
        if scaling != "none" || has("rope_freqs.weight") {
            return Err(unknown("scaled rotary encoding"));
        }
        if metadata.get::<u64>(&key("rope.dimension_count"))?.is_some_and(|dims| dims != head_dim) {
            return Err(unknown("rotary encoding of a part of each head"));
        }
        if metadata.get::<u64>(&key("expert_count"))?.is_some_and(|experts| experts > 0) {
            return Err(unknown("experts"));
        }
        let mut config = json!({
            "hidden_size": hidden,
            "intermediate_size": size("feed_forward_length")?,
            "num_hidden_layers": size("block_count")?,
            "num_attention_heads": heads,
            "num_key_value_heads": self.kv_heads(metadata)?,
            "head_dim": head_dim,
            "max_position_embeddings": size("context_length")?,
            "rms_norm_eps": metadata.need::<f64>(&key("attention.layer_norm_rms_epsilon"))?,
            // llama.cpp's default if the file has none.
            "rope_theta": metadata.get(&key("rope.freq_base"))?.unwrap_or(10_000.0),
            "tie_word_embeddings": !has("output.weight"),
        });
        let fields = match self {
            Self::Llama | Self::Gpt2 | Self::Bert => json!({
                "architectures": ["LlamaForCausalLM"],
                "model_type": "llama",
                "hidden_act": "silu",
                "attention_bias": has("blk.0.attn_q.bias"),
                "mlp_bias": has("blk.0.ffn_gate.bias"),
            }),
            // Files of tied models may have the output matrix once more, in another type. The models of up to 3 and 4
            // billion parameters are tied.
            Self::Qwen2 => json!({
                "architectures": ["Qwen2ForCausalLM"],
                "model_type": "qwen2",
                "hidden_act": "silu",
                "use_sliding_window": false,
                "tie_word_embeddings": !has("output.weight") || hidden <= 2048,
            }),
            Self::Qwen3 => json!({
                "architectures": ["Qwen3ForCausalLM"],
                "model_type": "qwen3",
                "hidden_act": "silu",
                "attention_bias": false,
                "use_sliding_window": false,
                "tie_word_embeddings": !has("output.weight") || hidden <= 2560,
            }),
            // What all models of the family have in common is not in the file.
            Self::Gemma3 => json!({
                "architectures": ["Gemma3ForCausalLM"],
                "model_type": "gemma3_text",
                "hidden_activation": "gelu_pytorch_tanh",
                "attention_bias": false,
                "query_pre_attn_scalar": head_dim,
                "rope_local_base_freq": 10_000.0,
                "sliding_window": size("attention.sliding_window")?,
                "sliding_window_pattern": 6,
                "tie_word_embeddings": true,
            }),
        };
        for (field, value) in fields.as_object().into_iter().flatten() {
            config[field] = value.clone();
        }
        Ok(config)
    }
}

fn gpt2(metadata: &Metadata) -> Result<Value, WeightsError> {
    let size = |key: &str| metadata.need::<u64>(&format!("gpt2.{key}"));
    Ok(json!({
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "n_embd": size("embedding_length")?,
        "n_inner": size("feed_forward_length")?,
        "n_layer": size("block_count")?,
        "n_head": size("attention.head_count")?,
        "n_positions": size("context_length")?,
        "layer_norm_epsilon": metadata.need::<f64>("gpt2.attention.layer_norm_epsilon")?,
        "tie_word_embeddings": true,
    }))
}

fn bert(metadata: &Metadata, tensors: &[Entry]) -> Result<Value, WeightsError> {
    let size = |key: &str| metadata.need::<u64>(&format!("bert.{key}"));
    if metadata.get("bert.attention.causal")?.unwrap_or(false) {
        return Err(WeightsError::Header("the model has causal attention, which Hone does not know for BERT".into()));
    }
    let types = tensors.iter().find(|entry| entry.name == "token_types.weight");
    Ok(json!({
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": size("embedding_length")?,
        "intermediate_size": size("feed_forward_length")?,
        "num_hidden_layers": size("block_count")?,
        "num_attention_heads": size("attention.head_count")?,
        "max_position_embeddings": size("context_length")?,
        "layer_norm_eps": metadata.need::<f64>("bert.attention.layer_norm_epsilon")?,
        "type_vocab_size": types.map_or(1, |entry| entry.shape[0]),
    }))
}

/// Rearranges the bytes of a tensor `[rows, ..]` from `layout` to the order of transformers.
pub(super) fn rearranged(bytes: Vec<u8>, layout: Layout, shape: &[usize]) -> Vec<u8> {
    let rows = shape[0];
    let row_bytes = bytes.len() / rows;
    let row = |index: usize| &bytes[index * row_bytes..][..row_bytes];
    match layout {
        Layout::Same => bytes,
        Layout::PlusOne => {
            let values = bytes.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value) - 1.0);
            values.flat_map(f32::to_le_bytes).collect()
        }
        Layout::Transposed => {
            let columns = shape[1];
            let size = row_bytes / columns;
            (0..columns).flat_map(|c| (0..rows).flat_map(move |r| &row(r)[c * size..][..size])).copied().collect()
        }
        // The pairs (2i, 2i + 1) that rotate together are adjacent here; transformers rotates (i, i + half).
        Layout::Interleaved(heads) => {
            let half = rows / heads / 2;
            let order = (0..heads).flat_map(|head| (0..2).map(move |side| (head, side)));
            let order = order.flat_map(|(head, side)| (0..half).map(move |i| (head * half + i) * 2 + side));
            let mut moved = Vec::with_capacity(bytes.len());
            order.for_each(|index| moved.extend_from_slice(row(index)));
            moved
        }
    }
}
