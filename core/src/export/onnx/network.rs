//! A graph that takes a model's weights by name, and the layers that the families share.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::export::ExportedModel;
use crate::export::int8::Channel;
use crate::export::onnx::graph::Attribute::{Float, Int, Ints};
use crate::export::onnx::graph::{Element, Graph, Value};
use crate::model::TaskModel;
use crate::usage::ExportDtype;
use crate::weights::{WeightRef, Weights};

/// Added to the scores of tokens that must not be attended to. It is finite, so that a row without tokens is no NaN.
const MASKED: f64 = -1e9;

/// A network under construction.
pub(super) struct Network<'a> {
    /// The graph so far.
    pub(super) graph: Graph,
    model: &'a TaskModel,
    dtype: ExportDtype,
    /// Values that are quantized when the graph runs: integers, scale and zero point.
    quantized: BTreeMap<Value, [Value; 3]>,
    weights: BTreeMap<&'a str, WeightRef<'a>>,
    unused: BTreeSet<&'a str>,
    /// Weights that were asked for and are not in the model.
    missing: Vec<String>,
}

impl<'a> Network<'a> {
    /// An empty graph for a model.
    pub(super) fn new(ExportedModel { model, dtype, .. }: &'a ExportedModel) -> Self {
        let mut weights = BTreeMap::new();
        model.visit(&mut |weight| _ = weights.insert(&**weight.name(), weight));
        let unused = weights.keys().copied().collect();
        Self {
            graph: Graph::default(),
            model,
            dtype: *dtype,
            quantized: BTreeMap::new(),
            weights,
            unused,
            missing: Vec::new(),
        }
    }

    /// The graph, once it is complete.
    ///
    /// # Errors
    /// `export.onnx` if it lacks a weight of the model, or the model one of the graph. The graph would compute something
    /// else than the model.
    pub(super) fn finish(self) -> Result<Graph, Diagnostic> {
        let unused = self.unused.iter().map(|&name| name.to_owned());
        match self.missing.into_iter().chain(unused).next() {
            None => Ok(self.graph),
            Some(name) => Err(Diagnostic::new(
                "export.onnx",
                format!("This model cannot be written as ONNX: Hone does not know how it uses {name}."),
            )
            .done("Nothing was written; the tuned model is still here.")
            .remedy("Download the model as safetensors and convert it with Hugging Face's optimum.")),
        }
    }

    /// Returns true if the model has a weight of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.weights.contains_key(name)
    }

    /// Leaves out the weights whose names begin with `prefix`.
    pub(super) fn leave_out(&mut self, prefix: &str) {
        self.unused.retain(|name| !name.starts_with(prefix));
    }

    /// Number of values of a weight.
    pub(super) fn len(&self, name: &str) -> usize {
        self.weights.get(name).map_or(0, |weight| weight.len())
    }

    /// A weight of the model.
    pub(super) fn weight(&mut self, name: &str) -> Value {
        match self.weights.get(name) {
            Some(&weight) => {
                self.unused.remove(name);
                self.graph.weight(&self.model.file_name(name), weight)
            }
            None => {
                self.missing.push(name.to_owned());
                Value::default()
            }
        }
    }

    /// A linear layer: `[.., in]` to `[.., out]`.
    pub(super) fn linear(&mut self, x: &Value, name: &str) -> Value {
        let weight = format!("{name}.weight");
        let product = match self.quantized_weight(&weight) {
            Some([integers, scales]) => self.quantized_product(x, &integers, &scales),
            None => {
                let weight = self.weight(&weight);
                self.graph.op("MatMul", &[x, &weight])
            }
        };
        let bias = self.weight(&format!("{name}.bias"));
        self.graph.op("Add", &[&product, &bias])
    }

    /// Rows of an embedding table.
    pub(super) fn rows(&mut self, name: &str, ids: &Value) -> Value {
        match self.quantized_weight(name) {
            Some(table) => {
                let [integers, scales] = table.map(|part| self.graph.op("Gather", &[&part, ids]));
                let integers = self.graph.cast(&integers, Element::Float);
                self.graph.op("Mul", &[&integers, &scales])
            }
            None => {
                let table = self.weight(name);
                self.graph.op("Gather", &[&table, ids])
            }
        }
    }

    /// Integers and scales of a weight; `None` if it stays a float.
    fn quantized_weight(&mut self, name: &str) -> Option<[Value; 2]> {
        let weight = *self.weights.get(name).filter(|_| self.dtype == ExportDtype::Int8)?;
        let (WeightRef::Matrix(matrix), Some(channel)) = (weight, Channel::of(weight)) else { return None };
        self.unused.remove(name);
        Some(self.graph.quantized(&self.model.file_name(name), matrix, channel))
    }

    /// `x` by a quantized matrix, in integers. `x` is rounded to 8 bits by its range, once for all layers that read it. ONNX
    /// Runtime fuses the nodes.
    fn quantized_product(&mut self, x: &Value, integers: &Value, scales: &Value) -> Value {
        let graph = &mut self.graph;
        let rounded = self.quantized.entry(x.clone()).or_insert_with(|| graph.ops("DynamicQuantizeLinear", &[x], &[]));
        let [rounded, scale, zero_point] = &*rounded;
        let sums = graph.op("MatMulInteger", &[rounded, integers, zero_point]);
        let sums = graph.cast(&sums, Element::Float);
        let scales = graph.op("Mul", &[scale, scales]);
        graph.op("Mul", &[&sums, &scales])
    }

    /// A layer norm with weights, over the last dimension.
    pub(super) fn layer_norm(&mut self, x: &Value, name: &str, eps: f64) -> Value {
        let [scale, bias] = ["weight", "bias"].map(|part| self.weight(&format!("{name}.{part}")));
        self.graph.op_with("LayerNormalization", &[x, &scale, &bias], &[("axis", Int(-1)), ("epsilon", Float(eps))])
    }

    /// A layer norm without weights, over the last dimension, which has `size` values.
    pub(super) fn unit_norm(&mut self, x: &Value, size: usize, eps: f64) -> Value {
        let ones = self.graph.ones(size);
        self.graph.op_with("LayerNormalization", &[x, &ones], &[("axis", Int(-1)), ("epsilon", Float(eps))])
    }
}

