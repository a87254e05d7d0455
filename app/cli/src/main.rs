//! `hone`: the engine of the page outside the browser. A recipe of the page makes the same run here, up to rounding.

#![allow(unreachable_pub, reason = "a program has no API: `pub` marks what a module offers to the rest of it")]

mod data;
mod model;
mod train;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Fine-tunes a small pretrained language model on your own data.
#[derive(Parser)]
#[command(name = "hone", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains by a recipe of the page and writes the tuned model.
    Train(TrainArguments),
}

/// What `hone train` is told.
#[derive(clap::Args)]
struct TrainArguments {
    /// The recipe, as the page exports it.
    recipe: PathBuf,
    /// Data for the recipe's task: CSV, TSV, JSON, JSONL, SQuAD, CoNLL or plain text.
    #[arg(long)]
    data: PathBuf,
    /// Your own validation rows, in a file of the same columns.
    #[arg(long)]
    validation: Option<PathBuf>,
    /// Name of the text column, if the guess is wrong.
    #[arg(long)]
    text: Option<String>,
    /// Name of the label column, if the guess is wrong.
    #[arg(long)]
    label: Option<String>,
    /// What the columns are for, as JSON, if the guess is wrong: a `mapping` of the page's protocol.
    #[arg(long)]
    mapping: Option<String>,
    /// A .gguf file, or a folder with one or with config.json, model.safetensors and tokenizer.json [default: the
    /// recipe's model, where `cargo xtask setup` keeps it].
    #[arg(long)]
    model: Option<PathBuf>,
    /// Folder for the tuned model, events.jsonl and result.json.
    #[arg(long)]
    out: PathBuf,
    /// What to compute on.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
    /// Stop after so many steps and keep the best weights.
    #[arg(long)]
    steps: Option<u32>,
    /// Write no model: scores and events only.
    #[arg(long)]
    scores_only: bool,
}

/// What to compute on.
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
