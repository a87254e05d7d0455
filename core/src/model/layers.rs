//! What the models are made of.

use std::ops::Range;

use burn::tensor::module::{embedding, linear};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::model::Dropout;
use crate::model::lora::{Lora, LoraConfig};
use crate::ops::{layer_norm, rms_norm};
use crate::recipe::ParamGroup;
use crate::rng::Rng;
use crate::weights::{Dtype, Tensors, Weight, WeightsError, weights_of};

/// `y = x W + b`, and what an adapter adds to it.
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[in, out]`
    weight: Weight<2>,
    /// `[out]`
    bias: Option<Weight<1>>,
    adapter: Option<Lora>,
}

impl Linear {
    /// The layer `name` of a file, from `into` to `out` values.
    pub fn load(tensors: &mut Tensors, name: &str, group: ParamGroup, shape: [usize; 2]) -> Result<Self, WeightsError> {
        let bias = tensors.vector(format!("{name}.bias"), group, shape[1])?;
        Ok(Self { bias: Some(bias), ..Self::load_without_bias(tensors, name, group, shape)? })
    }

    /// The same without a bias.
    pub fn load_without_bias(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        [into, out]: [usize; 2],
    ) -> Result<Self, WeightsError> {
        let weight = tensors.linear(format!("{name}.weight"), group, [out, into])?;
        Ok(Self { weight, bias: None, adapter: None })
    }

    /// GPT-2's `Conv1D`: the same, but for the matrix, which is `[in, out]` in the file too.
    pub fn load_conv1d(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        shape: [usize; 2],
    ) -> Result<Self, WeightsError> {
        let weight = tensors.table(format!("{name}.weight"), group, shape)?;
        let bias = tensors.vector(format!("{name}.bias"), group, shape[1])?;
        Ok(Self { weight, bias: Some(bias), adapter: None })
    }

    /// A new layer of a head, from `inputs` to `outputs` values: weights normal with deviation 0.02, as BERT
    /// initializes its own, and biases 0.
    pub fn new(name: &str, [inputs, outputs]: [usize; 2], rng: &mut Rng, device: &Device) -> Self {
        let values: Vec<f32> = (0..inputs * outputs).map(|_| rng.normal() * 0.02).collect();
        let weight = Weight {
            name: format!("{name}.weight").into(),
            tensor: Tensor::from_data(TensorData::new(values, [inputs, outputs]), device),
            group: ParamGroup::Head,
            dtype: Dtype::F32,
            transposed: true,
            is_frozen: false,
        };
        let bias = Weight {
            name: format!("{name}.bias").into(),
            tensor: Tensor::zeros([outputs], device),
            group: ParamGroup::Head,
            dtype: Dtype::F32,
            transposed: false,
            is_frozen: false,
        };
        Self { weight, bias: Some(bias), adapter: None }
    }

    /// `[.., in]` to `[.., out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>, dropout: &mut Dropout) -> Tensor<D> {
        let (weight, bias) = (self.weight.tensor.clone(), self.bias.as_ref().map(|bias| bias.tensor.clone()));
        match &self.adapter {
            None => linear(x, weight, bias),
            Some(adapter) => adapter.forward(x, weight, bias, dropout),
        }
    }

    /// Group that freezing and learning rates go by.
    pub fn group(&self) -> ParamGroup {
        self.weight.group
    }

    /// Number of inputs and outputs, `[in, out]`.
    pub fn shape(&self) -> [usize; 2] {
        self.weight.tensor.dims()
    }

    /// Number of values that it gives.
    pub fn outputs(&self) -> usize {
        self.weight.tensor.dims()[1]
    }

    /// Puts an adapter beside the weight, which stays as it is from now on.
    pub fn adapt(&mut self, config: &LoraConfig, rng: &mut Rng) {
        self.adapter = Some(Lora::new(&self.weight, config, rng));
    }

    /// Takes the adapter away: added to the weight, or not.
    pub fn detach(&mut self, is_merged: bool) {
        if let Some(adapter) = self.adapter.take().filter(|_| is_merged) {
            self.weight.tensor = adapter.merged(self.weight.tensor.clone());
        }
    }
}

weights_of!(Linear { weight, bias, adapter });

/// Layer normalization over the last dimension (Ba, Kiros, Hinton 2016).
#[derive(Clone, Debug)]
pub(crate) struct LayerNorm {
    weight: Weight<1>,
    bias: Weight<1>,
    eps: f64,
}

impl LayerNorm {
    /// The norm `name` of a file.
    pub(crate) fn load(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        size: usize,
        eps: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: tensors.vector(format!("{name}.weight"), group, size)?,
            bias: tensors.vector(format!("{name}.bias"), group, size)?,
            eps,
        })
    }

    /// `[.., size]` to the same.
    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.weight.tensor.clone(), self.bias.tensor.clone(), self.eps)
    }
}

weights_of!(LayerNorm { weight, bias });

/// Root-mean-square normalization over the last dimension (Zhang, Sennrich 2019).
#[derive(Clone, Debug)]
pub(crate) struct RmsNorm {
    weight: Weight<1>,
    eps: f64,
}

impl RmsNorm {
    /// The norm `name` of a file.
    pub(crate) fn load(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        size: usize,
        eps: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self { weight: tensors.vector(format!("{name}.weight"), group, size)?, eps })
    }

    /// `[.., size]` to the same.
    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        rms_norm(x, self.weight.tensor.clone(), self.eps)
    }
}

weights_of!(RmsNorm { weight });

/// A vector for each of a number of things.
#[derive(Clone, Debug)]
pub(crate) struct Embedding {
    /// `[things, hidden]`
    weight: Weight<2>,
}

impl Embedding {
    /// The table `name` of a file.
    pub(crate) fn load(tensors: &mut Tensors, name: &str, shape: [usize; 2]) -> Result<Self, WeightsError> {
        Ok(Self { weight: tensors.table(format!("{name}.weight"), ParamGroup::Embeddings, shape)? })
    }

    /// `[batch, seq]` to `[batch, seq, hidden]`.
    pub(crate) fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        embedding(self.weight.tensor.clone(), ids)
    }

    /// Length of a vector.
    pub(crate) fn size(&self) -> usize {
        self.weight.tensor.dims()[1]
    }

    /// How many things have a vector.
    #[allow(clippy::len_without_is_empty, reason = "a table is never empty")]
    pub(crate) fn len(&self) -> usize {
        self.weight.tensor.dims()[0]
    }

    /// Some vectors that stand one after the other: `[rows.len(), hidden]`.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Tensor<2> {
        self.weight.tensor.clone().narrow(0, rows.start, rows.len())
    }

    /// Scores of every thing for `x` `[n, hidden]`: `[n, things]`. What the table is where it is tied to the output.
    pub(crate) fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.tensor.clone().transpose())
    }
}

weights_of!(Embedding { weight });
