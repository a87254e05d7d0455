//! What the graphs of all decoders share: one graph for a prompt and for each token after it. It takes the keys and values of
//! earlier tokens (`past_key_values.{i}.key`, of length 0 at first) and returns them with the new ones
//! (`present.{i}.key`).

use crate::export::onnx::graph::Attribute::Int;
use crate::export::onnx::graph::{BATCH, Dim, Element, SEQUENCE, Value};
use crate::export::onnx::network::{Attention, Network};

/// Number of earlier tokens. transformers.js makes every size 0 that is not called `batch_size` in an empty cache.
const PAST: Dim = Dim::Named("past_sequence_length");
/// Number of earlier and new tokens.
const TOTAL: Dim = Dim::Named("past_sequence_length + sequence_length");

/// A decoder under construction.
pub(super) struct Decoder {
    /// Ids of the new tokens.
    pub(super) ids: Value,
    /// Their positions in the text.
    pub(super) positions: Value,
    /// True on tokens, false on padding: `[batch, 1, 1, total]`.
    is_token: Value,
    /// Indices of all tokens, `[total]`, and of the new ones, `[seq, 1]`.
    indices: [Value; 2],
    /// The attention biases of the windows that were asked for.
    biases: Vec<(Option<usize>, Value)>,
    /// The caches that were asked for, in order.
    caches: Vec<Attention>,
}

impl Decoder {
    /// Adds the inputs.
    pub(super) fn new(net: &mut Network) -> Self {
        let graph = &mut net.graph;
        let ids = graph.input("input_ids", Element::Int64, &[BATCH, SEQUENCE]);
        let mask = graph.input("attention_mask", Element::Int64, &[BATCH, TOTAL]);
        let positions = graph.input("position_ids", Element::Int64, &[BATCH, SEQUENCE]);
        let (zero, one) = (graph.int(0), graph.int(1));
        let [total, seq] = [&mask, &ids].map(|input| {
            let shape = graph.op("Shape", &[input]);
            graph.op("Gather", &[&shape, &one])
        });
        let past = graph.op("Sub", &[&total, &seq]);
        let all = graph.op("Range", &[&zero, &total, &one]);
        let new = graph.op("Range", &[&past, &total, &one]);
        let indices = [all, graph.unsqueeze(&new, &[1])];
        let is_token = graph.unsqueeze(&mask, &[1, 2]);
        let is_token = graph.cast(&is_token, Element::Bool);
        Self { ids, positions, is_token, indices, biases: Vec::new(), caches: Vec::new() }
    }

    /// Added to the attention scores `[batch, heads, seq, total]`: a token attends to itself and to earlier tokens; with a
    /// window, to the last tokens of that number.
    pub(super) fn bias(&mut self, net: &mut Network, window: Option<usize>) -> Value {
        if let Some((_, bias)) = self.biases.iter().find(|(other, _)| *other == window) {
            return bias.clone();
        }
        let (graph, [all, new]) = (&mut net.graph, &self.indices);
        let mut is_visible = graph.op("LessOrEqual", &[all, new]);
        if let Some(window) = window {
            let window = graph.int(window as i64);
            let begin = graph.op("Sub", &[new, &window]);
            let is_near = graph.op("Greater", &[all, &begin]);
            is_visible = graph.op("And", &[&is_visible, &is_near]);
        }
        let keep = graph.op("And", &[&is_visible, &self.is_token]);
        let bias = graph.attention_bias(&keep);
        self.biases.push((window, bias.clone()));
        bias
    }

    /// Keys and values of the next layer, `[batch, kv_heads, seq, head_dim]`, with those of earlier tokens before them.
    pub(super) fn with_past(
        &mut self,
        net: &mut Network,
        [key, value]: [&Value; 2],
        attention: Attention,
    ) -> [Value; 2] {
        let (graph, layer) = (&mut net.graph, self.caches.len());
        let float = graph.float_type();
        let dims = [BATCH, Dim::Fixed(attention.kv_heads), PAST, Dim::Fixed(attention.head_dim)];
        self.caches.push(attention);
        [("key", key), ("value", value)].map(|(part, new)| {
            let past = graph.input(&format!("past_key_values.{layer}.{part}"), float, &dims);
            graph.named_op(&format!("present.{layer}.{part}"), "Concat", &[&past, new], &[("axis", Int(2))])
        })
    }

    /// Adds the outputs.
    pub(super) fn finish(self, net: &mut Network, logits: &Value, vocab: usize) {
        let graph = &mut net.graph;
        let logits = graph.widened(logits);
        graph.output("logits", &logits, Element::Float, &[BATCH, SEQUENCE, Dim::Fixed(vocab)]);
        let float = graph.float_type();
        for (layer, attention) in self.caches.into_iter().enumerate() {
            let dims = [BATCH, Dim::Fixed(attention.kv_heads), TOTAL, Dim::Fixed(attention.head_dim)];
            for part in ["key", "value"] {
                graph.declare_output(&format!("present.{layer}.{part}"), float, &dims);
            }
        }
    }
}
