//! Rotary position embeddings.

use crate::export::onnx::graph::Attribute::Int;
use crate::export::onnx::graph::{Element, Value};
use crate::export::onnx::network::Network;
use crate::model::Rope;

/// Cosines and sines of the tokens' angles, `[batch, 1, seq, head_dim]`.
pub(super) type Rotary = [Value; 2];

/// The rotary embedding of `positions` `[batch, seq]`. The angles are computed in 32 bits whatever the weights are.
pub(super) fn rotary_embedding(
    net: &mut Network,
    rope: Rope,
    head_dim: usize,
    number: usize,
    positions: &Value,
) -> Rotary {
    let frequencies: Vec<f32> = rope.frequencies(head_dim).into_iter().map(|each| each as f32).collect();
    let factor = rope.attention_factor();
    let graph = &mut net.graph;
    let frequencies = graph.float32s(&format!("frequencies_{number}"), &frequencies);
    let positions = graph.cast(positions, Element::Float);
    let positions = graph.unsqueeze(&positions, &[1, 3]);
    let half = graph.op("Mul", &[&positions, &frequencies]);
    let angles = graph.op_with("Concat", &[&half, &half], &[("axis", Int(-1))]);
    ["Cos", "Sin"].map(|function| {
        let values = graph.op(function, &[&angles]);
        let values = match factor {
            1.0 => values,
            factor => {
                let factor = graph.float32s(&format!("factor_{number}_{function}"), &[factor as f32]);
                graph.op("Mul", &[&values, &factor])
            }
        };
        graph.narrowed(&values)
    })
}

/// Rotates each pair `(i, i + head_dim / 2)` of `x` `[batch, heads, seq, head_dim]` by its angle.
pub(super) fn rotated(net: &mut Network, x: &Value, [cos, sin]: &Rotary, head_dim: usize) -> Value {
    let graph = &mut net.graph;
    let sizes = graph.ints(&[head_dim as i64 / 2; 2]);
    let [low, high]: [Value; 2] = graph.ops("Split", &[x, &sizes], &[("axis", Int(-1))]);
    let high = graph.op("Neg", &[&high]);
    let turned = graph.op_with("Concat", &[&high, &low], &[("axis", Int(-1))]);
    let kept = graph.op("Mul", &[x, cos]);
    let turned = graph.op("Mul", &[&turned, sin]);
    graph.op("Add", &[&kept, &turned])
}
