//! An ONNX file: nodes, inputs, outputs and weights, written front to back. The numbers of fields and types are those of
//! <https://github.com/onnx/onnx/blob/v1.18.0/onnx/onnx.proto>.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use burn::tensor::f16;

use crate::diagnostic::Diagnostic;
use crate::export::failed;
use crate::export::file_rows::FileRows;
use crate::export::int8::{BLOCK, Channel, Half, Int8, column_scales};
use crate::export::onnx::wire::ProtoMessage;
use crate::weights::{Dtype, Weight, WeightRef, encode};

/// Version of the file format; old enough for every ONNX Runtime since 2022.
const IR_VERSION: i64 = 8;

/// Version of the operators: the first with LayerNormalization.
const OPSET: i64 = 17;

/// The domain of ONNX Runtime's own operators.
const MICROSOFT: &str = "com.microsoft";

/// Largest file: one protocol buffer holds no more.
const MAX_BYTES: u64 = i32::MAX as u64;

/// Name of a value in the graph: an input, a weight or an output of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value(Arc<str>);

impl From<&str> for Value {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

/// Type of a value's elements, by its number in `TensorProto.DataType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// 32-bit floats.
    Float = 1,
    /// Bytes.
    Uint8 = 2,
    /// 8-bit integers.
    Int8 = 3,
    /// 64-bit integers.
    Int64 = 7,
    /// Truth values.
    Bool = 9,
    /// 16-bit floats.
    Float16 = 10,
}

/// A dimension of an input or an output.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dim {
    /// A size that is the same in every run.
    Fixed(usize),
    /// A size that differs between runs, with the name that Hugging Face's optimum gives it.
    Named(&'static str),
}

/// Number of texts.
pub(super) const BATCH: Dim = Dim::Named("batch_size");
/// Number of tokens of each text. For a decoder, those in the cache are not counted.
pub(super) const SEQUENCE: Dim = Dim::Named("sequence_length");

/// An attribute of a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attribute<'a> {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A list of integers.
    Ints(&'a [i64]),
}

/// A constant or a weight of the graph.
struct Initializer {
    /// Name, type and shape.
    head: ProtoMessage,
    contents: Contents,
}

enum Contents {
    /// These bytes.
    Constant(Vec<u8>),
    /// The values of a weight, as floats of a type.
    Floats(FileRows, Dtype),
    /// The integers of a quantized matrix.
    Integers(FileRows, Channel),
    /// Its scales.
    Scales(FileRows, Channel),
    /// Half of the integers of a matrix in blocks of a row, in 4 bits each.
    Nibbles(FileRows, Half),
}

/// A graph under construction.
pub(super) struct Graph {
    /// Type of the weights and of what is computed with them.
    float: Element,
    nodes: ProtoMessage,
    inputs: ProtoMessage,
    outputs: ProtoMessage,
    initializers: Vec<Initializer>,
    /// Names of the constants and weights.
    names: HashSet<Arc<str>>,
    /// Number of values that nodes have computed.
    values: usize,
    /// True if it has operators of ONNX Runtime.
    uses_microsoft: bool,
}

impl Graph {
    /// An empty graph, whose weights are floats of a type.
    pub(super) fn new(float: Element) -> Self {
        Self {
            float,
            nodes: ProtoMessage::default(),
            inputs: ProtoMessage::default(),
            outputs: ProtoMessage::default(),
            initializers: Vec::new(),
            names: HashSet::new(),
            values: 0,
            uses_microsoft: false,
        }
    }

    /// Type of the weights and of what is computed with them.
    pub(super) fn float_type(&self) -> Element {
        self.float
    }

    /// Adds an input.
    pub(super) fn input(&mut self, name: &str, element: Element, dims: &[Dim]) -> Value {
        self.inputs.extend(&ProtoMessage::default().message(11, &value_info(name, element, dims)));
        name.into()
    }

    /// Gives a value of the graph the name of an output.
    pub(super) fn output(&mut self, name: &str, value: &Value, element: Element, dims: &[Dim]) {
        // Runtimes remove the node.
        self.add_node("", "Identity", &[value], &[name.into()], &[]);
        self.declare_output(name, element, dims);
    }

    /// Makes a value of the graph an output under its own name.
    pub(super) fn declare_output(&mut self, name: &str, element: Element, dims: &[Dim]) {
        self.outputs.extend(&ProtoMessage::default().message(12, &value_info(name, element, dims)));
    }

    /// Adds a node without attributes.
    pub(super) fn op(&mut self, kind: &str, inputs: &[&Value]) -> Value {
        self.op_with(kind, inputs, &[])
    }

    /// Adds a node.
    pub(super) fn op_with(&mut self, kind: &str, inputs: &[&Value], attributes: &[(&str, Attribute)]) -> Value {
        let [value] = self.ops(kind, inputs, attributes);
        value
    }

