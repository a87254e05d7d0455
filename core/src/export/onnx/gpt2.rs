//! The graph of GPT-2.

use crate::export::onnx::decoder::Decoder;
use crate::export::onnx::graph::Attribute::Int;
use crate::export::onnx::graph::Value;
use crate::export::onnx::network::{Attention, Network};
use crate::model::Gpt2Config;

/// The whole decoder.
pub(super) fn add(net: &mut Network, config: &Gpt2Config) {
    let Gpt2Config { vocab, hidden, layer_norm_eps: eps, .. } = *config;
    let mut decoder = Decoder::new(net);
    let words = net.rows("wte.weight", &decoder.ids);
    let positions = net.rows("wpe.weight", &decoder.positions);
    let x = net.graph.op("Add", &[&words, &positions]);
    let x = (0..config.layers).fold(x, |x, i| layer(net, &mut decoder, config, i, &x));
    let x = net.layer_norm(&x, "ln_f", eps);
    let logits =
        if config.is_tied { net.tied_head(&x, "wte.weight", [vocab, hidden]) } else { net.linear(&x, "lm_head") };
    decoder.finish(net, &logits, vocab);
}

/// A layer: `[batch, seq, hidden]` to the same shape.
fn layer(net: &mut Network, decoder: &mut Decoder, config: &Gpt2Config, i: usize, x: &Value) -> Value {
    let Gpt2Config { hidden, heads, layer_norm_eps: eps, .. } = *config;
    let head_dim = hidden / heads;
    let attention = Attention { heads, kv_heads: heads, head_dim, scale: 1.0 / (head_dim as f64).sqrt() };
    let name = |part: &str| format!("h.{i}.{part}");
    let inner = net.layer_norm(x, &name("ln_1"), eps);
    let qkv = net.linear(&inner, &name("attn.c_attn"));
    let sizes = net.graph.ints(&[hidden as i64; 3]);
    let thirds: [Value; 3] = net.graph.ops("Split", &[&qkv, &sizes], &[("axis", Int(-1))]);
    let [query, key, value] = thirds.map(|part| net.graph.split_heads(&part, heads, head_dim));
    let [key, value] = decoder.with_past(net, [&key, &value], attention);
    let bias = decoder.bias(net, None);
    let context = net.graph.attend([&query, &key, &value], &bias, attention);
    let context = net.graph.join_heads(&context, hidden);
    let attended = net.linear(&context, &name("attn.c_proj"));
    let x = net.graph.op("Add", &[x, &attended]);
    let inner = net.layer_norm(&x, &name("ln_2"), eps);
    let inner = net.linear(&inner, &name("mlp.c_fc"));
    let inner = net.graph.gelu_tanh(&inner);
    let output = net.linear(&inner, &name("mlp.c_proj"));
    net.graph.op("Add", &[&x, &output])
}
