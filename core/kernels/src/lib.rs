//! The arithmetic of the CPU: plain functions over slices of f32.
//!
//! Each is written so that the compiler can compute several values at a time: without branches, and without calls into
//! the C library. They know no tensors; `hone_core::ops` gives them a backward pass and a place among burn's operations.
//! They are a crate of their own so that tests, too, run them optimized.
//!
//! docs/speed.md explains the ideas and has the measurements.

mod activation;
mod adamw;
mod dropout;
mod erf;
mod exp;
mod gemm;
mod lanes;
mod norm;
mod pack;
mod row_times_matrix;
mod rows;
mod simd;
mod softmax;
mod widen;

pub use activation::{gelu, gelu_backward, gelu_tanh, gelu_tanh_backward, silu, silu_backward};
pub use adamw::{AdamWStep, adamw};
pub use dropout::{DropoutMask, add_dropped, dropout};
pub use gemm::{Matrix, add_product};
pub use norm::{Norm, NormGradients, layer_norm, layer_norm_backward, rms_norm, rms_norm_backward};
pub use rows::{squared_norm, sum_of_rows};
pub use softmax::{cross_entropy, cross_entropy_backward, softmax, softmax_backward};
pub use widen::{widen_bf16, widen_f16};