    /// Adds a node whose output has this name.
    pub(super) fn named_op(
        &mut self,
        name: &str,
        kind: &str,
        inputs: &[&Value],
        attributes: &[(&str, Attribute)],
    ) -> Value {
        let value = Value::from(name);
        self.add_node("", kind, inputs, std::slice::from_ref(&value), attributes);
        value
    }

    /// Adds a node with `N` outputs.
    pub(super) fn ops<const N: usize>(
        &mut self,
        kind: &str,
        inputs: &[&Value],
        attributes: &[(&str, Attribute)],
    ) -> [Value; N] {
        let outputs = std::array::from_fn(|_| {
            self.values += 1;
            Value(format!("{kind}_{}", self.values).into())
        });
        self.add_node("", kind, inputs, &outputs, attributes);
        outputs
    }

    fn add_node(
        &mut self,
        domain: &str,
        kind: &str,
        inputs: &[&Value],
        outputs: &[Value],
        attributes: &[(&str, Attribute)],
    ) {
        self.uses_microsoft |= domain == MICROSOFT;
        let mut node = inputs.iter().fold(ProtoMessage::default(), |node, input| node.bytes(1, input.0.as_bytes()));
        node = outputs.iter().fold(node, |node, output| node.bytes(2, output.0.as_bytes()));
        if let Some(first) = outputs.first() {
            node = node.bytes(3, first.0.as_bytes());
        }
        node = node.bytes(4, kind);
        node = attributes.iter().fold(node, |node, (name, value)| node.message(5, &attribute(name, *value)));
        if !domain.is_empty() {
            node = node.bytes(7, domain);
        }
        self.nodes.extend(&ProtoMessage::default().message(1, &node));
    }

    /// A constant list of integers.
    pub(super) fn ints(&mut self, values: &[i64]) -> Value {
        let name = format!("ints_{}", values.iter().map(i64::to_string).collect::<Vec<_>>().join("_"));
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(&name, Element::Int64, &[values.len()], bytes)
    }

    /// A constant integer.
    pub(super) fn int(&mut self, value: i64) -> Value {
        self.constant(&format!("int_{value}"), Element::Int64, &[], value.to_le_bytes().into())
    }

    /// A constant float of the graph's type.
    pub(super) fn float(&mut self, value: f64) -> Value {
        match self.float {
            Element::Float16 => {
                let value = f16::from_f64(value);
                self.constant(&format!("float16_{value}"), Element::Float16, &[], value.to_le_bytes().into())
            }
            _ => self.float32(value),
        }
    }

    /// A constant 32-bit float.
    pub(super) fn float32(&mut self, value: f64) -> Value {
        let value = value as f32;
        self.constant(&format!("float_{value}"), Element::Float, &[], value.to_le_bytes().into())
    }

