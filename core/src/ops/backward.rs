//! Backward passes of the operations.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};

use crate::ops::fused::FusedOps;

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
    /// Normalized input, 1 / deviation, gamma.
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (normal, scale, gamma_value) = ops.state;
        let [x, gamma, beta] = ops.parents;
        let (for_x, for_gamma, for_beta) = B::norm_last_backward(normal, scale, gamma_value, grad);
        for (node, grad) in [(x, for_x), (gamma, for_gamma), (beta, for_beta)] {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

#[derive(Debug)]
struct Rms;

impl<B: FusedOps> Backward<B, 2> for Rms {
    /// Normalized input, 1 / root mean square, gamma.
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (normal, scale, gamma_value) = ops.state;
        let [x, gamma] = ops.parents;
        let (for_x, for_gamma) = B::rms_last_backward(normal, scale, gamma_value, grad);
        for (node, grad) in [(x, for_x), (gamma, for_gamma)] {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

#[derive(Debug)]
struct CrossEntropy;

impl<B: FusedOps> Backward<B, 1> for CrossEntropy {
    /// The softmax and the targets.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (softmax, targets) = ops.state;
        if let [Some(logits)] = ops.parents {
            grads.register::<B>(logits.id, B::cross_entropy_backward(softmax, targets, grad));
        }
    }
}

// Operations without a backward pass here keep their default, which autodiff differentiates.
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
                let gamma = gamma.into_primitive();
                let (y, normal, scale) =
                    B::norm_last_kept(x.into_primitive(), gamma.clone(), beta.into_primitive(), eps);
                prepared.finish((normal, scale, gamma), y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::norm_last(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), eps))
            }
        }
    }

    fn rms_last(x: FloatTensor<Self>, gamma: FloatTensor<Self>, eps: f64) -> FloatTensor<Self> {
        match Rms.prepare::<C>([x.node(), gamma.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let gamma = gamma.into_primitive();
                let (y, normal, scale) = B::rms_last_kept(x.into_primitive(), gamma.clone(), eps);
                prepared.finish((normal, scale, gamma), y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::rms_last(x.into_primitive(), gamma.into_primitive(), eps))
            }
        }
    }

    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self> {
        let targets = targets.into_primitive();
        match CrossEntropy.prepare::<C>([logits.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (loss, softmax) = B::cross_entropy_kept(logits.into_primitive(), targets.clone());
                prepared.finish((softmax, targets), loss)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::cross_entropy(logits.into_primitive(), targets)),
        }
    }
}
