//! The mean of the tokens from parts that transformers' own classes have: one more encoder layer, whose attention
//! averages.
//!
//! Query and key are 0, so every token attends to all tokens of its text alike. The value is `scale · I` and the
//! attention's output `I`, so the layer's first norm reads `scale · mean + x`, where the residual `x` vanishes: it returns
//! `LayerNorm(mean)`. The feed-forward block adds 0, and the second norm leaves what is normal as it is.
//!
//! The head of these classes has a hidden layer. It becomes the identity: `TANH_SCALE · I` where the tangent is linear,
//! which the output layer divides by, or a bias that lifts all values above 0 before a rectified linear unit, which the
//! bias of the output layer takes off again. All factors are powers of two, which round nothing.

use crate::model::bert::{Bert, EncoderNames};
use crate::model::config::ModelConfig;
use crate::model::linear::Linear;
use crate::model::sentence_head::{Dense, SentenceHead};
use crate::recipe::{Family, ParamGroup, Pooling, Task};
use crate::usage::{Activation, DenseLayer, HeadLayers};
use crate::weights::Tensors;

/// Scale of the value in 32 bits: the residual changes the logits by about 1e-4.
pub const AVERAGING_SCALE: f64 = 131_072.0;

/// Smallest scale that is taken for an averaging layer: the residual is still lost in the rounding of 16 bits.
const MIN_SCALE: f32 = 128.0;

/// Factor before the hyperbolic tangent. Of normalized values, it is linear to 1e-5.
const TANH_SCALE: f64 = 1.0 / 1024.0;

/// Replaces the mean, its norm and the head by an averaging layer and the head of transformers' own class.
pub(super) fn add(bert: &mut Bert, head: &mut SentenceHead, scale: f64) {
    bert.push_averaging_layer(scale);
    let (hidden, device) = (bert.sizes().hidden, head.output.device());
    let identity =
        |name: &str, group, factor, offset| Linear::scaling(name, group, [hidden, hidden], factor, offset, &device);
    let layers = HeadLayers::of(Task::Classification, bert.family(), Pooling::Cls);
    match layers.and_then(|layers| Some((layers.output, layers.dense?))) {
        // BERT's pooler is not part of the head.
        None => {
            bert.set_pooler(Some(identity("pooler.dense", ParamGroup::Pooler, TANH_SCALE, 0.0)));
            head.output.scale_weight(1.0 / TANH_SCALE);
        }
        Some((output, DenseLayer { name, activation: activation @ Activation::Tanh, .. })) => {
            let linear = identity(name, ParamGroup::Head, TANH_SCALE, 0.0);
            head.dense = Some(Dense { linear, activation, norm: None });
            head.output.scale_weight(1.0 / TANH_SCALE);
            head.output.rename(output);
        }
        Some((output, DenseLayer { name, activation: activation @ (Activation::Relu | Activation::Gelu), .. })) => {
            let lift = lift(hidden, activation);
            let linear = identity(name, ParamGroup::Head, 1.0, lift);
            head.dense = Some(Dense { linear, activation, norm: None });
            head.output.shift_inputs(-lift);
            head.output.rename(output);
        }
    }
    (head.pooling, head.norm) = (Pooling::Cls, None);
}

/// A power of two that no normalized value reaches: its square is at most `hidden - 1`. GELU changes no value above 6 by
/// more than the rounding of 32 bits.
fn lift(hidden: usize, activation: Activation) -> f64 {
    let margin = if activation == Activation::Gelu { 6.0 } else { 0.0 };
    ((hidden as f64).sqrt() + margin).log2().ceil().exp2()
}