    /// A constant list of 32-bit floats.
    pub(super) fn float32s(&mut self, name: &str, values: &[f32]) -> Value {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, Element::Float, &[values.len()], bytes)
    }

    /// A weight in the layout of the model: a linear layer's is `[in, out]`, which is what MatMul takes.
    pub(super) fn weight(&mut self, name: &str, weight: WeightRef) -> Value {
        let dims = match weight {
            WeightRef::Vector(weight) => weight.tensor.dims().to_vec(),
            WeightRef::Matrix(weight) => weight.tensor.dims().to_vec(),
        };
        let dtype = if self.float == Element::Float16 { Dtype::F16 } else { Dtype::F32 };
        self.initializer(name, self.float, &dims, Contents::Floats(FileRows::as_in_model(weight), dtype))
    }

    /// A quantized matrix: its integers in the layout of the model, and their scales `[columns]` or `[rows, 1]`.
    pub(super) fn quantized(&mut self, name: &str, matrix: &Weight<2>, channel: Channel) -> [Value; 2] {
        let values = FileRows::as_in_model(WeightRef::Matrix(matrix));
        let dims @ [rows, columns] = matrix.tensor.dims();
        let of_scales = match channel {
            Channel::Row => vec![rows, 1],
            _ => vec![columns],
        };
        let integers = Contents::Integers(values.clone(), channel);
        let integers = self.initializer(&format!("{name}_quantized"), Element::Int8, &dims, integers);
        let scales = Contents::Scales(values, channel);
        [integers, self.initializer(&format!("{name}_scale"), Element::Float, &of_scales, scales)]
    }

    /// `x` by a matrix in blocks of 32, whose integers are the sum of two halves of 4 bits: ONNX Runtime before 1.22 has no
    /// product with 8. `sizes` are the numbers of inputs and outputs.
    pub(super) fn product_of_halves(
        &mut self,
        x: &Value,
        name: &str,
        matrix: &Weight<2>,
        channel: Channel,
        [inputs, outputs]: [usize; 2],
    ) -> Value {
        let scales = self.block_scales(name, matrix, channel);
        let sizes = [("K", inputs), ("N", outputs), ("bits", 4), ("block_size", BLOCK)];
        let attributes = sizes.map(|(name, size)| (name, Attribute::Int(size as i64)));
        let [high, low] = [(Half::High, "high"), (Half::Low, "low")].map(|(half, part)| {
            let nibbles = Contents::Nibbles(in_order_of_outputs(matrix, channel), half);
            let shape = [outputs, inputs / BLOCK, BLOCK / 2];
            let nibbles = self.initializer(&format!("{name}_{part}"), Element::Uint8, &shape, nibbles);
            self.values += 1;
            let product = Value(format!("MatMulNBits_{}", self.values).into());
            let inputs = [x, &nibbles, &scales];
            self.add_node(MICROSOFT, "MatMulNBits", &inputs, std::slice::from_ref(&product), &attributes);
            product
        });
        let sixteen = self.float(16.0);
        let high = self.op("Mul", &[&high, &sixteen]);
        self.op("Add", &[&high, &low])
    }

    /// The integers of a table in blocks of 32, `[rows, blocks, 32]`, and their scales, `[rows, blocks, 1]`.
    pub(super) fn blocks(&mut self, name: &str, matrix: &Weight<2>, channel: Channel) -> [Value; 2] {
        let [rows, columns] = matrix.tensor.dims();
        let integers = Contents::Integers(FileRows::as_in_model(WeightRef::Matrix(matrix)), channel);
        let shape = [rows, columns / BLOCK, BLOCK];
        let integers = self.initializer(&format!("{name}_quantized"), Element::Int8, &shape, integers);
        let scales = self.block_scales(name, matrix, channel);
        let shape = self.ints(&[rows as i64, (columns / BLOCK) as i64, 1]);
        [integers, self.op("Reshape", &[&scales, &shape])]
    }

    /// The scales of a matrix in blocks, in the order of its outputs.
    fn block_scales(&mut self, name: &str, matrix: &Weight<2>, channel: Channel) -> Value {
        let scales = Contents::Scales(in_order_of_outputs(matrix, channel), Channel::RowBlock);
        let count = channel.count(matrix.tensor.dims());
        self.initializer(&format!("{name}_scale"), Element::Float, &[count], scales)
    }

    fn constant(&mut self, name: &str, element: Element, dims: &[usize], bytes: Vec<u8>) -> Value {
        self.initializer(name, element, dims, Contents::Constant(bytes))
    }

    /// Adds an initializer, unless there is one of its name.
    fn initializer(&mut self, name: &str, element: Element, dims: &[usize], contents: Contents) -> Value {
        let name: Arc<str> = name.into();
        if self.names.insert(name.clone()) {
            let head = dims.iter().fold(ProtoMessage::default(), |head, &dim| head.number(1, dim as i64));
            let head = head.number(2, element as i64).bytes(8, name.as_bytes());
            self.initializers.push(Initializer { head, contents });
        }
        Value(name)
    }

    /// Writes the file, reading the weights from the device piece by piece. `progress` receives the number of tensors done
    /// and in total.
    ///
    /// # Errors
    /// `export.onnx-size` if the file would be larger than the format allows, or if the device or `out` fails.
    pub(super) async fn write(
        self,
        out: &mut impl Write,
        progress: &mut impl FnMut(usize, usize),
    ) -> Result<(), Diagnostic> {
        let uses_microsoft = self.uses_microsoft;
        let mut graph = self.nodes;
        graph.extend(&ProtoMessage::default().bytes(2, "hone"));
        graph.extend(&self.inputs);
        graph.extend(&self.outputs);
        let leads: Vec<ProtoMessage> = self.initializers.iter().map(Initializer::lead).collect();
        let sizes = self.initializers.iter().zip(&leads);
        let weights: u64 = sizes.map(|(weight, lead)| lead.as_bytes().len() as u64 + weight.contents.size()).sum();
        let bytes = graph.as_bytes().len() as u64 + weights;
        if bytes > MAX_BYTES {
            return Err(too_large(bytes));
        }
        let opset = ProtoMessage::default().bytes(1, "").number(2, OPSET);
        let mut file = ProtoMessage::default().number(1, IR_VERSION).bytes(2, "hone").message(8, &opset);
        if uses_microsoft {
            file = file.message(8, &ProtoMessage::default().bytes(1, MICROSOFT).number(2, 1));
        }
        let file = file.length(7, bytes);
        out.write_all(file.as_bytes()).map_err(failed)?;
        out.write_all(graph.as_bytes()).map_err(failed)?;
        let total = leads.len();
        for (done, (lead, Initializer { contents, .. })) in leads.into_iter().zip(self.initializers).enumerate() {
            out.write_all(lead.as_bytes()).map_err(failed)?;
            contents.write(out).await?;
            progress(done + 1, total);
        }
        Ok(())
    }
}

