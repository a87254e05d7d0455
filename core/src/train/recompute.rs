//! Gradients in less memory (Chen et al. 2016, "Training deep nets with sublinear memory cost"): of every layer only
//! what enters it is kept, and the rest is computed a second time, one layer at a time, when its gradient is due. That
//! costs one more forward pass and gives the same gradients.

use std::collections::BTreeSet;

use burn::tensor::{Gradients as Recorded, Tensor};

use crate::model::{Dropout, FrozenPrefix, HiddenStates, Input, TaskModel};
use crate::recipe::ParamGroup;
use crate::train::{Gradients, Objective, StepInput};
use crate::weights::Weights;

/// Loss `[1]` and gradients of a batch, as [`gradients`](super::gradients) gives them.
pub fn checkpointed_gradients(
    model: &TaskModel,
    batch: StepInput,
    objective: Objective,
    trainable: impl Fn(ParamGroup) -> bool,
    dropout: &mut Dropout,
) -> (Tensor<1>, Gradients) {
    let learning = model.trainable_parameters().into_iter().filter(|&(group, count)| count > 0 && trainable(group));
    let learning: BTreeSet<ParamGroup> = learning.map(|(group, _)| group).collect();
    let mut tracked = model.tracked(trainable);
    let mut passes = Vec::new();
    let scores = |dropout: &mut Dropout| {
        let (pass, input) = Pass::up(model, batch.input.clone(), &learning, dropout);
        passes.push(pass);
        tracked.forward(input, dropout)
    };
    let loss = objective.loss(scores, &batch, dropout);
    let mut recorded = loss.backward();
    let mut gradients = Gradients::of(&tracked, &mut recorded);
    for pass in passes {
        pass.down(&mut tracked, &mut recorded, &mut gradients);
    }
    (loss.inner(), gradients)
}

/// A batch that has gone through the layers.
struct Pass {
    /// What has to be embedded again, where embeddings learn.
    embedded: Option<(Input, Dropout)>,
    /// Layers from the lowest that learns or lies above one.
    layers: Vec<Entered>,
    mask: Tensor<2>,
    /// What leaves the last layer `[batch, seq, hidden]`; none where it was computed already.
    top: Option<Tensor<3>>,
}

/// What entered a layer.
struct Entered {
    layer: usize,
    x: Tensor<3>,
    /// Draws the same masks again.
    dropout: Dropout,
}

impl Pass {
    /// Computes all layers and gives what enters the head.
    fn up(model: &TaskModel, input: Input, learning: &BTreeSet<ParamGroup>, dropout: &mut Dropout) -> (Self, Input) {
        let mask = input.attention_mask.clone();
        let is_raw = matches!(input.hidden, HiddenStates::Ids(_));
        let embedded =
            (is_raw && learning.contains(&ParamGroup::Embeddings)).then(|| (input.clone(), dropout.checkpoint()));
        let input = model.forward_to(input, FrozenPrefix::Layers(0), dropout);
        let mut pass = Self { embedded, layers: Vec::new(), mask, top: None };
        let HiddenStates::Tokens(done, mut x) = input.hidden else { return (pass, input) };
        let lowest = learning.first().copied().unwrap_or(ParamGroup::Head);
        for layer in done..model.body.layers() {
            let entered = Entered { layer, x: x.clone(), dropout: dropout.checkpoint() };
            x = model.body.encode(layer..layer + 1, x, pass.mask.clone(), dropout);
            if ParamGroup::Layer(layer) >= lowest {
                pass.layers.push(entered);
            }
        }
        let top = x.autodiff().require_grad();
        pass.top = Some(top.clone());
        (pass, Input { hidden: HiddenStates::Tokens(model.body.layers(), top), ..input })
    }

    /// Computes the layers again, from the last to the first, and adds their gradients.
    fn down(self, tracked: &mut TaskModel, recorded: &mut Recorded, gradients: &mut Gradients) {
        let Some(mut above) = self.top.and_then(|top| top.grad_remove(recorded)) else { return };
        for Entered { layer, x, mut dropout } in self.layers.into_iter().rev() {
            let x = x.autodiff().require_grad();
            let y = tracked.body.encode(layer..layer + 1, x.clone(), self.mask.clone(), &mut dropout);
            // Its gradient is what came from above.
            let mut recorded = (y * above).sum().backward();
            gradients.add(Gradients::of(tracked, &mut recorded));
            match x.grad_remove(&mut recorded) {
                Some(below) => above = below,
                None => return,
            }
        }
        if let Some((input, mut dropout)) = self.embedded
            && let HiddenStates::Tokens(_, x) = tracked.forward_to(input, FrozenPrefix::Layers(0), &mut dropout).hidden
        {
            let mut recorded = (x * above).sum().backward();
            gradients.add(Gradients::of(tracked, &mut recorded));
        }
    }
}
