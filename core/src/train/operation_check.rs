//! Operations that have kernels of their own on a GPU, over sizes that no workgroup divides, for the device's check.

use burn::tensor::{Device, Tensor, TensorData};

use crate::device_to_host::{StepScalars, device_to_host, step_to_host};
use crate::diagnostic::Diagnostic;
use crate::ops::{
    AdamWInput, AdamWStep, DropoutMask, adamw, add_dropped, apply_dropout, attend, layer_norm, layer_norm_of_sum,
    linear, products, rms_norm, rotated_heads, step_scalars,
};
use crate::rng::{Rng, Stream};

/// Rows and sizes of the norms: less and more than a workgroup.
const NORMS: [[usize; 3]; 2] = [[1, 3, 37], [2, 17, 200]];
/// Batch, tokens, heads and their size: less and more than a workgroup.
const HEADS: [[usize; 4]; 2] = [[1, 3, 2, 4], [2, 17, 4, 26]];
/// Rows, depth and columns of products: less and more than a workgroup.
const PRODUCTS: [[usize; 3]; 2] = [[3, 5, 7], [45, 37, 70]];
/// Lengths of the gradients, which need two dispatches, and several workgroups each.
const GRADIENTS: [usize; 9] = [1, 5, 300, 4097, 37, 64, 12_000, 2, 777];
/// Lengths of the weights: a pair and one more.
const WEIGHTS: [usize; 3] = [300, 37, 1];

/// The values of all operations on a device, in a fixed order.
///
/// # Errors
/// `device.read` if the device fails.
pub(in crate::train) async fn values_on(device: &Device) -> Result<Vec<Vec<f32>>, Diagnostic> {
    let mut values = Vec::new();
    for shape in NORMS {
        norms(shape, device, &mut values).await?;
    }
    for shape in PRODUCTS {
        linear_layer(shape, device, &mut values).await?;
        product_of_heads(shape, device, &mut values).await?;
    }
    for shape in HEADS {
        attention(shape, device, &mut values).await?;
    }
    values.push(squared_norm(device).await?);
    steps(device, &mut values).await?;
    Ok(values)
}

fn tensor<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut rng = Rng::new(seed, Stream::Synthetic, 0);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| 1.0 + rng.normal()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Outputs and gradients of the norms, and of dropout, alone, in a sum, and before a norm.
async fn norms(shape: [usize; 3], device: &Device, values: &mut Vec<Vec<f32>>) -> Result<(), Diagnostic> {
    let tracked = |seed| tensor([shape[2]], seed, device).autodiff().require_grad();
    let (x, gamma, beta) = (tensor(shape, 1, device).autodiff().require_grad(), tracked(2), tracked(3));
    let layer = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-5);
    let rms = rms_norm(x.clone(), gamma.clone(), 1e-5);
    let mask = Some(DropoutMask::new(0.3, 5));
    let other = || x.clone() * 0.5;
    let dropped = apply_dropout(x.clone(), mask);
    let sum = add_dropped(x.clone(), other(), mask);
    let plain = layer_norm_of_sum(x.clone(), other(), None, gamma.clone(), beta.clone(), 1e-5);
    let of_sum = layer_norm_of_sum(x.clone(), other(), mask, gamma.clone(), beta.clone(), 1e-5);
    for y in [layer, rms, dropped, sum, plain, of_sum] {
        let mut grads = (y.clone() * tensor(shape, 4, device).autodiff()).sum().backward();
        values.push(device_to_host(y.inner()).await?);
        let of_x = x.grad_remove(&mut grads).map(|grad| grad.reshape([shape.iter().product::<usize>()]));
        for grad in [of_x, gamma.grad_remove(&mut grads), beta.grad_remove(&mut grads)].into_iter().flatten() {
            values.push(device_to_host(grad).await?);
        }
    }
    Ok(())
}

