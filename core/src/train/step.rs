//! Loss and gradients of one batch.

use burn::tensor::Tensor;

use crate::model::{Dropout, TaskModel};
use crate::recipe::ParamGroup;
use crate::train::gradients::Gradients;
use crate::train::objective::Objective;
use crate::train::targets::StepInput;
use crate::weights::Weights;

/// Loss `[1]` and gradients of a batch. Nothing is computed backwards below the lowest trainable group.
pub fn gradients(
    model: &TaskModel,
    batch: StepInput,
    objective: Objective,
    trainable: impl Fn(ParamGroup) -> bool,
    dropout: &mut Dropout,
) -> (Tensor<1>, Gradients) {
    let tracked = model.tracked(trainable);
    let loss = objective.loss(|dropout| tracked.forward(batch.input.clone(), dropout), &batch, dropout);
    let mut recorded = loss.backward();
    let gradients = Gradients::from_recorded(&tracked, &mut recorded);
    (loss.inner(), gradients)
}

/// Factor that scales a gradient of norm `grad_norm` down to `max_grad_norm`, as in `torch.nn.utils.clip_grad_norm_`.
/// A `max_grad_norm` of 0 turns clipping off.
pub fn clip_scale(grad_norm: f64, max_grad_norm: f64) -> f64 {
    if max_grad_norm > 0.0 { (max_grad_norm / (grad_norm + 1e-6)).min(1.0) } else { 1.0 }
}
