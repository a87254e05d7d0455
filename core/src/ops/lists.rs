//! Operations on lists of tensors, in as few dispatches as eight buffers each allow.

use std::array;
use std::cmp::Reverse;

use burn::backend::{Dispatch, DispatchTensor, TensorMetadata};
use burn::tensor::Tensor;

use crate::ops::fused::FusedOps;
use crate::ops::operands::{AdamWInput, AdamWOutput, GRADIENTS, GradientGroup, NormSlots};

/// Values of a gradient that one workgroup sums up, unless that takes more than [`MAX_PARTS`].
const PART: usize = 4096;
const MAX_PARTS: usize = 256;

/// The loss `[1]`, followed by numbers whose sum is the squared norm of all gradients: one tensor, so that the host waits
/// for one read.
pub fn step_scalars(loss: Tensor<1>, mut gradients: Vec<DispatchTensor>) -> Tensor<1> {
    let len = |gradient: &DispatchTensor| gradient.shape().num_elements();
    // The gradients of a group are cut into as many parts as its largest one.
    gradients.sort_by_key(|gradient| Reverse(len(gradient)));
    let (mut groups, mut end) = (Vec::new(), 1);
    for group in gradients.chunks(GRADIENTS) {
        let parts = len(&group[0]).div_ceil(PART).next_power_of_two().min(MAX_PARTS);
        groups.push((group, NormSlots { begin: end, gradients: group.len(), parts }));
        end += group.len() * parts;
    }
    let mut scalars = (Tensor::zeros([end], &loss.device()) + loss).into_dispatch();
    for (group, slots) in groups {
        let filled = GradientGroup::new(array::from_fn(|i| group[i.min(group.len() - 1)].clone()));
        scalars = Dispatch::squared_norms(scalars, filled, slots);
    }
    Tensor::from_dispatch(scalars)
}

/// One step of AdamW for each of these weights. Tensors to which nothing else refers are changed in place.
pub fn adamw(inputs: Vec<AdamWInput<Dispatch>>) -> Vec<AdamWOutput<Dispatch>> {
    let mut outputs = Vec::with_capacity(inputs.len());
    let mut inputs = inputs.into_iter();
    while let Some(first) = inputs.next() {
        match inputs.next() {
            Some(second) => outputs.extend(<[_; 2]>::from(Dispatch::adamw_two(first, second))),
            None => outputs.push(Dispatch::adamw(first)),
        }
    }
    outputs
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use hone_kernels::AdamWStep;

    use super::*;

    fn tensor(len: usize, factor: usize) -> Tensor<1> {
        let values: Vec<f32> = (1..=len).map(|i| (i * factor % 101) as f32 / 50.0 - 1.0).collect();
        Tensor::from_data(TensorData::new(values, [len]), &Device::flex())
    }

    fn values(tensor: Tensor<1>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    fn assert_close(actual: &[f32], expected: &[f32]) {
        assert_eq!(actual.len(), expected.len());
        let is_close = |(a, e): (&f32, &f32)| (a - e).abs() <= 1e-5 * e.abs().max(1e-3);
        assert!(actual.iter().zip(expected).all(is_close), "{actual:?} {expected:?}");
    }

    #[test]
    fn the_scalars_are_the_loss_and_the_squared_norm_of_any_number_of_gradients() {
        for count in [0, 1, 7, 8, 15] {
            // Lengths of one part and of several.
            let gradients: Vec<Tensor<1>> = (0..count).map(|i| tensor(1 + i * 1_700, 31)).collect();
            let expected: f64 = gradients
                .iter()
                .flat_map(|gradient| values(gradient.clone()))
                .map(|value| f64::from(value).powi(2))
                .sum();
            let loss = || Tensor::<1>::from_data([0.25], &Device::flex());
            let on_cpu = gradients.iter().map(|gradient| gradient.clone().into_dispatch()).collect();
            let plain = gradients.iter().map(|gradient| gradient.clone().autodiff().into_dispatch()).collect();
            // Autodiff has the definition that other backends start from.
            for scalars in [step_scalars(loss(), on_cpu), step_scalars(loss().autodiff(), plain).inner()] {
                let scalars = values(scalars);
                let squared_norm: f64 = scalars[1..].iter().copied().map(f64::from).sum();
                assert_eq!(scalars[0], 0.25);
                assert_close(&[squared_norm as f32], &[expected as f32]);
            }
        }
    }

    #[test]
    fn a_step_of_several_weights_is_that_of_each() {
        let step = AdamWStep { beta1: 0.9, beta2: 0.99, eps: 1e-6, scale: 0.7, keep: 0.9, rate: 0.3, bias2_root: 0.5 };
        let input = |len: usize, is_tracked: bool| {
            let tensor = |factor| {
                let tensor = tensor(len, factor) + 1.5;
                if is_tracked { tensor.autodiff() } else { tensor }.into_dispatch()
            };
            AdamWInput { weight: tensor(7), gradient: tensor(11), mean: tensor(13), square: tensor(17), step }
        };
        for count in 0..4 {
            let lens = (0..count).map(|i| 3 + 5 * i);
            let on_cpu = adamw(lens.clone().map(|len| input(len, false)).collect());
            let plain: Vec<_> = lens.map(|len| Dispatch::adamw(input(len, true))).collect();
            assert_eq!((on_cpu.len(), plain.len()), (count, count));
            for (actual, expected) in on_cpu.into_iter().zip(plain) {
                for (actual, expected) in
                    [(actual.weight, expected.weight), (actual.mean, expected.mean), (actual.square, expected.square)]
                {
                    let expected = Tensor::<1>::from_dispatch(expected).inner();
                    assert_close(&values(Tensor::from_dispatch(actual)), &values(expected));
                }
            }
        }
    }

    #[test]
    fn weights_that_others_refer_to_are_not_overwritten() {
        let step = AdamWStep { beta1: 0.9, beta2: 0.99, eps: 1e-6, scale: 1.0, keep: 0.5, rate: 0.3, bias2_root: 0.5 };
        let (weight, state) = (tensor(5, 7), tensor(5, 11).abs());
        let shared = || state.clone().into_dispatch();
        let inputs = [0; 2].map(|_| AdamWInput {
            weight: weight.clone().into_dispatch(),
            gradient: shared(),
            mean: shared(),
            square: shared(),
            step,
        });
        adamw(inputs.into());
        assert_eq!((values(weight), values(state)), (values(tensor(5, 7)), values(tensor(5, 11).abs())));
    }
}