/// Output and gradients of a linear layer, whose backward pass multiplies transposed matrices.
async fn linear_layer(
    [rows, depth, columns]: [usize; 3],
    device: &Device,
    values: &mut Vec<Vec<f32>>,
) -> Result<(), Diagnostic> {
    let tracked = |shape, seed| tensor::<2>(shape, seed, device).autodiff().require_grad();
    let (x, weight) = (tracked([rows, depth], 1), tracked([depth, columns], 2));
    let bias = tensor::<1>([columns], 3, device).autodiff().require_grad();
    let y = linear(x.clone(), weight.clone(), Some(bias.clone()));
    let mut grads = (y.clone() * tensor([rows, columns], 4, device).autodiff()).sum().backward();
    values.push(device_to_host(y.inner()).await?);
    for grad in [x.grad_remove(&mut grads), weight.grad_remove(&mut grads)].into_iter().flatten() {
        values.push(device_to_host(grad).await?);
    }
    if let Some(grad) = bias.grad_remove(&mut grads) {
        values.push(device_to_host(grad).await?);
    }
    Ok(())
}

/// Output and gradients of products of several matrices, the second of which are transposed, as in attention.
async fn product_of_heads(
    [rows, depth, columns]: [usize; 3],
    device: &Device,
    values: &mut Vec<Vec<f32>>,
) -> Result<(), Diagnostic> {
    let tracked = |shape, seed| tensor::<4>(shape, seed, device).autodiff().require_grad();
    let (x, y) = (tracked([2, 3, rows, depth], 5), tracked([2, 3, columns, depth], 6));
    let product = products(x.clone(), y.clone().transpose());
    let mut grads = (product.clone() * tensor([2, 3, rows, columns], 7, device).autodiff()).sum().backward();
    values.push(device_to_host(product.inner()).await?);
    for grad in [x.grad_remove(&mut grads), y.grad_remove(&mut grads)].into_iter().flatten() {
        values.push(device_to_host(grad).await?);
    }
    Ok(())
}

/// Output and gradients of rotated heads that attend to each other, with dropout: four or two heads of queries to two of
/// keys and values.
async fn attention(
    [batch, seq, heads, head_dim]: [usize; 4],
    device: &Device,
    values: &mut Vec<Vec<f32>>,
) -> Result<(), Diagnostic> {
    let tracked = |heads, seed| tensor::<4>([batch, seq, heads, head_dim], seed, device).autodiff().require_grad();
    let table = |seed| tensor::<2>([seq, head_dim], seed, device).autodiff();
    let inputs = [tracked(heads, 1), tracked(2, 2), tracked(2, 3)];
    let rotated = |x: &Tensor<4>| rotated_heads(x.clone(), table(4), table(5));
    let [query, key, value] = &inputs;
    let bias = tensor::<4>([1, 1, seq, seq], 6, device).autodiff();
    let heads_of = [rotated(query), rotated(key), value.clone().swap_dims(1, 2)];
    let y = attend(heads_of, bias, Some(DropoutMask::new(0.3, 7)));
    let mut grads = (y.clone() * tensor(y.dims(), 8, device).autodiff()).sum().backward();
    values.push(device_to_host(y.inner()).await?);
    for grad in inputs.iter().filter_map(|input| input.grad_remove(&mut grads)) {
        values.push(device_to_host(grad).await?);
    }
    Ok(())
}

/// Loss and squared norm. Each gradient contributes about as much, so that none can be missing.
async fn squared_norm(device: &Device) -> Result<Vec<f32>, Diagnostic> {
    let gradient = |len: usize| (tensor([len], len as u64, device) / (len as f64).sqrt()).into_dispatch();
    let scalars = step_scalars(tensor([1], 5, device), GRADIENTS.map(gradient).into());
    let StepScalars { loss, squared_norm } = step_to_host(scalars).await?;
    Ok(vec![loss as f32, squared_norm as f32])
}

/// Weights and state after a step of AdamW.
async fn steps(device: &Device, values: &mut Vec<Vec<f32>>) -> Result<(), Diagnostic> {
    let step = AdamWStep { beta1: 0.9, beta2: 0.99, eps: 1e-6, scale: 0.7, keep: 0.9, rate: 0.3, bias2_root: 0.5 };
    let input = |len: usize| {
        let vector = |seed| tensor([len], seed, device);
        AdamWInput {
            weight: vector(6).into_dispatch(),
            gradient: vector(7).into_dispatch(),
            mean: vector(8).into_dispatch(),
            square: vector(9).abs().into_dispatch(),
            step,
        }
    };
    for output in adamw(WEIGHTS.map(input).into()) {
        for tensor in [output.weight, output.mean, output.square] {
            values.push(device_to_host(Tensor::<1>::from_dispatch(tensor)).await?);
        }
    }
    Ok(())
}
