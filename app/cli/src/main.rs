//! The program `hone`: the engine outside the browser. A recipe from the page makes the same run here, up to rounding.

#![allow(unreachable_pub, reason = "a program has no API: `pub` marks what a module offers to the rest of it")]

mod data;
mod mapping;
mod model;
mod train;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::mapping::ColumnArguments;

/// Fine-tunes a small pretrained language model on your own data.
#[derive(Parser)]
#[command(name = "hone", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains with a recipe from the page and writes the tuned model.
    Train(TrainArguments),
}

/// Arguments of `hone train`.
#[derive(clap::Args)]
struct TrainArguments {
    /// The recipe, as exported by the page.
    recipe: PathBuf,
    /// Training data for the recipe's task: CSV, TSV, JSON, JSONL, SQuAD, CoNLL or plain text.
    #[arg(long)]
    data: PathBuf,
    /// Your own validation rows, in a file with the same columns.
    #[arg(long)]
    validation: Option<PathBuf>,
    #[command(flatten)]
    columns: ColumnArguments,
    /// A .gguf file, a folder that contains one, or a folder with config.json, model.safetensors and tokenizer.json
    /// [default: the recipe's model, where `cargo xtask setup` puts it].
    #[arg(long)]
    model: Option<PathBuf>,
    /// Folder for the tuned model, events.jsonl and result.json.
    #[arg(long)]
    out: PathBuf,
    /// The device to compute on.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
    /// Stop after this many optimizer steps and keep the best weights.
    #[arg(long)]
    steps: Option<u32>,
    /// Write only scores and events, no model.
    #[arg(long)]
    scores_only: bool,
}

/// The device to compute on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DeviceKind {
    /// The processor.
    Cpu,
    /// The graphics card, through wgpu.
    #[cfg(feature = "wgpu")]
    Gpu,
}

fn main() -> ExitCode {
    let Arguments { command: Command::Train(arguments) } = Arguments::parse();
    match pollster::block_on(train::train(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(diagnostic) => {
            eprintln!("error: {diagnostic}");
            ExitCode::FAILURE
        }
    }
}
