//! Backward passes of the operations.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use hone_kernels::DropoutMask;

use crate::ops::fused::{FusedOps, Nonlinearity};

#[derive(Debug)]
struct Contiguous;

impl<B: FusedOps> Backward<B, 1> for Contiguous {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        if let [Some(x)] = ops.parents {
            grads.register::<B>(x.id, B::contiguous(grad));
        }
    }
}

#[derive(Debug)]
struct Product;

impl<B: FusedOps> Backward<B, 2> for Product {
    /// x and the weight.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (x, weight) = ops.state;
        let [for_x, for_weight] = ops.parents;
        if let Some(node) = for_x {
            grads.register::<B>(node.id, product_x_gradient::<B>(weight, grad.clone()));
        }
        if let Some(node) = for_weight {
            grads.register::<B>(node.id, product_weight_gradient::<B>(x, grad));
        }
    }
}

#[derive(Debug)]
struct Products;

impl<B: FusedOps> Backward<B, 2> for Products {
    /// Both factors.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (x, y) = ops.state;
        let [for_x, for_y] = ops.parents;
        if let Some(node) = for_x {
            grads.register::<B>(node.id, B::products(grad.clone(), B::float_swap_dims(y, 2, 3)));
        }
        if let Some(node) = for_y {
            grads.register::<B>(node.id, B::products(B::float_swap_dims(x, 2, 3), grad));
        }
    }
}

#[derive(Debug)]
struct Linear;

impl<B: FusedOps> Backward<B, 3> for Linear {
    /// x and the weight.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (x, weight) = ops.state;
        let [for_x, for_weight, for_bias] = ops.parents;
        if let Some(node) = for_x {
            grads.register::<B>(node.id, product_x_gradient::<B>(weight, grad.clone()));
        }
        match (for_weight, for_bias) {
            (Some(weight), Some(bias)) => {
                let (for_weight, for_bias) = B::weight_and_bias_gradients(x, grad);
                grads.register::<B>(weight.id, for_weight);
                grads.register::<B>(bias.id, for_bias);
            }
            (Some(weight), None) => grads.register::<B>(weight.id, product_weight_gradient::<B>(x, grad)),
            (None, Some(bias)) => grads.register::<B>(bias.id, B::sum_to_last(grad)),
            (None, None) => {}
        }
    }
}

/// Gradient of the `x` of `x · weight`: `grad · weightᵀ`. The transposed matrix is not copied.
fn product_x_gradient<B: FusedOps>(weight: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    B::product(grad, B::float_swap_dims(weight, 0, 1))
}

/// Gradient of the weight of `x · weight`: `xᵀ · grad`, the sum over the rows of all texts.
fn product_weight_gradient<B: FusedOps>(x: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    B::product(B::float_swap_dims(x, 0, 1), grad)
}

#[derive(Debug)]
struct Activated(Nonlinearity);

impl<B: FusedOps> Backward<B, 1> for Activated {
    /// The input.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        if let [Some(x)] = ops.parents {
            grads.register::<B>(x.id, B::activated_backward(ops.state, grad, self.0));
        }
    }
}

#[derive(Debug)]
struct RotatedHeads;

impl<B: FusedOps> Backward<B, 1> for RotatedHeads {
    /// Cosines and sines.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (cos, sin) = ops.state;
        if let [Some(x)] = ops.parents {
            grads.register::<B>(x.id, B::rotated_heads_backward(grad, cos, sin));
        }
    }
}

#[derive(Debug)]
struct Dropout(DropoutMask);

impl<B: FusedOps> Backward<B, 1> for Dropout {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        if let [Some(x)] = ops.parents {
            grads.register::<B>(x.id, B::dropout(grad, self.0));
        }
    }
}

#[derive(Debug)]
struct AddDropped(DropoutMask);

impl<B: FusedOps> Backward<B, 2> for AddDropped {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let [x, y] = ops.parents;
        if let Some(node) = y {
            grads.register::<B>(node.id, B::dropout(grad.clone(), self.0));
        }
        if let Some(node) = x {
            grads.register::<B>(node.id, grad);
        }
    }
}

