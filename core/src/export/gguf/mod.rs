//! A tuned decoder, or a BERT for embeddings, as a GGUF file, for llama.cpp and the programs that are built on it. The inverse
//! of [`weights::GgufReader`](crate::weights::GgufReader).

mod adapter;
mod blocks;
mod metadata;
mod modelfile;
mod vocabulary;
mod word_piece;

use std::collections::HashMap;
use std::io::Write;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::export::file_rows::FileRows;
use crate::export::rounding::{Rounding, finite, replace};
use crate::export::{ModelFolder, failed};
use crate::model::{BertConfig, Gpt2Config, LlamaConfig, LlamaVariant, ModelConfig, TaskModel};
use crate::recipe::{Family, ParamGroup, Pooling};
use crate::text::ChatTemplate;
use crate::usage::ExportDtype;
use crate::weights::{GgufFamily, GgufLayout, WeightRef, Weights};

use blocks::StoredType;
use metadata::{Metadata, text};
use vocabulary::TokenizerFiles;

pub(crate) use adapter::{can_have_adapter, write_adapter};
pub(crate) use modelfile::modelfile;

/// Multiple of bytes at which each tensor begins.
const ALIGNMENT: u64 = 32;

/// A tensor of the file.
struct Stored {
    name: String,
    /// Shape in the file, outermost dimension first.
    shape: Vec<usize>,
    kind: StoredType,
    layout: GgufLayout,
    rows: FileRows,
}

/// Writes the file. `progress` receives the number of tensors done and in total.
///
/// # Errors
/// `export.gguf` if llama.cpp has no such model or tokenizer, or if the device or `out` fails.
pub(crate) async fn write(
    folder: &ModelFolder<'_>,
    out: &mut impl Write,
    progress: &mut impl FnMut(usize, usize),
) -> Result<(), Diagnostic> {
    let model = &folder.exported.model;
    let (config, dtype) = (ModelConfig::parse(folder.config)?, folder.exported.dtype);
    let mut metadata = Metadata::default();
    describe(&mut metadata, folder, &config)?;
    let json = |name: &str| {
        let file = folder.verbatim.iter().find(|(other, _)| other == name);
        file.map_or(Ok(Value::Null), |(_, bytes)| serde_json::from_slice(bytes).map_err(failed))
    };
    let template = ChatTemplate::source(folder.verbatim).ok().flatten();
    let files = TokenizerFiles {
        tokenizer: &json("tokenizer.json")?,
        tokenizer_config: &json("tokenizer_config.json")?,
        config: &serde_json::from_slice(folder.config).map_err(failed)?,
        chat_template: template.as_deref(),
    };
    match config {
        ModelConfig::Bert(_) => word_piece::describe(&mut metadata, &files, config.vocab())?,
        _ => vocabulary::describe(&mut metadata, &files, config.vocab())?,
    }
    let tensors = tensors(model, &config, dtype)?;
    out.write_all(&header(&metadata, &tensors)).map_err(failed)?;
    let total = tensors.len();
    for (done, tensor) in tensors.into_iter().enumerate() {
        tensor.write(out).await?;
        progress(done + 1, total);
    }
    Ok(())
}

