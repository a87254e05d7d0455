//! A model's weights, each with its name in the file: the one table that import, export, optimizer and checkpoints
//! read.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{DType, Tensor, TensorData};

use crate::recipe::ParamGroup;
use crate::weights::{Dtype, TensorInfo};

/// One weight.
#[derive(Clone, Debug)]
pub struct Weight<const D: usize> {
    /// Its name in the model's file, without a family's prefix: `encoder.layer.0.attention.self.query.weight`.
    pub name: Arc<str>,
    /// Its values. A linear layer's are `[in, out]`, where the file has `[out, in]`.
    pub tensor: Tensor<D>,
    /// Which part of the model it belongs to.
    pub group: ParamGroup,
    /// Element type in the file.
    pub dtype: Dtype,
    /// Whether the file has it transposed.
    pub transposed: bool,
    /// Whether it stays as it is although its part is live: an adapter learns beside it.
    pub is_fixed: bool,
}

/// A weight of either rank.
#[derive(Debug)]
pub enum AnyWeight<'a> {
    /// Biases and norms.
    Vector(&'a mut Weight<1>),
    /// Everything else.
    Matrix(&'a mut Weight<2>),
}

/// Something that has weights.
pub trait Weights: Clone {
    /// Visits every weight, from the input to the output.
    fn each<'a>(&'a mut self, visit: &mut dyn FnMut(AnyWeight<'a>));

    /// The same model, for one training step: the weights that `live` names record their gradients, all others are
    /// constants, below which no backward pass is made.
    fn tracked(&self, trainable: impl Fn(ParamGroup) -> bool) -> Self {
        let mut tracked = self.clone();
        tracked.each(&mut |weight| match weight {
            AnyWeight::Vector(w) if trainable(w.group) && !w.is_fixed => {
                w.tensor = w.tensor.clone().autodiff().require_grad()
            }
            AnyWeight::Matrix(w) if trainable(w.group) && !w.is_fixed => {
                w.tensor = w.tensor.clone().autodiff().require_grad()
            }
            _ => {}
        });
        tracked
    }

    /// Number of parameters.
    fn parameters(&self) -> usize {
        let mut sum = 0;
        self.clone().each(&mut |weight| sum += weight.len());
        sum
    }

    /// Bytes of the weights in their file, which has each in its own type.
    fn file_bytes(&self) -> u64 {
        let mut sum = 0;
        self.clone().each(&mut |weight| sum += (weight.len() * weight.dtype().size()) as u64);
        sum
    }

    /// Number of parameters of each part that learn when it is live.
    fn learning_parameters(&self) -> BTreeMap<ParamGroup, usize> {
        let mut sums = BTreeMap::new();
        self.clone().each(&mut |weight| {
            *sums.entry(weight.group()).or_default() += if weight.is_fixed() { 0 } else { weight.len() };
        });
        sums
    }
}

impl AnyWeight<'_> {
    /// Its name in the file.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Vector(w) => &w.name,
            Self::Matrix(w) => &w.name,
        }
    }

    /// Which part of the model it belongs to.
    pub fn group(&self) -> ParamGroup {
        match self {
            Self::Vector(w) => w.group,
            Self::Matrix(w) => w.group,
        }
    }

    /// Whether it is the scale of a norm, in whatever words the family calls it: a vector that is a weight.
    pub fn is_norm_scale(&self) -> bool {
        matches!(self, Self::Vector(w) if w.name.ends_with(".weight"))
    }

    /// Whether it stays as it is although its part is live.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::Vector(w) => w.is_fixed,
            Self::Matrix(w) => w.is_fixed,
        }
    }

    /// Keeps it from learning.
    pub fn fix(self) {
        match self {
            Self::Vector(w) => w.is_fixed = true,
            Self::Matrix(w) => w.is_fixed = true,
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Vector(w) => w.tensor.shape().num_elements(),
            Self::Matrix(w) => w.tensor.shape().num_elements(),
        }
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its shape in the file.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Vector(w) => w.tensor.dims().to_vec(),
            Self::Matrix(w) => {
                let [rows, columns] = w.tensor.dims();
                if w.transposed { vec![columns, rows] } else { vec![rows, columns] }
            }
        }
    }

    /// Element type in the file.
    pub fn dtype(&self) -> Dtype {
        match self {
            Self::Vector(w) => w.dtype,
            Self::Matrix(w) => w.dtype,
        }
    }

    /// A handle on its values as they are now, and whether the file has them transposed.
    pub fn values(&self) -> (Tensor<1>, Option<[usize; 2]>) {
        match self {
            Self::Vector(w) => (w.tensor.clone(), None),
            Self::Matrix(w) => {
                let [rows, columns] = w.tensor.dims();
                (w.tensor.clone().reshape([rows * columns]), w.transposed.then_some([rows, columns]))
            }
        }
    }
}

/// The bytes of a tensor as 32-bit floats; none of integers. `bytes` is as long as `info` says.
pub fn read(info: &TensorInfo, bytes: Vec<u8>) -> Option<TensorData> {
    let dtype = match info.dtype {
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::Integer { .. } => return None,
    };
    Some(TensorData::from_bytes_vec(bytes, info.shape.clone(), dtype).convert::<f32>())
}

/// A weight's values, row-major as the model has them, as the file's bytes. `transposed` gives rows and columns of a
/// matrix that the file has the other way round.
pub fn encode(values: &[f32], dtype: Dtype, transposed: Option<[usize; 2]>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * dtype.size());
    let mut push = |value: f32| match dtype {
        Dtype::F16 => bytes.extend(half::f16::from_f32(value).to_le_bytes()),
        Dtype::BF16 => bytes.extend(half::bf16::from_f32(value).to_le_bytes()),
        Dtype::F32 | Dtype::Integer { .. } => bytes.extend(value.to_le_bytes()),
    };
    match transposed {
        None => values.iter().copied().for_each(push),
        Some([rows, columns]) => {
            for column in 0..columns {
                (0..rows).for_each(|row| push(values[row * columns + column]));
            }
        }
    }
    bytes
}
