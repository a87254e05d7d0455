//! Values from the device to the host.

use burn::tensor::{Tensor, Transaction};

use crate::diagnostic::Diagnostic;

/// A tensor's values, once the device has them.
pub async fn device_to_host<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Diagnostic> {
    let data = tensor.into_data_async().await.map_err(device_failed)?;
    data.try_into_vec_as::<f32>().map_err(device_failed)
}

/// A loss, and the sum of other values, all `[1]`, in one read: `(loss, sum)`.
///
/// # Errors
/// When the device fails.
pub async fn step_to_host(loss: Tensor<1>, others: Vec<Tensor<1>>) -> Result<(f64, f64), Diagnostic> {
    let transaction = Transaction::default().register(loss);
    let transaction = others.into_iter().fold(transaction, |transaction, other| transaction.register(other));
    let mut values = Vec::new();
    for data in transaction.execute_async().await.map_err(device_failed)? {
        values.extend(data.try_into_vec_as::<f32>().map_err(device_failed)?);
    }
    let loss = values.first().map_or(f64::NAN, |&loss| f64::from(loss));
    Ok((loss, values.iter().skip(1).map(|&value| f64::from(value)).sum()))
}

fn device_failed(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("device.read", format!("The device failed: {error}."))
        .remedy("Start again; if it happens again, choose the CPU under \"Compute on\".")
}
