//! Reading tensors back from the device.

use burn::tensor::{Tensor, TensorData, Transaction};

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

/// The scalars that decide whether an optimizer step is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepScalars {
    /// Loss of the step.
    pub loss: f64,
    /// Square of the gradient's global norm.
    pub squared_norm: f64,
}

/// Reads the loss `[1]` and the squared norm of each gradient `[1]` in one transfer, and sums the norms.
///
/// # Errors
/// `device.read` if the device fails.
pub async fn step_to_host(loss: Tensor<1>, squared_norms: Vec<Tensor<1>>) -> Result<StepScalars, Diagnostic> {
    let transaction = Transaction::default().register(loss);
    let transaction = squared_norms.into_iter().fold(transaction, |transaction, norm| transaction.register(norm));
    let mut values = Vec::new();
    for data in transaction.execute_async().await.map_err(device_failed)? {
        values.extend(data.try_into_vec_as::<f32>().map_err(device_failed)?);
    }
    let loss = values.first().map_or(f64::NAN, |&loss| f64::from(loss));
    Ok(StepScalars { loss, squared_norm: values.iter().skip(1).map(|&value| f64::from(value)).sum() })
}

fn device_failed(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("device.read", format!("The device failed: {error}."))
        .remedy("Start again. If it happens again, choose the CPU under \"Compute on\".")
}
