//! A graph that takes a model's weights by name, and the layers that the families share.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::export::ExportedModel;
use crate::export::int8::Channel;
use crate::export::onnx::graph::Attribute::{Float, Int, Ints};
use crate::export::onnx::graph::{Element, Graph, Value};
use crate::model::TaskModel;
use crate::usage::ExportDtype;
use crate::weights::{Weight, WeightRef, Weights};

/// Added to the scores of tokens that must not be attended to. It is finite, so that a row without tokens is no NaN.
const MASKED: f64 = -1e9;

/// The same in 16 bits.
const MASKED_FLOAT16: f64 = -1e4;

/// The attention of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attention {
    /// Number of query heads.
    pub(super) heads: usize,
    /// Number of key and value heads.
    pub(super) kv_heads: usize,
    /// Size of a head.
    pub(super) head_dim: usize,
    /// Factor of the scores.
    pub(super) scale: f64,
}

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
        let float = if *dtype == ExportDtype::Float16 { Element::Float16 } else { Element::Float };
        Self {
            graph: Graph::new(float),
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

    /// A linear layer, with a bias if the model has one: `[.., in]` to `[.., out]`.
    pub(super) fn linear(&mut self, x: &Value, name: &str) -> Value {
        let weight = format!("{name}.weight");
        let product = match self.quantized_matrix(&weight) {
            Some((matrix, channel @ Channel::ColumnBlock)) => {
                let sizes = matrix.tensor.dims();
                self.graph.product_of_halves(x, &self.model.file_name(&weight), matrix, channel, sizes)
            }
            Some((matrix, channel)) => {
                let [integers, scales] = self.graph.quantized(&self.model.file_name(&weight), matrix, channel);
                self.quantized_product(x, &integers, &scales)
            }
            None => {
                let weight = self.weight(&weight);
                self.graph.op("MatMul", &[x, &weight])
            }
        };
        let bias = format!("{name}.bias");
        if !self.has(&bias) {
            return product;
        }
        let bias = self.weight(&bias);
        self.graph.op("Add", &[&product, &bias])
    }

    /// Scores `[batch, seq, rows]` of `x` `[batch, seq, hidden]` by a table `[rows, hidden]`, which is in the file once.
    pub(super) fn tied_head(&mut self, x: &Value, table: &str, [rows, hidden]: [usize; 2]) -> Value {
        if let Some((matrix, channel)) = self.quantized_matrix(table) {
            return self.graph.product_of_halves(x, &self.model.file_name(table), matrix, channel, [hidden, rows]);
        }
        let table = self.weight(table);
        let graph = &mut self.graph;
        let (flat, begin, two, rows) =
            (graph.ints(&[-1, hidden as i64]), graph.ints(&[0]), graph.ints(&[2]), graph.ints(&[rows as i64]));
        let shape = graph.op("Shape", &[x]);
        let texts = graph.op("Slice", &[&shape, &begin, &two]);
        let shape = graph.op_with("Concat", &[&texts, &rows], &[("axis", Int(0))]);
        let x = graph.op("Reshape", &[x, &flat]);
        // A transposed copy of the table would be made when the file is opened.
        let scores = graph.op_with("Gemm", &[&x, &table], &[("transB", Int(1))]);
        graph.op("Reshape", &[&scores, &shape])
    }

    /// An RMS norm over the last dimension, to whose weight `offset` is added. It is computed in 32 bits, with the operations
    /// in the order that ONNX Runtime fuses.
    pub(super) fn rms_norm(&mut self, x: &Value, name: &str, offset: f64, eps: f64) -> Value {
        let weight = self.weight(&format!("{name}.weight"));
        let graph = &mut self.graph;
        let (two, eps) = (graph.float32(2.0), graph.float32(eps));
        let wide = graph.widened(x);
        let square = graph.op("Pow", &[&wide, &two]);
        let mean = graph.op_with("ReduceMean", &[&square], &[("axes", Ints(&[-1])), ("keepdims", Int(1))]);
        let sum = graph.op("Add", &[&mean, &eps]);
        let root = graph.op("Sqrt", &[&sum]);
        let normal = graph.op("Div", &[&wide, &root]);
        if offset == 0.0 {
            let normal = graph.narrowed(&normal);
            return graph.op("Mul", &[&normal, &weight]);
        }
        let (weight, offset) = (graph.widened(&weight), graph.float32(offset));
        let weight = graph.op("Add", &[&weight, &offset]);
        let scaled = graph.op("Mul", &[&normal, &weight]);
        graph.narrowed(&scaled)
    }

    /// Rows of an embedding table.
    pub(super) fn rows(&mut self, name: &str, ids: &Value) -> Value {
        match self.quantized_matrix(name) {
            Some((matrix, channel)) => {
                let name = self.model.file_name(name);
                let is_in_blocks = channel == Channel::RowBlock;
                let table = if is_in_blocks {
                    self.graph.blocks(&name, matrix, channel)
                } else {
                    self.graph.quantized(&name, matrix, channel)
                };
                let [integers, scales] = table.map(|part| self.graph.op("Gather", &[&part, ids]));
                let integers = self.graph.cast(&integers, Element::Float);
                let rows = self.graph.op("Mul", &[&integers, &scales]);
                let [_, columns] = matrix.tensor.dims();
                if is_in_blocks { self.graph.reshape(&rows, &[0, 0, columns as i64]) } else { rows }
            }
            None => {
                let table = self.weight(name);
                self.graph.op("Gather", &[&table, ids])
            }
        }
    }

    /// A weight that is quantized; `None` if it stays a float.
    fn quantized_matrix(&mut self, name: &str) -> Option<(&'a Weight<2>, Channel)> {
        let weight = *self.weights.get(name).filter(|_| self.dtype == ExportDtype::Int8)?;
        let channel = Channel::of(weight, self.model.base.family())?;
        let WeightRef::Matrix(matrix) = weight else { return None };
        self.unused.remove(name);
        Some((matrix, channel))
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

    /// A layer norm without a bias, over the last dimension.
    pub(super) fn unbiased_norm(&mut self, x: &Value, name: &str, eps: f64) -> Value {
        let scale = self.weight(&format!("{name}.weight"));
        self.graph.op_with("LayerNormalization", &[x, &scale], &[("axis", Int(-1)), ("epsilon", Float(eps))])
    }

    /// A layer norm with weights, over the last dimension.
    pub(super) fn layer_norm(&mut self, x: &Value, name: &str, eps: f64) -> Value {
        let [scale, bias] = ["weight", "bias"].map(|part| self.weight(&format!("{name}.{part}")));
        self.graph.op_with("LayerNormalization", &[x, &scale, &bias], &[("axis", Int(-1)), ("epsilon", Float(eps))])
    }

    /// A layer norm without weights, over the last dimension, which has `size` values.
    pub(super) fn unit_norm(&mut self, x: &Value, size: usize, eps: f64) -> Value {
        let ones = self.graph.float32s(&format!("ones_{size}"), &vec![1.0; size]);
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

    /// GELU's approximation by tanh.
    pub(super) fn gelu_tanh(&mut self, x: &Value) -> Value {
        let [cubic, root, one, half] =
            [0.044715, (2.0 / std::f64::consts::PI).sqrt(), 1.0, 0.5].map(|value| self.float(value));
        let square = self.op("Mul", &[x, x]);
        let cube = self.op("Mul", &[&square, x]);
        let cube = self.op("Mul", &[&cube, &cubic]);
        let inner = self.op("Add", &[x, &cube]);
        let inner = self.op("Mul", &[&inner, &root]);
        let tanh = self.op("Tanh", &[&inner]);
        let outer = self.op("Add", &[&tanh, &one]);
        let product = self.op("Mul", &[x, &outer]);
        self.op("Mul", &[&product, &half])
    }

    /// `x · sigmoid(x)`.
    pub(super) fn silu(&mut self, x: &Value) -> Value {
        let sigmoid = self.op("Sigmoid", &[x]);
        self.op("Mul", &[x, &sigmoid])
    }

    /// `x · factor`, without a node if the factor is 1.
    pub(super) fn times(&mut self, x: &Value, factor: f64) -> Value {
        if factor == 1.0 {
            return x.clone();
        }
        let factor = self.float(factor);
        self.op("Mul", &[x, &factor])
    }

    /// The value in 32 bits.
    pub(super) fn widened(&mut self, x: &Value) -> Value {
        if self.float_type() == Element::Float { x.clone() } else { self.cast(x, Element::Float) }
    }

    /// A value in 32 bits, in the graph's type.
    pub(super) fn narrowed(&mut self, x: &Value) -> Value {
        match self.float_type() {
            Element::Float => x.clone(),
            float => self.cast(x, float),
        }
    }

    /// `[batch, seq, heads · size]` to `[batch, heads, seq, size]`.
    pub(super) fn split_heads(&mut self, x: &Value, heads: usize, size: usize) -> Value {
        let split = self.reshape(x, &[0, 0, heads as i64, size as i64]);
        self.swap_heads(&split)
    }

    /// `[batch, seq, heads, size]` to `[batch, heads, seq, size]`, or back.
    pub(super) fn swap_heads(&mut self, x: &Value) -> Value {
        self.op_with("Transpose", &[x], &[("perm", Ints(&[0, 2, 1, 3]))])
    }

    /// The value in another shape. 0 keeps the size at its place, and -1 is what remains.
    pub(super) fn reshape(&mut self, x: &Value, shape: &[i64]) -> Value {
        let shape = self.ints(shape);
        self.op("Reshape", &[x, &shape])
    }

    /// `[batch, heads, seq, size]` to `[batch, seq, width]`, where `width` is `heads · size`.
    pub(super) fn join_heads(&mut self, x: &Value, width: usize) -> Value {
        let joined = self.swap_heads(x);
        self.reshape(&joined, &[0, 0, width as i64])
    }

    /// Scaled dot-product attention of `[batch, heads, seq, head_dim]`. `bias` is added to the scores. Queries that share a
    /// key head are stacked along the sequence, so that keys and values need no copy.
    pub(super) fn attend(&mut self, [query, key, value]: [&Value; 3], bias: &Value, attention: Attention) -> Value {
        let Attention { heads, kv_heads, head_dim, scale } = attention;
        let [heads, kv, size] = [heads, kv_heads, head_dim].map(|size| size as i64);
        let scale = self.float(scale);
        let mut query = self.op("Mul", &[query, &scale]);
        if kv != heads {
            query = self.reshape(&query, &[0, kv, -1, size]);
        }
        let key = self.op_with("Transpose", &[key], &[("perm", Ints(&[0, 1, 3, 2]))]);
        let mut scores = self.op("MatMul", &[&query, &key]);
        if kv != heads {
            scores = self.reshape(&scores, &[0, heads, -1, 0]);
        }
        let scores = self.op("Add", &[&scores, bias]);
        let mut probs = self.op_with("Softmax", &[&scores], &[("axis", Int(-1))]);
        if kv != heads {
            probs = self.reshape(&probs, &[0, kv, -1, 0]);
        }
        let context = self.op("MatMul", &[&probs, value]);
        if kv == heads { context } else { self.reshape(&context, &[0, heads, -1, size]) }
    }

    /// 0 where `keep` is true, and far below elsewhere.
    pub(super) fn attention_bias(&mut self, keep: &Value) -> Value {
        let masked = if self.float_type() == Element::Float16 { MASKED_FLOAT16 } else { MASKED };
        let [zero, masked] = [0.0, masked].map(|value| self.float(value));
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
