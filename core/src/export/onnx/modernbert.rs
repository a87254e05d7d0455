//! The graph of ModernBERT.

use crate::export::onnx::graph::Attribute::Int;
use crate::export::onnx::graph::{BATCH, Element, SEQUENCE, Value};
use crate::export::onnx::head::{self, Encoder};
use crate::export::onnx::network::{Attention, Network};
use crate::export::onnx::rotary::{Rotary, rotary_embedding, rotated};
use crate::model::{LayerAttention, ModernBertConfig};
use crate::recipe::{Family, Pooling, Task};

/// Tensors that the layers with the same positions and window share.
struct Positions {
    rotary: Option<Rotary>,
    bias: Value,
}

/// The encoder with the head of a task.
pub(super) fn add(net: &mut Network, config: &ModernBertConfig, task: Task, pooling: Pooling) {
    let ModernBertConfig { hidden, norm_eps: eps, .. } = *config;
    let ids = net.graph.input("input_ids", Element::Int64, &[BATCH, SEQUENCE]);
    let mask = net.graph.input("attention_mask", Element::Int64, &[BATCH, SEQUENCE]);
    let tokens = net.rows("embeddings.tok_embeddings.weight", &ids);
    let mut x = net.unbiased_norm(&tokens, "embeddings.norm", eps);
    let mut known: Vec<(LayerAttention, Positions)> = Vec::new();
    for (i, kind) in config.layers.iter().enumerate() {
        if !known.iter().any(|(other, _)| other == kind) {
            let positions = positions(net, config, *kind, known.len(), [&ids, &mask]);
            known.push((*kind, positions));
        }
        if let Some((_, positions)) = known.iter().find(|(other, _)| other == kind) {
            x = layer(net, config, i, &x, positions);
        }
    }
    let x = net.unbiased_norm(&x, "final_norm", eps);
    head::add(net, Encoder { family: Family::ModernBert, hidden, norm_eps: eps }, task, pooling, &x, &mask);
}

/// Rotary embedding and attention bias of the layers of one kind, which is the one of this `number`.
fn positions(
    net: &mut Network,
    config: &ModernBertConfig,
    LayerAttention { rope, sliding_window }: LayerAttention,
    number: usize,
    [ids, mask]: [&Value; 2],
) -> Positions {
    let graph = &mut net.graph;
    let (zero, one) = (graph.int(0), graph.int(1));
    let shape = graph.op("Shape", &[ids]);
    let seq = graph.op("Gather", &[&shape, &one]);
    let indices = graph.op("Range", &[&zero, &seq, &one]);
    let is_token = graph.unsqueeze(mask, &[1, 2]);
    let mut keep = graph.cast(&is_token, Element::Bool);
    if let Some(distance) = sliding_window {
        let rows = graph.unsqueeze(&indices, &[1]);
        let distances = graph.op("Sub", &[&rows, &indices]);
        let distances = graph.op("Abs", &[&distances]);
        let distance = graph.int(distance as i64);
        let is_near = graph.op("LessOrEqual", &[&distances, &distance]);
        keep = graph.op("And", &[&is_near, &keep]);
    }
    let bias = graph.attention_bias(&keep);
    let positions = graph.unsqueeze(&indices, &[0]);
    let head_dim = config.hidden / config.heads;
    let rotary = rope.map(|rope| rotary_embedding(net, rope, head_dim, number, &positions));
    Positions { rotary, bias }
}

/// A layer: `[batch, seq, hidden]` to the same shape.
fn layer(net: &mut Network, config: &ModernBertConfig, i: usize, x: &Value, positions: &Positions) -> Value {
    let name = |part: &str| format!("layers.{i}.{part}");
    // The embeddings are normalized already.
    let normalized = if i == 0 { x.clone() } else { net.unbiased_norm(x, &name("attn_norm"), config.norm_eps) };
    let attended = attention(net, config, i, &normalized, positions);
    let x = net.graph.op("Add", &[x, &attended]);
    let normalized = net.unbiased_norm(&x, &name("mlp_norm"), config.norm_eps);
    let inner = net.linear(&normalized, &name("mlp.Wi"));
    let sizes = net.graph.ints(&[config.intermediate_size as i64; 2]);
    let [input, gate]: [Value; 2] = net.graph.ops("Split", &[&inner, &sizes], &[("axis", Int(-1))]);
    let input = net.graph.gelu(&input);
    let gated = net.graph.op("Mul", &[&input, &gate]);
    let output = net.linear(&gated, &name("mlp.Wo"));
    net.graph.op("Add", &[&x, &output])
}

/// The attention of a layer: `[batch, seq, hidden]` to the same shape.
fn attention(net: &mut Network, config: &ModernBertConfig, i: usize, x: &Value, positions: &Positions) -> Value {
    let ModernBertConfig { hidden, heads, .. } = *config;
    let head_dim = hidden / heads;
    let qkv = net.linear(x, &format!("layers.{i}.attn.Wqkv"));
    let sizes = net.graph.ints(&[hidden as i64; 3]);
    let parts: [Value; 3] = net.graph.ops("Split", &[&qkv, &sizes], &[("axis", Int(-1))]);
    let [query, key, value] = parts.map(|part| net.graph.split_heads(&part, heads, head_dim));
    let [query, key] = [query, key].map(|x| match &positions.rotary {
        Some(rotary) => rotated(net, &x, rotary, head_dim),
        None => x,
    });
    let attention = Attention { heads, kv_heads: heads, head_dim, scale: 1.0 / (head_dim as f64).sqrt() };
    let context = net.graph.attend([&query, &key, &value], &positions.bias, attention);
    let context = net.graph.join_heads(&context, hidden);
    net.linear(&context, &format!("layers.{i}.attn.Wo"))
}