#[derive(Debug)]
struct NormOfSum(Option<DropoutMask>);

impl<B: FusedOps> Backward<B, 4> for NormOfSum {
    /// Normalized sum, 1 / deviation, gamma.
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (normal, scale, gamma_value) = ops.state;
        let [x, y, gamma, beta] = ops.parents;
        let (for_x, for_y, for_gamma, for_beta) = B::norm_of_sum_backward(normal, scale, gamma_value, grad, self.0);
        for (node, grad) in [(x, for_x), (y, for_y), (gamma, for_gamma), (beta, for_beta)] {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
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
    fn product(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        match Product.prepare::<C>([x.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (x, weight) = (x.into_primitive(), weight.into_primitive());
                prepared.finish((x.clone(), weight.clone()), B::product(x, weight))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::product(x.into_primitive(), weight.into_primitive())),
        }
    }

    fn products(x: FloatTensor<Self>, y: FloatTensor<Self>) -> FloatTensor<Self> {
        match Products.prepare::<C>([x.node(), y.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (x, y) = (x.into_primitive(), y.into_primitive());
                prepared.finish((x.clone(), y.clone()), B::products(x, y))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::products(x.into_primitive(), y.into_primitive())),
        }
    }

    fn linear_of_rows(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = Linear.prepare::<C>([x.node(), weight.node(), bias.node()]).compute_bound().stateful();
        let (x, weight, bias) = (x.into_primitive(), weight.into_primitive(), bias.into_primitive());
        match prepared {
            OpsKind::Tracked(prepared) => {
                prepared.finish((x.clone(), weight.clone()), B::linear_of_rows(x, weight, bias))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::linear_of_rows(x, weight, bias)),
        }
    }

    fn activated(x: FloatTensor<Self>, function: Nonlinearity) -> FloatTensor<Self> {
        match Activated(function).prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let x = x.into_primitive();
                prepared.finish(x.clone(), B::activated(x, function))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::activated(x.into_primitive(), function)),
        }
    }

    fn contiguous(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match Contiguous.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), B::contiguous(x.into_primitive())),
            OpsKind::UnTracked(prepared) => prepared.finish(B::contiguous(x.into_primitive())),
        }
    }

    fn rotated_heads(x: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>) -> FloatTensor<Self> {
        let (cos, sin) = (cos.into_primitive(), sin.into_primitive());
        match RotatedHeads.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let y = B::rotated_heads(x.into_primitive(), cos.clone(), sin.clone());
                prepared.finish((cos, sin), y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::rotated_heads(x.into_primitive(), cos, sin)),
        }
    }

    fn dropout(x: FloatTensor<Self>, mask: DropoutMask) -> FloatTensor<Self> {
        match Dropout(mask).prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), B::dropout(x.into_primitive(), mask)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::dropout(x.into_primitive(), mask)),
        }
    }

    fn add_dropped(x: FloatTensor<Self>, y: FloatTensor<Self>, mask: DropoutMask) -> FloatTensor<Self> {
        let prepared = AddDropped(mask).prepare::<C>([x.node(), y.node()]).compute_bound().stateful();
        let sum = B::add_dropped(x.into_primitive(), y.into_primitive(), mask);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((), sum),
            OpsKind::UnTracked(prepared) => prepared.finish(sum),
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

    fn norm_of_sum(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        let parents = [x.node(), y.node(), gamma.node(), beta.node()];
        let prepared = NormOfSum(mask).prepare::<C>(parents).compute_bound().stateful();
        let [x, y, gamma, beta] =
            [x.into_primitive(), y.into_primitive(), gamma.into_primitive(), beta.into_primitive()];
        match prepared {
            OpsKind::Tracked(prepared) => {
                let (out, normal, scale) = B::norm_of_sum_kept(x, y, mask, gamma.clone(), beta, eps);
                prepared.finish((normal, scale, gamma), out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::norm_of_sum(x, y, mask, gamma, beta, eps)),
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
