//! Gradient checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost"). Only the input of each
//! layer is kept. The backward pass recomputes one layer at a time, which costs one more forward pass and gives the same
//! gradients.

use std::collections::BTreeSet;

use burn::tensor::{Gradients as Recorded, Tensor};

use crate::model::{Dropout, FrozenPrefix, HiddenStates, Input, TaskModel};
use crate::recipe::ParamGroup;
use crate::train::gradients::Gradients;
use crate::train::objective::Objective;
use crate::train::step::BackwardPass;
use crate::train::targets::StepInput;
use crate::weights::Weights;

/// Loss `[1]` and gradients of a batch, equal to those of [`gradients`](fn@crate::train::gradients), in less memory.
pub fn checkpointed_gradients(
    model: &TaskModel,
    batch: StepInput,
    objective: Objective,
    trainable: impl Fn(ParamGroup) -> bool,
    dropout: &mut Dropout,
) -> (Tensor<1>, Gradients) {
    let parameters = model.trainable_parameters();
    let groups: BTreeSet<ParamGroup> = parameters
        .into_iter()
        .filter(|&(group, count)| count > 0 && trainable(group))
        .map(|(group, _)| group)
        .collect();
    let tracked = model.tracked(trainable);
    let mut passes = Vec::new();
    let input = |dropout: &mut Dropout| {
        let (pass, input) = ForwardPass::run(model, batch.input.clone(), &groups, dropout);
        passes.push(pass);
        input
    };
    let BackwardPass { loss, mut gradients, recorded } = BackwardPass::run(&tracked, input, &batch, objective, dropout);
    if let Some(mut recorded) = recorded {
        for pass in passes {
            pass.backward(&tracked, &mut recorded, &mut gradients);
        }
    }
    (loss, gradients)
}

/// A forward pass through the layers, with the state needed to repeat it.
struct ForwardPass {
    /// Input and dropout state of the embeddings, if they are trainable.
    embeddings: Option<(Input, Dropout)>,
    /// Layers from the lowest trainable group up.
    layers: Vec<LayerInput>,
    attention_mask: Tensor<2>,
    /// Output of the last layer, `[batch, seq, hidden]`; none if the batch came with it.
    top: Option<Tensor<3>>,
}

/// Input of a layer.
struct LayerInput {
    layer: usize,
    /// `[batch, seq, hidden]`
    x: Tensor<3>,
    /// State of the dropout before the layer, which draws the same masks again.
    dropout: Dropout,
}

impl ForwardPass {
    /// Runs all layers without recording them, and returns the input of the head.
    fn run(model: &TaskModel, input: Input, groups: &BTreeSet<ParamGroup>, dropout: &mut Dropout) -> (Self, Input) {
        let attention_mask = input.attention_mask.clone();
        let needs_embedding = matches!(input.hidden, HiddenStates::Ids(_)) && groups.contains(&ParamGroup::Embeddings);
        let embeddings = needs_embedding.then(|| (input.clone(), dropout.clone()));
        let input = model.forward_to(input, FrozenPrefix::Layers(0), dropout);
        let mut pass = Self { embeddings, layers: Vec::new(), attention_mask, top: None };
        let HiddenStates::Tokens(done, mut x) = input.hidden else { return (pass, input) };
        let lowest = groups.first().copied().unwrap_or(ParamGroup::Head);
        for layer in done..model.base.layers() {
            let layer_input = LayerInput { layer, x: x.clone(), dropout: dropout.clone() };
            x = model.base.encode(layer..layer + 1, x, pass.attention_mask.clone(), dropout);
            if ParamGroup::Layer(layer) >= lowest {
                pass.layers.push(layer_input);
            }
        }
        let top = x.autodiff().require_grad();
        pass.top = Some(top.clone());
        (pass, Input { hidden: HiddenStates::Tokens(model.base.layers(), top), ..input })
    }

    /// Recomputes the layers from the last to the first, and adds their gradients.
    fn backward(self, tracked: &TaskModel, recorded: &mut Recorded, gradients: &mut Gradients) {
        let Some(mut output_grad) = self.top.and_then(|top| top.grad_remove(recorded)) else { return };
        for LayerInput { layer, x, mut dropout } in self.layers.into_iter().rev() {
            let x = x.autodiff().require_grad();
            let y = tracked.base.encode(layer..layer + 1, x.clone(), self.attention_mask.clone(), &mut dropout);
            // The gradient of this sum with respect to y is output_grad.
            let mut recorded = (y * output_grad).sum().backward();
            gradients.add(Gradients::from_recorded(tracked, &mut recorded));
            match x.grad_remove(&mut recorded) {
                Some(input_grad) => output_grad = input_grad,
                None => return,
            }
        }
        if let Some((input, mut dropout)) = self.embeddings
            && let HiddenStates::Tokens(_, x) = tracked.forward_to(input, FrozenPrefix::Layers(0), &mut dropout).hidden
        {
            let mut recorded = (x * output_grad).sum().backward();
            gradients.add(Gradients::from_recorded(tracked, &mut recorded));
        }
    }
}
