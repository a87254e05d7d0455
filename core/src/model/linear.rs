//! A linear layer, with or without an adapter.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::model::dropout::Dropout;
use crate::model::lora::{Lora, LoraConfig};
use crate::ops::linear;
use crate::recipe::ParamGroup;
use crate::rng::Rng;
use crate::weights::{Tensors, Weight, WeightsError, weights_of};

/// `y = x W + b`, plus the output of an adapter.
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[in, out]`
    weight: Weight<2>,
    /// `[out]`
    bias: Option<Weight<1>>,
    adapter: Option<Lora>,
}

impl Linear {
    /// Loads the layer `name` of shape `[in, out]`.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape.
    pub fn load(tensors: &mut Tensors, name: &str, group: ParamGroup, shape: [usize; 2]) -> Result<Self, WeightsError> {
        let bias = tensors.vector(format!("{name}.bias"), group, shape[1])?;
        Ok(Self { bias: Some(bias), ..Self::load_without_bias(tensors, name, group, shape)? })
    }

    /// Loads the layer `name` of shape `[in, out]`, which has no bias.
    ///
    /// # Errors
    /// When the tensor is missing or of another shape.
    pub fn load_without_bias(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self, WeightsError> {
        let weight = tensors.linear(format!("{name}.weight"), group, [outputs, inputs])?;
        Ok(Self { weight, bias: None, adapter: None })
    }

    /// Loads GPT-2's `Conv1D` `name`: a linear layer whose weight is `[in, out]` in the file too.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape.
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

    /// Weight `[in, out]` and bias `[out]`, if they are all of the layer: `None` with an adapter or without a bias.
    pub(super) fn weight_and_bias(&self) -> Option<(Tensor<2>, Tensor<1>)> {
        match (&self.adapter, &self.bias) {
            (None, Some(bias)) => Some((self.weight.tensor.clone(), bias.tensor.clone())),
            _ => None,
        }
    }

    /// Removes the bias.
    pub(super) fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// Initializes a layer of a head, of shape `[in, out]`: weights normal with standard deviation 0.02, as BERT
    /// initializes its own, and biases 0.
    pub fn new(name: &str, [inputs, outputs]: [usize; 2], rng: &mut Rng, device: &Device) -> Self {
        let values: Vec<f32> = (0..inputs * outputs).map(|_| rng.normal() * 0.02).collect();
        let weight = Weight {
            name: format!("{name}.weight").into(),
            tensor: Tensor::from_data(TensorData::new(values, [inputs, outputs]), device),
            group: ParamGroup::Head,
            transposed: true,
            is_frozen: false,
        };
        let bias = Weight {
            name: format!("{name}.bias").into(),
            tensor: Tensor::zeros([outputs], device),
            group: ParamGroup::Head,
            transposed: false,
            is_frozen: false,
        };
        Self { weight, bias: Some(bias), adapter: None }
    }

    /// Initializes a layer that computes `factor · x + offset`. Unless `factor` is 0, it has as many outputs as inputs.
    pub(super) fn scaling(
        name: &str,
        group: ParamGroup,
        [inputs, outputs]: [usize; 2],
        factor: f64,
        offset: f64,
        device: &Device,
    ) -> Self {
        let weight = match factor {
            0.0 => Tensor::zeros([inputs, outputs], device),
            factor => Tensor::eye(inputs, device) * factor,
        };
        let bias = Tensor::full([outputs], offset, device);
        Self {
            weight: Weight {
                name: format!("{name}.weight").into(),
                tensor: weight,
                group,
                transposed: true,
                is_frozen: false,
            },
            bias: Some(Weight {
                name: format!("{name}.bias").into(),
                tensor: bias,
                group,
                transposed: false,
                is_frozen: false,
            }),
            adapter: None,
        }
    }

    /// Gives the layer another name.
    pub(super) fn rename(&mut self, name: &str) {
        self.weight.name = format!("{name}.weight").into();
        if let Some(bias) = &mut self.bias {
            bias.name = format!("{name}.bias").into();
        }
    }

    /// Multiplies the weight, not the bias.
    pub(super) fn scale_weight(&mut self, factor: f64) {
        self.weight.tensor = self.weight.tensor.clone() * factor;
    }

    /// Changes the bias, so that the layer computes from `x` what it computed from `x + offset`.
    pub(super) fn shift_inputs(&mut self, offset: f64) {
        if let Some(bias) = &mut self.bias {
            let sums = self.weight.tensor.clone().sum_dim(0).squeeze_dim(0);
            bias.tensor = bias.tensor.clone() + sums * offset;
        }
    }

    /// Keeps these outputs, in this order.
    pub(super) fn select_outputs(&mut self, outputs: &[usize]) {
        let outputs: Vec<i32> = outputs.iter().map(|&output| output as i32).collect();
        let outputs = Tensor::<1, Int>::from_data(outputs.as_slice(), &self.device());
        self.weight.tensor = self.weight.tensor.clone().select(1, outputs.clone());
        if let Some(bias) = &mut self.bias {
            bias.tensor = bias.tensor.clone().select(0, outputs);
        }
    }

    /// Device that holds the weights.
    pub(super) fn device(&self) -> Device {
        self.weight.tensor.device()
    }

    /// Makes the outputs `outputs · factor + offset`.
    pub(super) fn rescale(&mut self, factor: f64, offset: f64) {
        self.weight.tensor = self.weight.tensor.clone() * factor;
        if let Some(bias) = &mut self.bias {
            bias.tensor = bias.tensor.clone() * factor + offset;
        }
    }

    /// `[.., in]` to `[.., out]`. Only an adapter uses `dropout`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>, dropout: &mut Dropout) -> Tensor<D> {
        let (weight, bias) = (self.weight.tensor.clone(), self.bias.as_ref().map(|bias| bias.tensor.clone()));
        match &self.adapter {
            None => linear(x, weight, bias),
            Some(adapter) => adapter.forward(x, weight, bias, dropout),
        }
    }

    /// Group, which determines freezing and learning rate.
    pub fn group(&self) -> ParamGroup {
        self.weight.group
    }

    /// Number of inputs and outputs, `[in, out]`.
    pub fn shape(&self) -> [usize; 2] {
        self.weight.tensor.dims()
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.shape()[1]
    }

    /// Adds an adapter.
    pub fn adapt(&mut self, config: &LoraConfig, rng: &mut Rng) {
        self.adapter = Some(Lora::new(&self.weight, config, rng));
    }

    /// Removes the adapter, after adding it to the weight if `is_merged`.
    pub fn detach(&mut self, is_merged: bool) {
        if let Some(adapter) = self.adapter.take().filter(|_| is_merged) {
            self.weight.tensor = adapter.merged(self.weight.tensor.clone());
        }
    }
}

weights_of!(Linear { weight, bias, adapter });
