//! The operations on the CPU, each in one pass over memory. All tensors are f32: no other type is trained.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Shape, TensorData};

use crate::ops::fused::{AdamWStep, FusedOps};

type Cpu = FloatTensor<Flex>;

impl FusedOps for Flex {
    fn softmax_last_backward(y: Cpu, grad: Cpu) -> Cpu {
        let shape = shape(&y);
        let (y, grad) = (Values::of(y), Values::of(grad));
        let size = row_size(&shape);
        let mut out = Vec::with_capacity(y.get().len());
        for (y, grad) in y.get().chunks_exact(size).zip(grad.get().chunks_exact(size)) {
            let sum = dot(y, grad);
            out.extend(y.iter().zip(grad).map(|(y, grad)| y * (grad - sum)));
        }
        made(out, shape)
    }

    fn norm_last_kept(x: Cpu, gamma: Cpu, beta: Cpu, eps: f64) -> (Cpu, Cpu, Cpu) {
        let shape = shape(&x);
        let size = row_size(&shape);
        let [x, gamma, beta] = [x, gamma, beta].map(Values::of);
        let mut normal = Vec::with_capacity(x.get().len());
        let mut out = Vec::with_capacity(x.get().len());
        let mut scales = Vec::with_capacity(x.get().len() / size);
        for row in x.get().chunks_exact(size) {
            let mean = sum(row.iter().copied()) / size as f32;
            let variance = sum(row.iter().map(|x| (x - mean) * (x - mean))) / size as f32;
            let scale = 1.0 / (variance + eps as f32).sqrt();
            let begin = normal.len();
            normal.extend(row.iter().map(|x| (x - mean) * scale));
            let affine = gamma.get().iter().zip(beta.get());
            out.extend(normal[begin..].iter().zip(affine).map(|(normal, (gamma, beta))| normal * gamma + beta));
            scales.push(scale);
        }
        let mut scale_shape = shape.clone();
        if let Some(last) = scale_shape.last_mut() {
            *last = 1;
        }
        (made(out, shape.clone()), made(normal, shape), made(scales, scale_shape))
    }

    fn norm_last_backward(normal: Cpu, scale: Cpu, gamma: Cpu, grad: Cpu) -> (Cpu, Cpu, Cpu) {
        let shape = shape(&normal);
        let size = row_size(&shape);
        let [normal, scale, gamma, grad] = [normal, scale, gamma, grad].map(Values::of);
        let mut out = Vec::with_capacity(normal.get().len());
        let [mut for_gamma, mut for_beta, mut scaled] = [0; 3].map(|_| vec![0.0f32; size]);
        let rows = normal.get().chunks_exact(size).zip(grad.get().chunks_exact(size)).zip(scale.get());
        for ((normal, grad), scale) in rows {
            for i in 0..size {
                for_gamma[i] += grad[i] * normal[i];
                for_beta[i] += grad[i];
                scaled[i] = grad[i] * gamma.get()[i];
            }
            let mean = sum(scaled.iter().copied()) / size as f32;
            let along = dot(&scaled, normal) / size as f32;
            out.extend(scaled.iter().zip(normal).map(|(grad, normal)| (grad - mean - normal * along) * scale));
        }
        (made(out, shape), made(for_gamma, vec![size]), made(for_beta, vec![size]))
    }

    fn rms_last_kept(x: Cpu, gamma: Cpu, eps: f64) -> (Cpu, Cpu, Cpu) {
        let shape = shape(&x);
        let size = row_size(&shape);
        let [x, gamma] = [x, gamma].map(Values::of);
        let mut normal = Vec::with_capacity(x.get().len());
        let mut out = Vec::with_capacity(x.get().len());
        let mut scales = Vec::with_capacity(x.get().len() / size);
        for row in x.get().chunks_exact(size) {
            let scale = 1.0 / (dot(row, row) / size as f32 + eps as f32).sqrt();
            let begin = normal.len();
            normal.extend(row.iter().map(|x| x * scale));
            out.extend(normal[begin..].iter().zip(gamma.get()).map(|(normal, gamma)| normal * gamma));
            scales.push(scale);
        }
        let mut scale_shape = shape.clone();
        if let Some(last) = scale_shape.last_mut() {
            *last = 1;
        }
        (made(out, shape.clone()), made(normal, shape), made(scales, scale_shape))
    }

    fn rms_last_backward(normal: Cpu, scale: Cpu, gamma: Cpu, grad: Cpu) -> (Cpu, Cpu) {
        let shape = shape(&normal);
        let size = row_size(&shape);
        let [normal, scale, gamma, grad] = [normal, scale, gamma, grad].map(Values::of);
        let mut out = Vec::with_capacity(normal.get().len());
        let [mut for_gamma, mut scaled] = [0; 2].map(|_| vec![0.0f32; size]);
        let rows = normal.get().chunks_exact(size).zip(grad.get().chunks_exact(size)).zip(scale.get());
        for ((normal, grad), scale) in rows {
            for i in 0..size {
                for_gamma[i] += grad[i] * normal[i];
                scaled[i] = grad[i] * gamma.get()[i];
            }
            let along = dot(&scaled, normal) / size as f32;
            out.extend(scaled.iter().zip(normal).map(|(grad, normal)| (grad - normal * along) * scale));
        }
        (made(out, shape), made(for_gamma, vec![size]))
    }

    fn adamw(weight: Cpu, gradient: Cpu, mean: Cpu, square: Cpu, step: AdamWStep) -> (Cpu, Cpu, Cpu) {
        let AdamWStep { beta1, beta2, eps, scale, keep, rate, bias2_root } = step;
        let gradient = Values::of(gradient);
        let [mut weight, mut mean, mut square] = [weight, mean, square].map(|tensor| tensor.to_contiguous());
        let root_factor = 1.0 / bias2_root;
        {
            let values = weight.storage_mut::<f32>().iter_mut().zip(gradient.get());
            let moments = mean.storage_mut::<f32>().iter_mut().zip(square.storage_mut::<f32>());
            for ((weight, gradient), (mean, square)) in values.zip(moments) {
                let gradient = gradient * scale;
                *mean = *mean * beta1 + gradient * (1.0 - beta1);
                *square = *square * beta2 + gradient * gradient * (1.0 - beta2);
                *weight = *weight * keep - *mean / (square.sqrt() * root_factor + eps) * rate;
            }
        }
        (weight, mean, square)
    }
}

/// A tensor's values, row by row.
struct Values(Cpu);

impl Values {
    fn of(tensor: Cpu) -> Self {
        Self(tensor.to_contiguous())
    }

    fn get(&self) -> &[f32] {
        // A contiguous f32 tensor is one slice.
        self.0.as_slice::<f32>().unwrap_or_default()
    }
}

fn shape(tensor: &Cpu) -> Vec<usize> {
    tensor.layout().shape().as_slice().to_vec()
}

/// The last dimension; at least 1, so that rows can be counted.
fn row_size(shape: &[usize]) -> usize {
    shape.last().copied().unwrap_or(1).max(1)
}

fn made(values: Vec<f32>, shape: Vec<usize>) -> Cpu {
    Cpu::from_data(TensorData::new(values, Shape::from(shape)))
}

/// A sum in eight lanes: at least as exact as a sequential one, and the compiler turns it into SIMD.
fn sum(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let mut lanes = [0.0; 8];
    for (i, value) in values.enumerate() {
        lanes[i % 8] += value;
    }
    lanes.iter().sum()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum(a.iter().zip(b).map(|(a, b)| a * b))
}