impl Graph {
    /// `x / 2 · (1 + erf(x / √2))`. ONNX Runtime fuses the nodes; the operator Gelu is newer than our opset.
    pub(super) fn gelu(&mut self, x: &Value) -> Value {
        let [root, one, half] = [std::f64::consts::SQRT_2, 1.0, 0.5].map(|value| self.float(value));
        let scaled = self.op("Div", &[x, &root]);
        let erf = self.op("Erf", &[&scaled]);
        let inner = self.op("Add", &[&erf, &one]);
        let product = self.op("Mul", &[x, &inner]);
        self.op("Mul", &[&product, &half])
    }

    /// `[batch, seq, heads · size]` to `[batch, heads, seq, size]`.
    pub(super) fn split_heads(&mut self, x: &Value, heads: usize, size: usize) -> Value {
        let shape = self.ints(&[0, 0, heads as i64, size as i64]);
        let split = self.op("Reshape", &[x, &shape]);
        self.op_with("Transpose", &[&split], &[("perm", Ints(&[0, 2, 1, 3]))])
    }

    /// `[batch, heads, seq, size]` to `[batch, seq, width]`, where `width` is `heads · size`.
    pub(super) fn join_heads(&mut self, x: &Value, width: usize) -> Value {
        let joined = self.op_with("Transpose", &[x], &[("perm", Ints(&[0, 2, 1, 3]))]);
        let shape = self.ints(&[0, 0, width as i64]);
        self.op("Reshape", &[&joined, &shape])
    }

    /// Scaled dot-product attention of `[batch, heads, seq, size]`. `bias` is added to the scores.
    pub(super) fn attend(&mut self, [query, key, value]: [&Value; 3], bias: &Value, size: usize) -> Value {
        let scale = self.float((size as f64).powf(-0.5));
        let query = self.op("Mul", &[query, &scale]);
        let key = self.op_with("Transpose", &[key], &[("perm", Ints(&[0, 1, 3, 2]))]);
        let scores = self.op("MatMul", &[&query, &key]);
        let scores = self.op("Add", &[&scores, bias]);
        let probs = self.op_with("Softmax", &[&scores], &[("axis", Int(-1))]);
        self.op("MatMul", &[&probs, value])
    }

    /// 0 where `keep` is true, and far below elsewhere.
    pub(super) fn attention_bias(&mut self, keep: &Value) -> Value {
        let [zero, masked] = [0.0, MASKED].map(|value| self.float(value));
        self.op("Where", &[keep, &zero, &masked])
    }

    /// The value with more dimensions of size 1.
    pub(super) fn unsqueeze(&mut self, x: &Value, axes: &[i64]) -> Value {
        let axes = self.ints(axes);
        self.op("Unsqueeze", &[x, &axes])
    }

    /// The value with elements of another type.
    pub(super) fn cast(&mut self, x: &Value, element: Element) -> Value {
        self.op_with("Cast", &[x], &[("to", Int(element as i64))])
    }
}
