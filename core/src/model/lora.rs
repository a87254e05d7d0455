//! Adapters of frozen linear layers: LoRA (Hu et al. 2021), rank-stabilized LoRA (Kalajdzievski 2023) and DoRA, which
//! trains the magnitude of each output separately (Liu et al. 2024). Names, initial values and arithmetic are those of
//! PEFT 0.17: <https://github.com/huggingface/peft/tree/v0.17.0/src/peft/tuners/lora>.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use crate::model::dropout::{Dropout, Site};
use crate::ops::{apply_dropout, linear};
use crate::recipe::{AdapterKind, LoraTarget, RecipeSpec};
use crate::rng::Rng;
use crate::weights::{Weight, in_32_bits, weights_of};

/// Configuration of a model's adapters.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraConfig {
    /// Rank of the adapter's matrices.
    pub rank: usize,
    /// Factor of the adapter's output.
    pub scale: f64,
    /// True for DoRA: the magnitude of each output is trained separately.
    pub is_dora: bool,
    /// Linear layers that get an adapter.
    pub targets: BTreeSet<LoraTarget>,
}

impl LoraConfig {
    /// The adapters of a recipe; `None` if it has none.
    pub fn of(recipe: &RecipeSpec) -> Option<Self> {
        let is_dora = match recipe.adapter {
            AdapterKind::None => return None,
            AdapterKind::Lora => false,
            AdapterKind::Dora => true,
        };
        let rank = f64::from(recipe.lora_r);
        let scale = recipe.lora_alpha / if recipe.use_rslora { rank.sqrt() } else { rank };
        let targets = recipe.target_modules.iter().copied().collect();
        Some(Self { rank: recipe.lora_r as usize, scale, is_dora, targets })
    }
}

/// The adapter of one linear layer.
#[derive(Clone, Debug)]
pub(crate) struct Lora {
    /// `[in, rank]`
    a: Weight<2>,
    /// `[rank, out]`
    b: Weight<2>,
    dora: Option<Dora>,
    scale: f64,
}

/// The magnitudes of DoRA.
#[derive(Clone, Debug)]
struct Dora {
    /// Magnitude of each output's weights: `[out]`.
    magnitude: Weight<1>,
    /// Squared norms of the frozen weight's columns: `[out]`.
    squared_norms: Tensor<1>,
}

impl Lora {
    /// An adapter that changes nothing yet: `b` is 0, `a` is uniform in ±1/√in.
    pub(crate) fn new(weight: &Weight<2>, config: &LoraConfig, rng: &mut Rng) -> Self {
        let [into, out] = weight.tensor.dims();
        let device = weight.tensor.device();
        let module = weight.name.strip_suffix(".weight").unwrap_or(&weight.name);
        let name = |part: &str| Arc::from(format!("{module}.{part}"));
        let matrix = |part: &str, tensor| Weight {
            name: name(part),
            tensor,
            group: weight.group,
            transposed: true,
            is_frozen: false,
        };
        let bound = 1.0 / (into as f32).sqrt();
        let values: Vec<f32> = (0..into * config.rank).map(|_| (2.0 * rng.uniform() - 1.0) * bound).collect();
        let a = Tensor::from_data(TensorData::new(values, [into, config.rank]), &device);
        let dora = config.is_dora.then(|| {
            let squared_norms = in_32_bits(weight.tensor.clone()).square().sum_dim(0).reshape([out]);
            let magnitude = Weight {
                name: name("lora_magnitude_vector"),
                tensor: squared_norms.clone().sqrt(),
                group: weight.group,
                transposed: false,
                is_frozen: false,
            };
            Dora { magnitude, squared_norms }
        });
        Self {
            a: matrix("lora_A.weight", a),
            b: matrix("lora_B.weight", Tensor::zeros([config.rank, out], &device)),
            dora,
            scale: config.scale,
        }
    }

    /// `x` `[.., in]` through weight `[in, out]`, bias `[out]` and the adapter: `[.., out]`. No tensor of the weight's size
    /// is allocated, except for one of 32 bits where the weight has 16.
    pub(crate) fn forward<const D: usize>(
        &self,
        x: Tensor<D>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        dropout: &mut Dropout,
    ) -> Tensor<D> {
        let mask = dropout.draw(Site::Adapter);
        let input = apply_dropout(x.clone(), mask);
        let low = linear(linear(input.clone(), self.a.tensor.clone(), None), self.b.tensor.clone(), None) * self.scale;
        let Some(dora) = &self.dora else { return linear(x, weight, bias) + low };
        let factor = (dora.magnitude.tensor.clone() / self.column_norms(dora, &weight)).unsqueeze::<D>();
        if mask.is_some() {
            // As in PEFT, dropout also applies to the frozen weight's part of the scaled term.
            let dense = linear(input, weight.clone(), None);
            return linear(x, weight, bias) + (factor.clone() - 1.0) * dense + factor * low;
        }
        let scaled = (linear(x, weight, None) + low) * factor;
        match bias {
            Some(bias) => scaled + bias.unsqueeze::<D>(),
            None => scaled,
        }
    }

    /// Norms of the columns of `W + s·A·B`, `[out]`, without computing that matrix: the squared norm of a column is
    /// `‖w‖² + 2s·wᵀAb + s²·bᵀAᵀAb`. No gradient flows through it (Liu et al., section 4.3).
    fn column_norms(&self, dora: &Dora, weight: &Tensor<2>) -> Tensor<1> {
        let detached = |tensor: &Tensor<2>| tensor.clone().detach();
        let (a, b) = (detached(&self.a.tensor), detached(&self.b.tensor));
        let transposed = a.clone().transpose();
        let mixed = (transposed.clone().matmul(in_32_bits(detached(weight))) * b.clone()).sum_dim(0);
        let own = (transposed.matmul(a).matmul(b.clone()) * b).sum_dim(0);
        let [_, out] = mixed.dims();
        let added = mixed * (2.0 * self.scale) + own * (self.scale * self.scale);
        (dora.squared_norms.clone() + added.reshape([out])).sqrt()
    }

    /// The weight `[in, out]` with the adapter added.
    pub(crate) fn merged(&self, weight: Tensor<2>) -> Tensor<2> {
        let sum = in_32_bits(weight.clone()) + self.a.tensor.clone().matmul(self.b.tensor.clone()) * self.scale;
        match &self.dora {
            None => sum,
            Some(dora) => {
                let factor = dora.magnitude.tensor.clone() / self.column_norms(dora, &weight);
                sum * factor.unsqueeze::<2>()
            }
        }
    }
}

weights_of!(Lora { a, b, dora });
weights_of!(Dora { magnitude });
