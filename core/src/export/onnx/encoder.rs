//! The graphs of BERT, DistilBERT and RoBERTa. Inputs and outputs have the names that Hugging Face's optimum gives them,
//! by which transformers.js finds them.

use crate::export::onnx::graph::{BATCH, Element, SEQUENCE, Value};
use crate::export::onnx::head::{self, Encoder};
use crate::export::onnx::network::{Attention, Network};
use crate::model::{BertConfig, EncoderNames};
use crate::recipe::{Pooling, Task};

/// The encoder with the head of a task, with `layers` layers.
pub(super) fn add(net: &mut Network, config: &BertConfig, layers: usize, task: Task, pooling: Pooling) {
    let ids = net.graph.input("input_ids", Element::Int64, &[BATCH, SEQUENCE]);
    let mask = net.graph.input("attention_mask", Element::Int64, &[BATCH, SEQUENCE]);
    let x = embeddings(net, config, &ids);
    let keep = net.graph.unsqueeze(&mask, &[1, 2]);
    let keep = net.graph.cast(&keep, Element::Bool);
    let bias = net.graph.attention_bias(&keep);
    let x = (0..layers).fold(x, |x, i| layer(net, config, i, &x, &bias));
    let BertConfig { family, hidden, layer_norm_eps: norm_eps, .. } = *config;
    head::add(net, Encoder { family, hidden, norm_eps }, task, pooling, &x, &mask);
}

/// The normalized sum of the embeddings, `[batch, seq, hidden]`.
fn embeddings(net: &mut Network, config: &BertConfig, ids: &Value) -> Value {
    let words = net.rows("embeddings.word_embeddings.weight", ids);
    let positions = positions(net, config, ids);
    let mut sum = net.graph.op("Add", &[&words, &positions]);
    if config.token_types > 0 {
        // A model with one type ignores which text of a pair a token is in, and RoBERTa's tokenizers do not say it.
        let types = if config.reads_token_types() {
            net.graph.input("token_type_ids", Element::Int64, &[BATCH, SEQUENCE])
        } else {
            net.graph.int(0)
        };
        let types = net.rows("embeddings.token_type_embeddings.weight", &types);
        sum = net.graph.op("Add", &[&sum, &types]);
    }
    let normalized = net.layer_norm(&sum, "embeddings.LayerNorm", config.layer_norm_eps);
    if config.embedding_size == config.hidden { normalized } else { net.linear(&normalized, "embeddings_project") }
}

/// The position embeddings of the tokens, `[seq, hidden]` or `[batch, seq, hidden]`.
fn positions(net: &mut Network, config: &BertConfig, ids: &Value) -> Value {
    let table = net.weight("embeddings.position_embeddings.weight");
    let graph = &mut net.graph;
    match config.padding_idx {
        None => {
            let (one, two, zero) = (graph.ints(&[1]), graph.ints(&[2]), graph.ints(&[0]));
            let shape = graph.op("Shape", &[ids]);
            let seq = graph.op("Slice", &[&shape, &one, &two]);
            graph.op("Slice", &[&table, &zero, &seq, &zero])
        }
        // RoBERTa counts the tokens that are not padding, from the row behind padding's own.
        Some(padding_idx) => {
            let (padding_idx, axis) = (graph.int(padding_idx as i64), graph.int(1));
            let is_padding = graph.op("Equal", &[ids, &padding_idx]);
            let is_token = graph.op("Not", &[&is_padding]);
            let is_token = graph.cast(&is_token, Element::Int64);
            let counted = graph.op("CumSum", &[&is_token, &axis]);
            let counted = graph.op("Mul", &[&counted, &is_token]);
            let rows = graph.op("Add", &[&counted, &padding_idx]);
            graph.op("Gather", &[&table, &rows])
        }
    }
}

/// A layer: `[batch, seq, hidden]` to the same shape.
fn layer(net: &mut Network, config: &BertConfig, i: usize, x: &Value, bias: &Value) -> Value {
    let BertConfig { hidden, heads, layer_norm_eps: eps, .. } = *config;
    let (names, size) = (EncoderNames::of(config.family), hidden / heads);
    let attention = Attention { heads, kv_heads: heads, head_dim: size, scale: 1.0 / (size as f64).sqrt() };
    let name = |part: &str| format!("{}.{i}.{part}", names.layer);
    let [query, key, value] = [names.query, names.key, names.value].map(|part| {
        let projected = net.linear(x, &name(part));
        net.graph.split_heads(&projected, heads, size)
    });
    let context = net.graph.attend([&query, &key, &value], bias, attention);
    let context = net.graph.join_heads(&context, hidden);
    let output = net.linear(&context, &name(names.attention_output));
    let sum = net.graph.op("Add", &[&output, x]);
    let x = net.layer_norm(&sum, &name(names.attention_norm), eps);
    let inner = net.linear(&x, &name(names.intermediate));
    let inner = net.graph.gelu(&inner);
    let output = net.linear(&inner, &name(names.output));
    let sum = net.graph.op("Add", &[&output, &x]);
    net.layer_norm(&sum, &name(names.norm), eps)
}
