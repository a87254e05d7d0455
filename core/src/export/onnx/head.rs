//! The heads of encoders.

use crate::export::onnx::graph::Attribute::Int;
use crate::export::onnx::graph::{BATCH, Dim, Element, SEQUENCE, Value};
use crate::export::onnx::network::Network;
use crate::recipe::{Family, Pooling, Task};
use crate::usage::{Activation, DenseLayer, HeadLayers};

/// The facts about an encoder that its head depends on.
#[derive(Clone, Copy)]
pub(super) struct Encoder {
    pub(super) family: Family,
    pub(super) hidden: usize,
    /// Added to the variance in its norms.
    pub(super) norm_eps: f64,
}

/// The head of a task on the hidden states `x` `[batch, seq, hidden]`, and the outputs of the graph.
pub(super) fn add(net: &mut Network, encoder: Encoder, task: Task, pooling: Pooling, x: &Value, mask: &Value) {
    let Some(layers) = HeadLayers::of(task, encoder.family, pooling) else {
        embedding(net, encoder, pooling, x, mask);
        return;
    };
    let mut dense = layers.dense;
    let pooled = match layers.pooling {
        None => x.clone(),
        Some(Pooling::Mean) => {
            // The pretrained pooler reads the first token.
            net.leave_out("pooler.");
            let mean = mean(net, x, mask);
            let mean = match encoder.family {
                Family::ModernBert => mean,
                _ => net.unit_norm(&mean, encoder.hidden, encoder.norm_eps),
            };
            net.graph.narrowed(&mean)
        }
        Some(Pooling::Cls) => {
            if net.has("pooler.dense.weight") {
                dense = Some(DenseLayer { name: "pooler.dense", activation: Activation::Tanh, norm: None });
            }
            let first = net.graph.int(0);
            net.graph.op_with("Gather", &[x, &first], &[("axis", Int(1))])
        }
    };
    let pooled = match dense {
        None => pooled,
        Some(dense) => hidden_layer(net, dense, encoder.norm_eps, &pooled),
    };
    let logits = net.linear(&pooled, layers.output);
    let logits = net.graph.widened(&logits);
    let outputs = Dim::Fixed(net.len(&format!("{}.bias", layers.output)));
    let graph = &mut net.graph;
    match task {
        Task::QuestionAnswering => {
            let (sizes, axis) = (graph.ints(&[1, 1]), graph.ints(&[2]));
            let halves: [Value; 2] = graph.ops("Split", &[&logits, &sizes], &[("axis", Int(-1))]);
            for (name, half) in ["start_logits", "end_logits"].into_iter().zip(&halves) {
                let logits = graph.op("Squeeze", &[half, &axis]);
                graph.output(name, &logits, Element::Float, &[BATCH, SEQUENCE]);
            }
        }
        Task::TokenClassification => graph.output("logits", &logits, Element::Float, &[BATCH, SEQUENCE, outputs]),
        Task::Classification
        | Task::MultiLabel
        | Task::Regression
        | Task::Reranking
        | Task::Generation
        | Task::Embeddings => {
            graph.output("logits", &logits, Element::Float, &[BATCH, outputs]);
        }
    }
}

/// The vectors of the tokens, and that of the text, whose length is 1, in 32 bits. Outputs have the names that
/// sentence-transformers and optimum give them.
fn embedding(net: &mut Network, encoder: Encoder, pooling: Pooling, x: &Value, mask: &Value) {
    // The pretrained pooler is not part of the vectors.
    net.leave_out("pooler.");
    let hidden = Dim::Fixed(encoder.hidden);
    let tokens = net.graph.widened(x);
    let pooled = match pooling {
        Pooling::Mean => mean(net, x, mask),
        Pooling::Cls => {
            let first = net.graph.int(0);
            net.graph.op_with("Gather", &[&tokens, &first], &[("axis", Int(1))])
        }
    };
    let graph = &mut net.graph;
    let (values, least) = (graph.ints(&[1]), graph.float32(1e-12));
    let squares = graph.op("Mul", &[&pooled, &pooled]);
    let sum = graph.op_with("ReduceSum", &[&squares, &values], &[("keepdims", Int(1))]);
    let length = graph.op("Sqrt", &[&sum]);
    let length = graph.op("Max", &[&length, &least]);
    let vector = graph.op("Div", &[&pooled, &length]);
    graph.output("last_hidden_state", &tokens, Element::Float, &[BATCH, SEQUENCE, hidden]);
    graph.output("sentence_embedding", &vector, Element::Float, &[BATCH, hidden]);
}

fn hidden_layer(net: &mut Network, DenseLayer { name, activation, norm }: DenseLayer, eps: f64, x: &Value) -> Value {
    let x = net.linear(x, name);
    let x = match activation {
        Activation::Tanh => net.graph.op("Tanh", &[&x]),
        Activation::Relu => net.graph.op("Relu", &[&x]),
        Activation::Gelu => net.graph.gelu(&x),
    };
    match norm {
        Some(norm) => net.unbiased_norm(&x, norm, eps),
        None => x,
    }
}

/// The mean of the tokens without padding, in 32 bits: `[batch, seq, hidden]` to `[batch, hidden]`.
fn mean(net: &mut Network, x: &Value, mask: &Value) -> Value {
    let graph = &mut net.graph;
    let (tokens, one) = (graph.ints(&[1]), graph.float32(1.0));
    let mask = graph.unsqueeze(mask, &[2]);
    let mask = graph.cast(&mask, Element::Float);
    let x = graph.widened(x);
    let masked = graph.op("Mul", &[&x, &mask]);
    let sum = graph.op_with("ReduceSum", &[&masked, &tokens], &[("keepdims", Int(0))]);
    let count = graph.op_with("ReduceSum", &[&mask, &tokens], &[("keepdims", Int(0))]);
    let count = graph.op("Max", &[&count, &one]);
    graph.op("Div", &[&sum, &count])
}
