//! Whether a device computes what it should: loss and gradients of a micro model on it, against the CPU backend. A
//! shader that does not compile is only logged in a browser, and stale numbers come back; here they are seen.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::Device;

use super::{Objective, StepInput, TargetRule, gradients};
use crate::model::{BertConfig, Dropout, ModelConfig, synthetic};
use crate::problem::Problem;
use crate::read::read;
use crate::recipe::Family;
use crate::text::Examples;
use crate::weights::Place;

/// Largest difference of a gradient, as a share of that tensor's largest value, with which a device is trusted.
/// Measured: 4.4e-4 between WebGPU and the CPU.
pub const MAX_DIFFERENCE: f64 = 2e-3;

const CLASSES: usize = 3;
const ROWS: usize = 4;
const LEN: usize = 16;

/// The micro model: small enough for a software GPU.
fn config() -> ModelConfig {
    let (vocab, hidden, layers, heads, ffn, positions, token_types) = (64, 32, 2, 4, 64, 32, 2);
    let (family, layer_norm_eps, first_position) = (Family::Bert, 1e-12, 0);
    let config = BertConfig {
        family,
        vocab,
        hidden,
        layers,
        heads,
        ffn,
        positions,
        token_types,
        layer_norm_eps,
        first_position,
    };
    ModelConfig::Bert(config)
}

/// Largest difference between `device` and the CPU backend over loss and all gradients, as a share of each tensor's
/// largest value: of full training, with the embeddings and the first layer frozen, and of the head alone. Infinite
/// when a number is not finite, or a gradient is all zero on one of the two.
///
/// # Errors
/// When the device fails.
pub async fn self_check(device: &Device) -> Result<f64, Problem> {
    let cases: [fn(Place) -> bool; 3] = [
        |place| place != Place::Pooler,
        |place| matches!(place, Place::Layer(1) | Place::Head),
        |place| place == Place::Head,
    ];
    let cpu = Device::flex();
    let mut largest = 0.0f64;
    for live in cases {
        let expected = gradients_on(&cpu, live).await?;
        let actual = gradients_on(device, live).await?;
        for (name, expected) in &expected {
            // A softmax does not change with the keys' bias: that gradient is rounding.
            if !name.ends_with("key.bias") {
                largest = largest.max(difference(actual.get(name).map_or(&[][..], Vec::as_slice), expected));
            }
        }
    }
    Ok(largest)
}

async fn gradients_on(device: &Device, live: fn(Place) -> bool) -> Result<HashMap<Arc<str>, Vec<f32>>, Problem> {
    let model = synthetic(&config(), CLASSES, 0.2, device).map_err(Problem::from)?;
    // Rows of different length, so that padding counts.
    let mut examples = Examples::default();
    for (row, class) in (0..ROWS as u32).zip([0, 1, 2, 0]) {
        let ids: Vec<u32> = (0..LEN as u32 - 3 * row).map(|i| (7 * i + 13 * row) % 64).collect();
        examples.push(&ids, class);
    }
    let rows: Vec<u32> = (0..ROWS as u32).collect();
    let input = examples.batch(&rows, ROWS, LEN, 0).input(device);
    let input = StepInput::new(input, &TargetRule::plain(CLASSES), &examples, &rows, &rows);
    let (loss, mut gradients) = gradients(&model, input, Objective::default(), live, &mut Dropout::off());
    let mut values = HashMap::from([(Arc::from("loss"), read(loss).await?)]);
    let names: Vec<Arc<str>> = gradients.names().cloned().collect();
    for name in names {
        if let Some(gradient) = gradients.take(&name) {
            values.insert(name, read(gradient.flat()).await?);
        }
    }
    Ok(values)
}

fn difference(actual: &[f32], expected: &[f32]) -> f64 {
    let size = |values: &[f32]| values.iter().fold(0.0f32, |max, value| max.max(value.abs()));
    if actual.len() != expected.len() || size(actual) == 0.0 || size(expected) == 0.0 {
        return f64::INFINITY;
    }
    // A NaN is passed over by max: it is looked for by itself.
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
    fn a_device_that_gives_zeros_or_nan_is_not_trusted() {
        assert_eq!(difference(&[1.0, 2.0], &[1.0, 4.0]), 0.5);
        for wrong in [&[0.0, 0.0][..], &[1.0, f32::NAN], &[1.0]] {
            assert!(difference(wrong, &[1.0, 4.0]).is_infinite());
        }
    }

    #[test]
    fn the_cpu_agrees_with_itself() {
        let difference = ready(self_check(&Device::flex())).unwrap();
        assert_eq!(difference, 0.0);
    }

    /// The CPU backend's futures are ready at once.
    fn ready<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("the CPU backend made us wait"),
        }
    }
}
