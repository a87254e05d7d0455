//! Compares the benchmark with other ways to train: PyTorch and JavaScript libraries. Their packages are installed
//! separately.

use std::fs;

use anyhow::Result;

use crate::{e2e, paths, process, python, setup};

/// ONNX Runtime's training build, of the same age as the last one for the web, and the last `onnx` whose files both can
/// read.
const TRAINING: [&str; 6] =
    ["onnxruntime-training-cpu==1.19.2", "onnx==1.16.2", "protobuf<6", "numpy<2", "cerberus", "h5py"];

/// The benchmark of the program, as arguments of cargo.
const PROGRAM: [&str; 4] = ["--package", "hone-cli", "--example", "bench"];

/// Times the same step in each of them, or in those of these names only, and writes the tables of docs/bench.md.
pub fn run(names: &[String]) -> Result<()> {
    python::ensure()?;
    process::step("Building the benchmark of the program hone", || {
        process::run(process::command("cargo").args(["build", "--quiet", "--release"]).args(PROGRAM))
    })?;
    let folder = paths::root().join("tests/peers");
    setup::node_packages(&folder, "Installing the peers from npm", &["ci"])?;
    let environment = paths::cache().join("onnxruntime-training");
    let python = environment.join("bin/python");
    if !environment.join("lib").exists() {
        process::step("Making the Python environment of ONNX Runtime's training build", || {
            process::run(process::command("python3").args(["-m", "venv"]).arg(&environment))?;
            process::run(process::command(&python).args(["-m", "pip", "install", "--quiet"]).args(TRAINING))?;
            // PyTorch and transformers come from the reference environment, after its own packages.
            let site_packages = "import sysconfig; print(sysconfig.get_path('purelib'))";
            let of = |python| process::output(process::command(python).args(["-c", site_packages]));
            Ok(fs::write(format!("{}/reference.pth", of(python.clone())?), of(paths::reference_python())?)?)
        })?;
    }
    let mut node = e2e::node()?;
    node.env("PEERS_PYTHON", paths::reference_python()).env("PEERS_TRAINING_PYTHON", python);
    node.env("PEERS_HONE", paths::target().join("release/examples/bench"));
    node.env("PEERS_OUT", paths::target().join("peers")).arg(folder.join("bench.mjs")).args(names);
    process::run(&mut node)
}
