//! Loss and gradients of one batch.

use burn::tensor::{Gradients as Recorded, Tensor};

use crate::model::{Dropout, FrozenPrefix, HiddenStates, Input, TaskModel};
use crate::recipe::ParamGroup;
use crate::train::gradients::Gradients;
use crate::train::objective::Objective;
use crate::train::target_tokens::tokens_at_a_time;
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
    let input = batch.input.clone();
    let BackwardPass { loss, gradients, .. } =
        BackwardPass::run(&tracked, |_| input.clone(), &batch, objective, dropout);
    (loss, gradients)
}

/// A backward pass, down to the inputs that record their gradients.
pub(in crate::train) struct BackwardPass {
    /// Loss, `[1]`.
    pub(in crate::train) loss: Tensor<1>,
    /// Gradients of the model's weights.
    pub(in crate::train) gradients: Gradients,
    /// Gradients of the inputs; none if they do not record any.
    pub(in crate::train) recorded: Option<Recorded>,
}

impl BackwardPass {
    /// Runs a tracked model forward and backward. `input` returns the batch's input for each forward pass.
    pub(in crate::train) fn run(
        tracked: &TaskModel,
        mut input: impl FnMut(&mut Dropout) -> Input,
        batch: &StepInput,
        objective: Objective,
        dropout: &mut Dropout,
    ) -> Self {
        let parts = batch.parts(tokens_at_a_time(tracked.base.vocab()));
        if parts.len() > 1 {
            let input = tracked.forward_to(input(dropout), FrozenPrefix::Layers(tracked.base.layers()), dropout);
            if let HiddenStates::Tokens(_, top) = input.hidden
                && let Some(pass) = Self::in_parts(tracked, parts, top, &objective)
            {
                return pass;
            }
        }
        let loss = objective.loss(|dropout| tracked.forward(input(dropout), dropout), batch, dropout);
        let mut recorded = loss.backward();
        let gradients = Gradients::from_recorded(tracked, &mut recorded);
        Self { loss: loss.inner(), gradients, recorded: Some(recorded) }
    }

    /// Runs a decoder's output layer forward and backward for one part of the target tokens after another, because the
    /// logits of all would take more memory than the layers (Hsu et al. 2024, "Liger Kernel: Efficient Triton Kernels for
    /// LLM Training"). The gradients of `top`, the hidden states `[batch, seq, hidden]` after the last layer, are summed and
    /// go through the layers once. Returns `None` if there are no parts.
    fn in_parts(tracked: &TaskModel, parts: Vec<StepInput>, top: Tensor<3>, objective: &Objective) -> Option<Self> {
        let states = top.clone().inner().autodiff().require_grad();
        let (mut total, mut gradients) = (None, Gradients::default());
        for part in parts {
            let hidden = HiddenStates::Tokens(tracked.base.layers(), states.clone());
            let input = Input { hidden, ..part.input.clone() };
            let loss = objective.loss(|off| tracked.forward(input.clone(), off), &part, &mut Dropout::off());
            let mut recorded = loss.backward();
            gradients.add(Gradients::from_recorded(tracked, &mut recorded));
            let of_part = (loss.inner(), states.grad_remove(&mut recorded)?);
            total = Some(match total {
                Some((loss, grad)) => (loss + of_part.0, grad + of_part.1),
                None => of_part,
            });
        }
        let (loss, grad) = total?;
        let recorded = top.is_tracked().then(|| {
            // The gradient of this sum with respect to the hidden states is `grad`.
            let mut recorded = (top * grad).sum().backward();
            gradients.add(Gradients::from_recorded(tracked, &mut recorded));
            recorded
        });
        Some(Self { loss, gradients, recorded })
    }
}

/// Factor that scales a gradient of norm `grad_norm` down to `max_grad_norm`, as in `torch.nn.utils.clip_grad_norm_`.
/// A `max_grad_norm` of 0 turns clipping off.
pub fn clip_scale(grad_norm: f64, max_grad_norm: f64) -> f64 {
    if max_grad_norm > 0.0 { (max_grad_norm / (grad_norm + 1e-6)).min(1.0) } else { 1.0 }
}