impl Initializer {
    /// Everything of the initializer's field in the graph that comes before the values.
    fn lead(&self) -> ProtoMessage {
        let size = self.contents.size();
        let before = self.head.clone().length(9, size);
        let mut lead = ProtoMessage::default().length(5, before.as_bytes().len() as u64 + size);
        lead.extend(&before);
        lead
    }
}

impl Contents {
    /// Size of the values in the file, in bytes.
    fn size(&self) -> u64 {
        match self {
            Self::Constant(bytes) => bytes.len() as u64,
            Self::Floats(rows, dtype) => (rows.count() * dtype.size()) as u64,
            Self::Integers(rows, _) => rows.count() as u64,
            Self::Scales(rows, channel) => channel.count(rows.dims()) as u64 * 4,
            Self::Nibbles(rows, _) => rows.count() as u64 / 2,
        }
    }

    /// Writes the values as the file stores them, read from the device piece by piece.
    ///
    /// # Errors
    /// If the device or `out` fails.
    async fn write(self, out: &mut impl Write) -> Result<(), Diagnostic> {
        let rows = match &self {
            Self::Constant(bytes) => return out.write_all(bytes).map_err(failed),
            Self::Floats(rows, _) | Self::Integers(rows, _) | Self::Scales(rows, _) | Self::Nibbles(rows, _) => rows,
        };
        // A column goes through all pieces.
        let scales = match self {
            Self::Integers(_, Channel::Column) | Self::Scales(_, Channel::Column) => Some(column_scales(rows).await?),
            _ => None,
        };
        if let (Self::Scales(..), Some(scales)) = (&self, &scales) {
            return out.write_all(&encode(scales, Dtype::F32)).map_err(failed);
        }
        let [_, columns] = rows.dims();
        for piece in rows.pieces(1) {
            let dims = [piece.len(), columns];
            let values = rows.read(piece).await?;
            let quantized = |channel| match &scales {
                Some(scales) => Int8::scaled(&values, scales.clone(), dims, channel),
                None => Int8::new(&values, dims, channel),
            };
            let bytes = match &self {
                Self::Constant(_) => Vec::new(),
                Self::Floats(_, dtype) => encode(&values, *dtype),
                Self::Integers(_, channel) => quantized(*channel).values.into_iter().map(|value| value as u8).collect(),
                Self::Scales(_, channel) => encode(&quantized(*channel).scales, Dtype::F32),
                Self::Nibbles(_, half) => quantized(Channel::RowBlock).nibbles(*half),
            };
            out.write_all(&bytes).map_err(failed)?;
        }
        Ok(())
    }
}

/// The rows of a matrix that is quantized in blocks, in the order of its outputs, so that each block is a part of a row.
fn in_order_of_outputs(matrix: &Weight<2>, channel: Channel) -> FileRows {
    let rows = FileRows::as_in_model(WeightRef::Matrix(matrix));
    if channel == Channel::ColumnBlock { rows.transposed() } else { rows }
}

fn attribute(name: &str, value: Attribute) -> ProtoMessage {
    let named = ProtoMessage::default().bytes(1, name);
    // The last field is the attribute's type.
    match value {
        Attribute::Float(value) => named.float(2, value as f32).number(20, 1),
        Attribute::Int(value) => named.number(3, value).number(20, 2),
        Attribute::Ints(values) => values.iter().fold(named, |named, &value| named.number(8, value)).number(20, 7),
    }
}

fn value_info(name: &str, element: Element, dims: &[Dim]) -> ProtoMessage {
    let shape = dims.iter().fold(ProtoMessage::default(), |shape, dim| {
        shape.message(
            1,
            &match *dim {
                Dim::Fixed(size) => ProtoMessage::default().number(1, size as i64),
                Dim::Named(name) => ProtoMessage::default().bytes(2, name),
            },
        )
    });
    let tensor = ProtoMessage::default().number(1, element as i64).message(2, &shape);
    ProtoMessage::default().bytes(1, name).message(2, &ProtoMessage::default().message(1, &tensor))
}

fn too_large(bytes: u64) -> Diagnostic {
    Diagnostic::new(
        "export.onnx-size",
        format!("The ONNX file would have {:.1} GB, and the format allows 2 GB.", bytes as f64 / 1e9),
    )
    .done("Nothing was written; the tuned model is still here.")
    .remedy("Download the model as safetensors.")
}
