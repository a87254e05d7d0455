//! A model's weights, each with its name in the file. Import, export, optimizer and freezing all refer to these names.

use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor};

use crate::recipe::ParamGroup;

/// One weight.
#[derive(Clone, Debug)]
pub struct Weight<const D: usize> {
    /// Name in the model's file, without the family's prefix: `encoder.layer.0.attention.self.query.weight`.
    pub name: Arc<str>,
    /// Values. A linear layer's are `[in, out]`, where the file has `[out, in]`. They have 32 bits, or the 16 bits of the file
    /// until the weight is trained.
    pub tensor: Tensor<D>,
    /// Group, which determines freezing and learning rate.
    pub group: ParamGroup,
    /// True if the file stores the transpose.
    pub transposed: bool,
    /// True if the weight stays frozen even when its group is trainable, because an adapter is trained instead.
    pub is_frozen: bool,
}

/// The tensor in 32 bits.
pub(crate) fn in_32_bits<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.cast(DType::F32)
}

/// A shared reference to a weight of either rank.
#[derive(Clone, Copy, Debug)]
pub enum WeightRef<'a> {
    /// A bias or the scale of a norm.
    Vector(&'a Weight<1>),
    /// Any other weight.
    Matrix(&'a Weight<2>),
}

/// A mutable reference to a weight of either rank.
#[derive(Debug)]
pub enum WeightMut<'a> {
    /// A bias or the scale of a norm.
    Vector(&'a mut Weight<1>),
    /// Any other weight.
    Matrix(&'a mut Weight<2>),
}

impl<'a> WeightRef<'a> {
    /// Name in the model's file, without the family's prefix.
    pub fn name(self) -> &'a Arc<str> {
        match self {
            Self::Vector(w) => &w.name,
            Self::Matrix(w) => &w.name,
        }
    }

    /// Group, which determines freezing and learning rate.
    pub fn group(self) -> ParamGroup {
        match self {
            Self::Vector(w) => w.group,
            Self::Matrix(w) => w.group,
        }
    }

    /// Returns true for the scale of a norm, however the family names it: the vectors that are not biases.
    pub fn is_norm_scale(self) -> bool {
        matches!(self, Self::Vector(w) if w.name.ends_with(".weight"))
    }

    /// Returns true if the weight stays frozen even when its group is trainable.
    pub fn is_frozen(self) -> bool {
        match self {
            Self::Vector(w) => w.is_frozen,
            Self::Matrix(w) => w.is_frozen,
        }
    }

    /// Number of values.
    #[expect(clippy::len_without_is_empty, reason = "a weight is never empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Vector(w) => w.tensor.shape().num_elements(),
            Self::Matrix(w) => w.tensor.shape().num_elements(),
        }
    }

    /// Shape in the file.
    pub fn shape(self) -> Vec<usize> {
        match self {
            Self::Vector(w) => w.tensor.dims().to_vec(),
            Self::Matrix(w) => {
                let [rows, columns] = w.tensor.dims();
                if w.transposed { vec![columns, rows] } else { vec![rows, columns] }
            }
        }
    }

    /// Device that holds the values.
    pub fn device(self) -> Device {
        match self {
            Self::Vector(w) => w.tensor.device(),
            Self::Matrix(w) => w.tensor.device(),
        }
    }

    /// Size of the values in memory, in bytes.
    pub fn bytes(self) -> usize {
        let dtype = match self {
            Self::Vector(w) => w.tensor.dtype(),
            Self::Matrix(w) => w.tensor.dtype(),
        };
        self.len() * dtype.size()
    }

    /// The current values in 32 bits, row-major, and the model's `[rows, columns]` of a matrix whose transpose the file stores.
    pub fn values(self) -> (Tensor<1>, Option<[usize; 2]>) {
        match self {
            Self::Vector(w) => (w.tensor.clone(), None),
            Self::Matrix(w) => {
                let [rows, columns] = w.tensor.dims();
                (in_32_bits(w.tensor.clone()).reshape([rows * columns]), w.transposed.then_some([rows, columns]))
            }
        }
    }
}

impl WeightMut<'_> {
    /// A shared reference to the same weight.
    pub fn as_ref(&self) -> WeightRef<'_> {
        match self {
            Self::Vector(w) => WeightRef::Vector(w),
            Self::Matrix(w) => WeightRef::Matrix(w),
        }
    }

    /// Keeps the weight from being trained, even when its group is trainable.
    pub fn freeze(self) {
        match self {
            Self::Vector(w) => w.is_frozen = true,
            Self::Matrix(w) => w.is_frozen = true,
        }
    }

    /// Makes the weight record its gradient.
    pub(super) fn require_grad(self) {
        match self {
            Self::Vector(w) => w.tensor = w.tensor.clone().autodiff().require_grad(),
            Self::Matrix(w) => w.tensor = in_32_bits(w.tensor.clone()).autodiff().require_grad(),
        }
    }
}
