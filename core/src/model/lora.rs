//! Adapters: small matrices beside a frozen linear layer. LoRA (Hu et al. 2021), rank-stabilized (Kalajdzievski 2023)
//! or with the length of each output learned by itself (DoRA, Liu et al. 2024). Names, initial values and arithmetic
//! are those of PEFT.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn::tensor::module::linear;
use burn::tensor::{Tensor, TensorData};

use crate::model::Dropout;
use crate::model::dropout::Site;
use crate::recipe::{AdapterKind, LoraTarget, RecipeSpec};
use crate::rng::Rng;
use crate::weights::{Dtype, Weight, weights_of};

/// What the adapters of a model are like.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraConfig {
    /// Inner size.
    pub rank: usize,
    /// What the adapter's output is multiplied with.
    pub scale: f64,
    /// Whether the length of each output is learned by itself.
    pub is_dora: bool,
    /// Which linear layers have one.
    pub targets: BTreeSet<LoraTarget>,
}

impl LoraConfig {
    /// The adapters that a recipe asks for.
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

/// What DoRA adds.
#[derive(Clone, Debug)]
struct Dora {
    /// Length of each output's weights: `[out]`.
    magnitude: Weight<1>,
    /// Square of the frozen weight's own lengths: `[out]`.
    square: Tensor<1>,
}

impl Lora {
    /// An adapter that changes nothing yet: `b` is 0, `a` uniform within ±1/√in.
    pub(crate) fn new(weight: &Weight<2>, config: &LoraConfig, rng: &mut Rng) -> Self {
        let [into, out] = weight.tensor.dims();
        let device = weight.tensor.device();
        let module = weight.name.strip_suffix(".weight").unwrap_or(&weight.name);
        let name = |part: &str| Arc::from(format!("{module}.{part}"));
        let matrix = |part: &str, tensor| Weight {
            name: name(part),
            tensor,
            group: weight.group,
            dtype: Dtype::F32,
            transposed: true,
            is_frozen: false,
        };
        let bound = 1.0 / (into as f32).sqrt();
        let values: Vec<f32> = (0..into * config.rank).map(|_| (2.0 * rng.uniform() - 1.0) * bound).collect();
        let a = Tensor::from_data(TensorData::new(values, [into, config.rank]), &device);
        let dora = config.is_dora.then(|| {
            let square = weight.tensor.clone().square().sum_dim(0).reshape([out]);
            let magnitude = Weight {
                name: name("lora_magnitude_vector"),
                tensor: square.clone().sqrt(),
                group: weight.group,
                dtype: Dtype::F32,
                transposed: false,
                is_frozen: false,
            };
            Dora { magnitude, square }
        });
        Self {
            a: matrix("lora_A.weight", a),
            b: matrix("lora_B.weight", Tensor::zeros([config.rank, out], &device)),
            dora,
            scale: config.scale,
        }
    }

    /// `x` `[.., in]` through weight `[in, out]`, bias `[out]` and adapter: `[.., out]`. Nothing of the weight's size is
    /// made.
    pub(crate) fn forward<const D: usize>(
        &self,
        x: Tensor<D>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        dropout: &mut Dropout,
    ) -> Tensor<D> {
        let kept = dropout.draw(Site::Adapter, x.dims(), &x.device());
        let drops = kept.drops();
        let input = kept.apply(x.clone());
        let low = linear(linear(input.clone(), self.a.tensor.clone(), None), self.b.tensor.clone(), None) * self.scale;
        let Some(dora) = &self.dora else { return linear(x, weight, bias) + low };
        let factor = (dora.magnitude.tensor.clone() / self.lengths(dora, &weight)).unsqueeze::<D>();
        if drops {
            // As PEFT has it: what is dropped from the adapter's input is dropped from the weight's share in it too.
            let dense = linear(input, weight.clone(), None);
            return linear(x, weight, bias) + (factor.clone() - 1.0) * dense + factor * low;
        }
        let scaled = (linear(x, weight, None) + low) * factor;
        match bias {
            Some(bias) => scaled + bias.unsqueeze::<D>(),
            None => scaled,
        }
    }

    /// Lengths of the columns of `W + s·A·B`, `[out]`, without making that matrix: the square of a sum is
    /// `‖w‖² + 2s·wᵀAb + s²·bᵀAᵀAb`. A constant of the step (Liu et al., section 4.3).
    fn lengths(&self, dora: &Dora, weight: &Tensor<2>) -> Tensor<1> {
        let inner = |tensor: &Tensor<2>| tensor.clone().detach();
        let (a, b) = (inner(&self.a.tensor), inner(&self.b.tensor));
        let turned = a.clone().transpose();
        let mixed = (turned.clone().matmul(inner(weight)) * b.clone()).sum_dim(0);
        let own = (turned.matmul(a).matmul(b.clone()) * b).sum_dim(0);
        let [_, out] = mixed.dims();
        let added = mixed * (2.0 * self.scale) + own * (self.scale * self.scale);
        (dora.square.clone() + added.reshape([out])).sqrt()
    }

    /// The weight `[in, out]` with the adapter in it.
    pub(crate) fn merged(&self, weight: Tensor<2>) -> Tensor<2> {
        let sum = weight.clone() + self.a.tensor.clone().matmul(self.b.tensor.clone()) * self.scale;
        match &self.dora {
            None => sum,
            Some(dora) => {
                let factor = dora.magnitude.tensor.clone() / self.lengths(dora, &weight);
                sum * factor.unsqueeze::<2>()
            }
        }
    }
}

weights_of!(Lora { a, b, dora });
weights_of!(Dora { magnitude });
