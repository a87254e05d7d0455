//! The backward passes.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};

use super::FusedOps;

#[derive(Debug)]
struct Softmax;

impl<B: FusedOps> Backward<B, 1> for Softmax {
    /// The output.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        if let [Some(x)] = ops.parents {
            grads.register::<B>(x.id, B::softmax_last_backward(ops.state, grad));
        }
    }
}

#[derive(Debug)]
struct Norm;

impl<B: FusedOps> Backward<B, 3> for Norm {
    /// Normalised input, 1 / deviation, gamma.
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (normal, scale, gamma_value) = ops.state;
        let [x, gamma, beta] = ops.parents;
        if let Some(beta) = beta {
            grads.register::<B>(beta.id, B::sum_to_last(grad.clone()));
        }
        if let Some(gamma) = gamma {
            grads.register::<B>(gamma.id, B::sum_to_last(B::float_mul(grad.clone(), normal.clone())));
        }
        if let Some(x) = x {
            grads.register::<B>(x.id, B::norm_last_backward(normal, scale, gamma_value, grad));
        }
    }
}

// What has no backward pass of its own here keeps its default, which autodiff sees through.
impl<B: FusedOps + Backend, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    fn softmax_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match Softmax.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let y = B::softmax_last(x.into_primitive());
                prepared.finish(y.clone(), y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::softmax_last(x.into_primitive())),
        }
    }

    fn norm_last(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        match Norm.prepare::<C>([x.node(), gamma.node(), beta.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (normal, scale) = B::normalised(x.into_primitive(), eps);
                let y = B::scaled(normal.clone(), gamma.primitive().clone(), beta.into_primitive());
                prepared.finish((normal, scale, gamma.into_primitive()), y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::norm_last(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), eps))
            }
        }
    }
}