/// Sizes and settings of the network. The keys are those of `load_hparams` in llama.cpp.
fn describe(metadata: &mut Metadata, folder: &ModelFolder, config: &ModelConfig) -> Result<(), Diagnostic> {
    let architecture = family_of(config)?.architecture();
    metadata.text("general.architecture", architecture);
    metadata.text("general.type", "model");
    metadata.text("general.name", &format!("{}, tuned with Hone", folder.base_model));
    metadata.uint("general.quantization_version", 2);
    let file_type = match folder.exported.dtype {
        ExportDtype::Float32 => 0,
        ExportDtype::Float16 => 1,
        ExportDtype::Int8 => 7,
        ExportDtype::Int4 => 2,
    };
    metadata.uint("general.file_type", file_type);
    let sizes = match *config {
        ModelConfig::Llama(LlamaConfig { hidden, intermediate_size, heads, max_position_embeddings, .. })
        | ModelConfig::Gpt2(Gpt2Config { hidden, intermediate_size, heads, max_position_embeddings, .. })
        | ModelConfig::Bert(BertConfig { hidden, intermediate_size, heads, max_position_embeddings, .. }) => {
            [hidden, intermediate_size, heads, max_position_embeddings]
        }
        ModelConfig::ModernBert(_) => return Err(unknown_network()),
    };
    let names = ["embedding_length", "feed_forward_length", "attention.head_count", "context_length"];
    for (name, size) in names.into_iter().zip(sizes) {
        metadata.uint(&format!("{architecture}.{name}"), size);
    }
    metadata.uint(&format!("{architecture}.block_count"), folder.exported.model.base.layers());
    match config {
        ModelConfig::Llama(config) => {
            let key = |name: &str| format!("{architecture}.{name}");
            metadata.uint(&key("vocab_size"), config.vocab);
            metadata.uint(&key("attention.head_count_kv"), config.kv_heads);
            metadata.float(&key("attention.layer_norm_rms_epsilon"), config.rms_norm_eps);
            for name in ["rope.dimension_count", "attention.key_length", "attention.value_length"] {
                metadata.uint(&key(name), config.head_dim);
            }
            let theta = config.layers.first().and_then(|layer| layer.rope).map_or(1e4, |rope| rope.theta);
            metadata.float(&key("rope.freq_base"), theta);
        }
        ModelConfig::Gpt2(config) => metadata.float("gpt2.attention.layer_norm_epsilon", config.layer_norm_eps),
        ModelConfig::Bert(config) => {
            metadata.float("bert.attention.layer_norm_epsilon", config.layer_norm_eps);
            metadata.bool("bert.attention.causal", false);
            metadata.uint("bert.pooling_type", if folder.recipe.pooling() == Pooling::Mean { 1 } else { 2 });
            metadata.uint("tokenizer.ggml.token_type_count", config.token_types);
        }
        ModelConfig::ModernBert(_) => {}
    }
    Ok(())
}

/// The family of files that a model is written as.
///
/// # Errors
/// If llama.cpp's network of that name would compute something else.
fn family_of(config: &ModelConfig) -> Result<GgufFamily, Diagnostic> {
    let is_same = match config {
        ModelConfig::Llama(config) => is_plain(config),
        ModelConfig::Gpt2(config) => config.is_tied,
        // llama.cpp always reads an embedding of the token's type.
        ModelConfig::Bert(config) => config.token_types > 0,
        ModelConfig::ModernBert(_) => false,
    };
    GgufFamily::of_model(config.family()).filter(|_| is_same).ok_or_else(unknown_network)
}

/// Returns true if the network is what its family's name says, with one rotary embedding that is not scaled.
fn is_plain(config: &LlamaConfig) -> bool {
    let first = config.layers.first().copied();
    let is_plain = first.and_then(|layer| layer.rope).is_some_and(|rope| rope.scaling.is_none());
    let is_same = config.layers.iter().all(|layer| Some(*layer) == first && layer.sliding_window.is_none());
    let variant = LlamaVariant {
        has_qkv_bias: config.family == Family::Qwen2,
        has_qk_norm: config.family == Family::Qwen3,
        ..LlamaVariant::LLAMA
    };
    config.variant == variant && is_plain && is_same
}

/// Numbers of query heads and of key and value heads, where their order matters.
fn head_counts(config: &ModelConfig) -> [usize; 2] {
    match config {
        ModelConfig::Llama(config) => [config.heads, config.kv_heads],
        _ => [1; 2],
    }
}

fn tensors(model: &TaskModel, config: &ModelConfig, dtype: ExportDtype) -> Result<Vec<Stored>, Diagnostic> {
    let mut tensors = Vec::new();
    model.visit(&mut |weight| {
        // The vectors of texts do not go through BERT's pooler, and llama.cpp has no place for it.
        if weight.group() != ParamGroup::Pooler {
            tensors.push(Stored::new(model, config, weight, dtype));
        }
    });
    tensors.into_iter().collect()
}

impl Stored {
    fn new(model: &TaskModel, config: &ModelConfig, weight: WeightRef, dtype: ExportDtype) -> Result<Self, Diagnostic> {
        let family = family_of(config)?;
        let heads = head_counts(config);
        let theirs = model.file_name(weight.name());
        let name = family.stored_name(&theirs).ok_or_else(|| refused(&format!("it has no place for {theirs}")))?;
        let layout = family.layout_of(&name, weight.shape().len(), heads);
        let (mut rows, mut shape) = (FileRows::new(weight), weight.shape());
        if layout == GgufLayout::Transposed {
            rows = rows.transposed();
            shape.reverse();
        }
        let kind = StoredType::of(&name, &shape, dtype);
        Ok(Self { name, shape, kind, layout, rows })
    }