/// Removes the averaging layer of a model that Hone exported, and gives the head the weights that it had in training.
/// Returns true if there was one: the model reads the mean.
pub fn take_averaging_layer(config: &mut ModelConfig, tensors: &mut Tensors) -> bool {
    let ModelConfig::Bert(config) = config else { return false };
    let Some(last) = config.layers.checked_sub(1).filter(|&last| last > 0) else { return false };
    let names = EncoderNames::of(config.family);
    let prefix = format!("{}.{last}", names.layer);
    if !averages(names, &prefix, tensors) {
        return false;
    }
    tensors.remove_all(&format!("{prefix}."));
    config.layers = last;
    match config.family {
        Family::DistilBert => {
            if let Some((factor, offset)) = scaling(tensors, "pre_classifier")
                && factor == 1.0
            {
                tensors.remove_all("pre_classifier.");
                shift_inputs(tensors, "classifier", offset);
            }
        }
        Family::Electra => {
            if let Some((factor, offset)) = scaling(tensors, "classifier.dense")
                && factor == 1.0
            {
                take_output(tensors);
                shift_inputs(tensors, "classifier", offset);
            }
        }
        family if family.is_roberta() => {
            if let Some((factor, offset)) = scaling(tensors, "classifier.dense")
                && offset == 0.0
            {
                take_output(tensors);
                scale(tensors, "classifier.weight", factor);
            }
        }
        _ => {
            if let Some((factor, offset)) = scaling(tensors, "pooler.dense")
                && offset == 0.0
            {
                scale(tensors, "classifier.weight", factor);
            }
            // Whatever it is now, it is not the pretrained one.
            tensors.remove_all("pooler.");
        }
    }
    true
}

/// Leaves only the output layer of a head with two layers.
fn take_output(tensors: &mut Tensors) {
    tensors.remove_all("classifier.dense.");
    for part in ["weight", "bias"] {
        tensors.tie(&format!("classifier.{part}"), &format!("classifier.out_proj.{part}"));
    }
}

/// Returns true if a layer of the file has the weights of an averaging layer.
fn averages(names: &EncoderNames, prefix: &str, tensors: &Tensors) -> bool {
    let is = |name: &str, wanted: &dyn Fn(f32) -> bool| {
        scaling(tensors, &format!("{prefix}.{name}")).is_some_and(|(factor, offset)| wanted(factor) && offset == 0.0)
    };
    let norm = |name: &str| {
        let all = |part: &str, wanted: f32| {
            let values = tensors.values(&format!("{prefix}.{name}.{part}"));
            values.is_some_and(|(_, values)| values.iter().all(|&value| value == wanted))
        };
        all("weight", 1.0) && all("bias", 0.0)
    };
    is(names.query, &|factor| factor == 0.0)
        && is(names.key, &|factor| factor == 0.0)
        && is(names.value, &|factor| factor >= MIN_SCALE)
        && is(names.attention_output, &|factor| factor == 1.0)
        && is(names.intermediate, &|factor| factor == 0.0)
        && is(names.output, &|factor| factor == 0.0)
        && norm(names.attention_norm)
        && norm(names.norm)
}

/// The factor and the offset of a linear layer that computes `factor · x + offset`; `None` if the file has another one
/// or none. The factor is 0 where the layer ignores its input.
fn scaling(tensors: &Tensors, name: &str) -> Option<(f32, f32)> {
    let (shape, weight) = tensors.values(&format!("{name}.weight"))?;
    let (_, bias) = tensors.values(&format!("{name}.bias"))?;
    let (factor, offset) = (*weight.first()?, *bias.first()?);
    let &[_, inputs] = shape else { return None };
    let expected = |at: usize| if at / inputs == at % inputs { factor } else { 0.0 };
    let is_scaling = weight.iter().enumerate().all(|(at, &value)| value == expected(at));
    (is_scaling && bias.iter().all(|&value| value == offset)).then_some((factor, offset))
}

/// Multiplies a tensor of the file.
fn scale(tensors: &mut Tensors, name: &str, factor: f32) {
    if let Some(values) = tensors.values_mut(name) {
        values.iter_mut().for_each(|value| *value *= factor);
    }
}

/// Changes the bias of a layer of the file, so that it computes from `x` what it computed from `x + offset`.
fn shift_inputs(tensors: &mut Tensors, name: &str, offset: f32) {
    let Some((shape, weight)) = tensors.values(&format!("{name}.weight")) else { return };
    let inputs = shape.last().copied().unwrap_or(1).max(1);
    let sums: Vec<f32> = weight.chunks(inputs).map(|row| row.iter().sum::<f32>() * offset).collect();
    if let Some(bias) = tensors.values_mut(&format!("{name}.bias")) {
        bias.iter_mut().zip(sums).for_each(|(bias, sum)| *bias += sum);
    }
}
