//! The program `hone`: the engine outside the browser. A recipe from the page gives the same run here, up to rounding.

#![allow(unreachable_pub, reason = "a program has no API: `pub` marks what a module offers to the rest of it")]

mod arguments;
mod data;
mod folder;
mod interrupt;
mod labels;
mod mapping;
mod model;
mod negatives;
mod pins;
mod pool;
mod predict;
mod progress;
mod reading;
mod row_dynamics;
mod run_folder;
mod saves;
mod script;
mod table_file;
mod tables;
mod train;
mod trust;
mod wrong_rows;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use mimalloc::MiMalloc;

use crate::arguments::{LabelsArguments, NegativesArguments, PredictArguments, ScriptArguments, TrainArguments};

/// Keeps freed pages: glibc's allocator returns each large tensor to the kernel and spends a quarter of the run on page
/// faults.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
    /// Predicts every row of a file with a tuned model, and writes the rows with their predictions.
    Predict(PredictArguments),
    /// Finds rows whose label is probably wrong, and writes them to a file. Your own test rows are left out.
    Labels(LabelsArguments),
    /// Finds a hard negative for each pair of an anchor and a positive, and writes the triplets to a file, for embeddings: the
    /// text most like the anchor that is probably not right for it, by the vectors of the untuned model.
    Negatives(NegativesArguments),
    /// Writes the run of a recipe as a script for transformers' Trainer, to train on more machines. The script reads CSV, TSV,
    /// JSON, JSONL, SQuAD, CoNLL and plain text, and leaves out your own test rows.
    Script(ScriptArguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Train(arguments) => pollster::block_on(train::train(&arguments)),
        Command::Predict(arguments) => pollster::block_on(predict::predict(&arguments)),
        Command::Labels(arguments) => pollster::block_on(labels::labels(&arguments)),
        Command::Negatives(arguments) => pollster::block_on(negatives::negatives(&arguments)),
        Command::Script(arguments) => pollster::block_on(script::script(&arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(diagnostic) => {
            eprintln!("error: {diagnostic}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use hone_core::dataset::{Delimiter, Hints, Quoting};
    use hone_core::usage::ExportDtype;

    use super::*;

    #[test]
    fn the_arguments_carry_what_was_set() {
        Arguments::command().debug_assert();
        let line = "hone train recipe.json --data a.csv --out tuned --delimiter ; --quote single --header no --label-separator ; --label a --label b";
        let Command::Train(arguments) = Arguments::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("another command");
        };
        let hints = Hints {
            encoding: None,
            has_header: Some(false),
            delimiter: Some(Delimiter::Character(';')),
            quoting: Some(Quoting::Single),
            label_separator: Some(';'),
            member: None,
            sheet: None,
        };
        assert!(arguments.onnx.is_none());
        let data = arguments.data;
        assert_eq!((data.reading.hints(), data.columns.label), (hints, vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn the_type_of_weights_may_be_left_out() {
        for (option, dtype) in [("--onnx", ExportDtype::Float32), ("--onnx=int8", ExportDtype::Int8)] {
            let line = ["hone", "train", "--data", "a.csv", "--out", "tuned", option, "recipe.json"];
            let Command::Train(arguments) = Arguments::try_parse_from(line).unwrap().command else {
                panic!("another command")
            };
            assert_eq!(arguments.onnx.map(ExportDtype::from), Some(dtype), "{option}");
        }
        for (option, dtype) in
            [("--gguf", ExportDtype::Float16), ("--gguf=q8_0", ExportDtype::Int8), ("--gguf=q4_0", ExportDtype::Int4)]
        {
            let line = ["hone", "train", "--data", "a.csv", "--out", "tuned", option, "recipe.json"];
            let Command::Train(arguments) = Arguments::try_parse_from(line).unwrap().command else {
                panic!("another command")
            };
            assert_eq!(arguments.gguf.map(ExportDtype::from), Some(dtype), "{option}");
        }
    }
}