    fn size(&self) -> u64 {
        self.kind.bytes(self.shape.iter().map(|&side| side as u64).product())
    }

    /// Writes the values as the file stores them, and the padding behind them, reading them from the device piece by piece.
    ///
    /// # Errors
    /// If the device or `out` fails.
    async fn write(self, out: &mut impl Write) -> Result<(), Diagnostic> {
        let [rows, _] = self.rows.dims();
        // Each piece has whole heads.
        let head = match self.layout {
            GgufLayout::Interleaved(heads) => rows / heads,
            _ => 1,
        };
        for piece in self.rows.pieces(head) {
            let count = piece.len();
            let mut values = self.rows.read(piece).await?;
            if head > 1 {
                values = interleaved(&values, count, count / head);
            }
            out.write_all(&self.kind.encode(&values)).map_err(failed)?;
        }
        let size = self.size();
        let padding = (size.next_multiple_of(ALIGNMENT) - size) as usize;
        out.write_all(&[0; ALIGNMENT as usize][..padding]).map_err(failed)
    }
}

/// Rounds the weights to what a file of `dtype` has.
///
/// # Errors
/// `export.float16` if a weight is too large, `export.gguf` if there is no place for it, or if the device fails.
pub(crate) async fn round(model: &mut TaskModel, dtype: ExportDtype) -> Result<(), Diagnostic> {
    let family = GgufFamily::of_model(model.base.family()).ok_or_else(|| refused("it is of another family"))?;
    let names = |name: &str| model.file_name(name);
    let mut stored = HashMap::new();
    model.visit(&mut |weight| _ = stored.insert(weight.name().clone(), family.stored_name(&names(weight.name()))));
    replace(model, async |weight| {
        let name = stored.get(weight.name()).cloned().flatten().unwrap_or_default();
        let (mut rows, mut shape) = (FileRows::new(weight), weight.shape());
        if family.layout_of(&name, shape.len(), [1; 2]) == GgufLayout::Transposed {
            rows = rows.transposed();
            shape.reverse();
        }
        let kind = StoredType::of(&name, &shape, dtype);
        let name = weight.name().clone();
        let rounded = move |values: Vec<f32>| finite(&name, kind.rounded(&values));
        Ok(Some(Rounding { rows, rounded: Box::new(rounded) }))
    })
    .await
}

/// Everything before the tensors' values.
fn header(metadata: &Metadata, tensors: &[Stored]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend((tensors.len() as u64).to_le_bytes());
    bytes.extend(metadata.count().to_le_bytes());
    bytes.extend(metadata.bytes());
    let mut begin = 0_u64;
    for tensor in tensors {
        bytes.extend(text(&tensor.name));
        bytes.extend((tensor.shape.len() as u32).to_le_bytes());
        tensor.shape.iter().rev().for_each(|&side| bytes.extend((side as u64).to_le_bytes()));
        bytes.extend((tensor.kind as u32).to_le_bytes());
        bytes.extend(begin.to_le_bytes());
        begin += tensor.size().next_multiple_of(ALIGNMENT);
    }
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT as usize), 0);
    bytes
}

/// The rows `i` and `i + half` of each head next to each other: llama.cpp rotates neighbors, and transformers halves.
fn interleaved(values: &[f32], rows: usize, heads: usize) -> Vec<f32> {
    let (columns, half) = (values.len() / rows, rows / heads / 2);
    let order =
        (0..heads).flat_map(|head| (0..half).flat_map(move |i| [0, 1].map(|side| (head * 2 + side) * half + i)));
    order.flat_map(|row| &values[row * columns..][..columns]).copied().collect()
}

fn unknown_network() -> Diagnostic {
    refused("llama.cpp computes it in another way than Hone knows")
}

/// The error of a model that cannot be written.
fn refused(why: &str) -> Diagnostic {
    Diagnostic::new("export.gguf", format!("This model cannot be written as GGUF: {why}."))
        .done("Nothing was written; the tuned model is still here.")
        .remedy("Download the model as safetensors or ONNX.")
}
