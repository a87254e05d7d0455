//! The tuned model as an ONNX file, for transformers.js and ONNX Runtime. Graph and weights are written by hand and
//! streamed: the format needs no library, and this way one weight is in memory at a time.

mod decoder;
mod encoder;
mod gpt2;
mod graph;
mod head;
mod llama;
mod modernbert;
mod network;
mod rotary;
mod wire;

use std::io::Write;

use crate::diagnostic::Diagnostic;
use crate::export::ModelFolder;
use crate::export::onnx::network::Network;
use crate::model::ModelConfig;
use crate::recipe::Pooling;

/// Writes the file. `progress` receives the number of tensors done and in total.
///
/// # Errors
/// `export.onnx` if Hone cannot express the model, `export.onnx-size` if it is too large for the format, or if the device
/// or `out` fails.
pub(crate) async fn write(
    folder: &ModelFolder<'_>,
    out: &mut impl Write,
    progress: &mut impl FnMut(usize, usize),
) -> Result<(), Diagnostic> {
    let model = &folder.exported.model;
    let (task, pooling) = (folder.recipe.task(), model.pooling().unwrap_or(Pooling::Cls));
    let mut net = Network::new(folder.exported);
    match ModelConfig::parse(folder.config)? {
        ModelConfig::Bert(config) => encoder::add(&mut net, &config, model.base.layers(), task, pooling),
        ModelConfig::ModernBert(config) => modernbert::add(&mut net, &config, task, pooling),
        ModelConfig::Llama(config) => llama::add(&mut net, &config),
        ModelConfig::Gpt2(config) => gpt2::add(&mut net, &config),
    }
    net.finish()?.write(out, progress).await
}
