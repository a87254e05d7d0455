//! The graphs of Llama and its relatives.

use crate::export::onnx::decoder::Decoder;
use crate::export::onnx::graph::Value;
use crate::export::onnx::network::{Attention, Network};
use crate::export::onnx::rotary::{Rotary, rotary_embedding, rotated};
use crate::model::{GateActivation, LlamaConfig, LlamaVariant, NormPlacement, Rope};

/// The whole decoder.
pub(super) fn add(net: &mut Network, config: &LlamaConfig) {
    let LlamaConfig { vocab, hidden, variant, .. } = *config;
    let mut decoder = Decoder::new(net);
    let mut rotaries: Vec<(Rope, Rotary)> = Vec::new();
    let x = net.rows("embed_tokens.weight", &decoder.ids);
    let mut x = net.graph.times(&x, variant.embedding_multiplier);
    for i in 0..config.layers.len() {
        let rotary = config.layers[i].rope.map(|rope| match rotaries.iter().find(|(other, _)| *other == rope) {
            Some((_, rotary)) => rotary.clone(),
            None => {
                let rotary = rotary_embedding(net, rope, config.head_dim, rotaries.len(), &decoder.positions);
                rotaries.push((rope, rotary.clone()));
                rotary
            }
        });
        x = layer(net, &mut decoder, config, i, &x, rotary.as_ref());
    }
    let x = net.rms_norm(&x, "norm", variant.norm_offset, config.rms_norm_eps);
    let logits = if config.is_tied {
        net.tied_head(&x, "embed_tokens.weight", [vocab, hidden])
    } else {
        net.linear(&x, "lm_head")
    };
    let logits = net.graph.times(&logits, 1.0 / variant.logits_scaling);
    decoder.finish(net, &logits, vocab);
}

/// A layer: `[batch, seq, hidden]` to the same shape.
fn layer(
    net: &mut Network,
    decoder: &mut Decoder,
    config: &LlamaConfig,
    i: usize,
    x: &Value,
    rotary: Option<&Rotary>,
) -> Value {
    let LlamaConfig { rms_norm_eps: eps, variant, .. } = *config;
    let LlamaVariant { norms, norm_offset, residual_multiplier, .. } = variant;
    let name = |part: &str| format!("layers.{i}.{part}");
    let norm = |net: &mut Network, x: &Value, part: &str| net.rms_norm(x, &name(part), norm_offset, eps);
    let inner = norm(net, x, "input_layernorm");
    let mut attended = attention(net, decoder, config, i, &inner, rotary);
    let (before, after) = match norms {
        NormPlacement::Before => ("post_attention_layernorm", None),
        NormPlacement::Around => ("pre_feedforward_layernorm", Some("post_feedforward_layernorm")),
    };
    if norms == NormPlacement::Around {
        attended = norm(net, &attended, "post_attention_layernorm");
    }
    let attended = net.graph.times(&attended, residual_multiplier);
    let x = net.graph.op("Add", &[x, &attended]);
    let inner = norm(net, &x, before);
    let gate = net.linear(&inner, &name("mlp.gate_proj"));
    let gate = match variant.activation {
        GateActivation::Silu => net.graph.silu(&gate),
        GateActivation::GeluTanh => net.graph.gelu_tanh(&gate),
    };
    let up = net.linear(&inner, &name("mlp.up_proj"));
    let gated = net.graph.op("Mul", &[&gate, &up]);
    let mut output = net.linear(&gated, &name("mlp.down_proj"));
    if let Some(after) = after {
        output = norm(net, &output, after);
    }
    let output = net.graph.times(&output, residual_multiplier);
    net.graph.op("Add", &[&x, &output])
}

/// The attention of a layer: `[batch, seq, hidden]` to the same shape.
fn attention(
    net: &mut Network,
    decoder: &mut Decoder,
    config: &LlamaConfig,
    i: usize,
    x: &Value,
    rotary: Option<&Rotary>,
) -> Value {
    let LlamaConfig { heads, kv_heads, head_dim, rms_norm_eps: eps, variant, .. } = *config;
    let scale = variant.attention_multiplier.unwrap_or_else(|| 1.0 / (head_dim as f64).sqrt());
    let attention = Attention { heads, kv_heads, head_dim, scale };
    let name = |part: &str| format!("layers.{i}.self_attn.{part}");
    let projected = |net: &mut Network, part: &str, heads: usize, norm: Option<&str>| {
        let projected = net.linear(x, &name(part));
        let mut split = net.graph.reshape(&projected, &[0, 0, heads as i64, head_dim as i64]);
        if let Some(norm) = norm.filter(|_| variant.has_qk_norm) {
            split = net.rms_norm(&split, &name(norm), variant.norm_offset, eps);
        }
        net.graph.swap_heads(&split)
    };
    let mut query = projected(net, "q_proj", heads, Some("q_norm"));
    let mut key = projected(net, "k_proj", kv_heads, Some("k_norm"));
    let value = projected(net, "v_proj", kv_heads, None);
    if let Some(rotary) = rotary {
        [query, key] = [query, key].map(|x| rotated(net, &x, rotary, head_dim));
    }
    let [key, value] = decoder.with_past(net, [&key, &value], attention);
    let bias = decoder.bias(net, config.layers[i].sliding_window);
    let context = net.graph.attend([&query, &key, &value], &bias, attention);
    let context = net.graph.join_heads(&context, heads * head_dim);
    net.linear(&context, &name("o_proj"))
}
