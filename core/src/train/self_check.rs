//! A check that a device computes correctly: loss and gradients of tiny models, compared with the CPU backend. If a
//! shader does not compile, a browser only logs it and returns stale numbers; this check detects them.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use burn::tensor::Device;

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::model::{
    BertConfig, Dropout, GateActivation, Input, LayerAttention, LlamaConfig, LlamaVariant, ModelConfig,
    ModernBertConfig, NormPlacement, synthetic,
};
use crate::recipe::{Family, ParamGroup};
use crate::text::{EncodedExamples, EncodedTexts, Labels};
use crate::train::objective::Objective;
use crate::train::operation_check::values_on;
use crate::train::soft_targets::SoftTargets;
use crate::train::step::gradients;
use crate::train::targets::StepInput;

/// Largest accepted difference of a gradient, relative to the largest value of its tensor. Measured between WebGPU and
/// the CPU: 4.4e-4.
pub const MAX_DIFFERENCE: f64 = 2e-3;

const CLASSES: usize = 3;
const VOCAB: usize = 64;
const ROWS: u32 = 4;
const LEN: u32 = 16;

/// A tiny model with training rows, small enough for a software GPU.
struct Case {
    config: ModelConfig,
    examples: EncodedExamples,
    trainable: fn(ParamGroup) -> bool,
}

/// An encoder with all layers trainable, with its top layer and head, and with the head alone; an encoder with local
/// layers, and two decoders, with all layers trainable.
fn cases() -> [Case; 6] {
    let classes = || rows(Labels::Classes(vec![0, 1, 2, 0]));
    let encoder = |trainable| Case { config: encoder(), examples: classes(), trainable };
    let target_ranges = (0..ROWS).map(|row| iter::once(1..row_len(row)).collect()).collect();
    let continuations = Labels::Continuations { target_ranges, references: Vec::new() };
    [
        encoder(|group| group != ParamGroup::Pooler),
        encoder(|group| matches!(group, ParamGroup::Layer(1) | ParamGroup::Head)),
        encoder(|group| group == ParamGroup::Head),
        Case { config: modernbert(), examples: classes(), trainable: |_| true },
        Case { config: decoder(), examples: rows(continuations.clone()), trainable: |_| true },
        Case { config: relative(), examples: rows(continuations), trainable: |_| true },
    ]
}

fn encoder() -> ModelConfig {
    ModelConfig::Bert(BertConfig {
        vocab: VOCAB,
        hidden: 32,
        layers: 2,
        heads: 4,
        intermediate_size: 64,
        max_position_embeddings: 32,
        embedding_size: 32,
        ..BertConfig::default()
    })
}

/// A global and a local layer.
fn modernbert() -> ModelConfig {
    let local = LayerAttention { sliding_window: Some(2), ..LayerAttention::full(1e4) };
    ModelConfig::ModernBert(ModernBertConfig {
        vocab: VOCAB,
        hidden: 32,
        heads: 4,
        intermediate_size: 48,
        max_position_embeddings: 32,
        norm_eps: 1e-5,
        layers: vec![LayerAttention::full(1.6e5), local],
    })
}

/// Two query heads share one key-value head.
fn decoder() -> ModelConfig {
    ModelConfig::Llama(llama())
}

fn llama() -> LlamaConfig {
    LlamaConfig {
        family: Family::Llama,
        vocab: VOCAB,
        hidden: 32,
        heads: 4,
        kv_heads: 2,
        head_dim: 8,
        intermediate_size: 48,
        max_position_embeddings: 32,
        rms_norm_eps: 1e-5,
        is_tied: true,
        layers: vec![LayerAttention::full(1e4); 2],
        variant: LlamaVariant::LLAMA,
    }
}

/// Additions of Llama's relatives: biases, more norms, a window, a layer without positions, and factors.
fn relative() -> ModelConfig {
    let local = LayerAttention { rope: None, sliding_window: Some(5) };
    ModelConfig::Llama(LlamaConfig {
        head_dim: 16,
        layers: vec![local, LayerAttention::full(1e4)],
        variant: LlamaVariant {
            has_qkv_bias: true,
            has_attention_output_bias: true,
            has_mlp_bias: true,
            has_qk_norm: true,
            norms: NormPlacement::Around,
            norm_offset: 1.0,
            activation: GateActivation::GeluTanh,
            embedding_multiplier: 2.0,
            attention_multiplier: Some(0.3),
            residual_multiplier: 0.5,
            logits_scaling: 2.0,
        },
        ..llama()
    })
}

