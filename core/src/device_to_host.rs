//! Reading tensors back from the device.

use burn::tensor::{Tensor, TensorData};

use crate::diagnostic::Diagnostic;

/// Values of a tensor in row-major order, once the device has computed them.
///
/// # Errors
/// `device.read` if the device fails.
pub async fn device_to_host<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Diagnostic> {
    let data = tensor.into_data_async().await.map_err(device_failed)?;
    data.try_into_vec_as::<f32>().map_err(device_failed)
}

/// Data of a tensor as 32-bit floats, without another copy on the host.
///
/// # Errors
/// `device.read` if the device fails.
pub async fn data_to_host<const D: usize>(tensor: Tensor<D>) -> Result<TensorData, Diagnostic> {
    let data = tensor.into_data_async().await.map_err(device_failed)?;
    data.try_cast_as::<f32>().map_err(device_failed)
}

/// The result of a read from the CPU, which is done as soon as it is asked for.
#[cfg(test)]
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Waker};
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the CPU makes no one wait"),
    }
}

/// The scalars that decide whether an optimizer step is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepScalars {
    /// Loss of the step.
    pub loss: f64,
    /// Square of the gradient's global norm.
    pub squared_norm: f64,
}

/// Reads the loss and the parts of the squared norm that follow it, `[1 + parts]`.
///
/// # Errors
/// `device.read` if the device fails.
pub async fn step_to_host(scalars: Tensor<1>) -> Result<StepScalars, Diagnostic> {
    let values = device_to_host(scalars).await?;
    let loss = values.first().map_or(f64::NAN, |&loss| f64::from(loss));
    Ok(StepScalars { loss, squared_norm: values.iter().skip(1).map(|&value| f64::from(value)).sum() })
}

fn device_failed(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("device.read", format!("The device failed: {error}."))
        .remedy("Start again. If it happens again, choose the CPU under \"Compute on\".")
}