/// Length of a row, in tokens. Rows differ in length, so that padding is tested.
fn row_len(row: u32) -> u32 {
    LEN - 3 * row
}

fn rows(labels: Labels) -> EncodedExamples {
    let mut texts = EncodedTexts::default();
    for row in 0..ROWS {
        texts.push(&(0..row_len(row)).map(|i| (7 * i + 13 * row) % VOCAB as u32).collect::<Vec<u32>>());
    }
    EncodedExamples { texts, labels }
}

/// Largest difference between `device` and the CPU backend over the loss and all gradients of tiny models, and over the
/// operations that have kernels of their own, relative to the largest value of each tensor. Infinite if a value is not finite, or a gradient is all zero on one of them.
///
/// # Errors
/// If the device fails.
pub async fn self_check(device: &Device) -> Result<f64, Diagnostic> {
    let cpu = Device::flex();
    let mut largest = 0.0f64;
    for (actual, expected) in values_on(device).await?.iter().zip(&values_on(&cpu).await?) {
        largest = largest.max(difference(actual, expected));
    }
    for case in cases() {
        let expected = gradients_on(&cpu, &case).await?;
        let actual = gradients_on(device, &case).await?;
        for (name, expected) in &expected {
            // Attention does not depend on the bias of the keys, so that gradient is rounding noise.
            if !name.ends_with("key.bias") {
                largest = largest.max(difference(actual.get(name).map_or(&[][..], Vec::as_slice), expected));
            }
        }
    }
    Ok(largest)
}

async fn gradients_on(device: &Device, case: &Case) -> Result<HashMap<Arc<str>, Vec<f32>>, Diagnostic> {
    let model = synthetic(&case.config, CLASSES, 0.2, device).map_err(Diagnostic::from)?;
    let rows: Vec<u32> = (0..ROWS).collect();
    let input = Input::new(&case.examples.batch(&rows, ROWS as usize, LEN as usize, 0), device);
    let input = StepInput::new(input, &SoftTargets::uniform(CLASSES), &case.examples, &rows, &rows);
    let (loss, mut gradients) = gradients(&model, input, Objective::default(), case.trainable, &mut Dropout::off());
    let mut values = HashMap::from([(Arc::from("loss"), device_to_host(loss).await?)]);
    let names: Vec<Arc<str>> = gradients.names().cloned().collect();
    for name in names {
        if let Some(gradient) = gradients.take(&name) {
            values.insert(name, device_to_host(gradient.flat()).await?);
        }
    }
    Ok(values)
}

fn difference(actual: &[f32], expected: &[f32]) -> f64 {
    let size = |values: &[f32]| values.iter().fold(0.0f32, |max, value| max.max(value.abs()));
    if actual.len() != expected.len() || size(actual) == 0.0 || size(expected) == 0.0 {
        return f64::INFINITY;
    }
    // `max` ignores NaN, which is therefore checked separately.
    if actual.iter().any(|value| !value.is_finite()) {
        return f64::INFINITY;
    }
    let differences: Vec<f32> = actual.iter().zip(expected).map(|(a, e)| a - e).collect();
    f64::from(size(&differences)) / f64::from(size(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_and_nan_are_infinitely_different() {
        assert_eq!(difference(&[1.0, 2.0], &[1.0, 4.0]), 0.5);
        for wrong in [&[0.0, 0.0][..], &[1.0, f32::NAN], &[1.0]] {
            assert!(difference(wrong, &[1.0, 4.0]).is_infinite());
        }
    }

    #[test]
    fn the_cpu_backend_agrees_with_itself() {
        let difference = ready(self_check(&Device::flex())).unwrap();
        assert_eq!(difference, 0.0);
    }

    /// Polls a future of the CPU backend, which is always ready.
    fn ready<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("the CPU backend is never pending"),
        }
    }
}
