//! `hone predict`.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use hone_core::dataset::{DataRole, InputColumns, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::{InferenceContext, TableFormat};
use hone_core::pretrained::TunedParts;
use hone_core::recipe::Task;
use hone_core::run::FileOutcome;
use hone_core::runner::FilePrediction;
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::{InputArguments, PredictArguments};
use crate::data::ScannedFile;
use crate::mapping::column;
use crate::model::{self, Tuned};
use crate::train;

/// Predicts every row of a file, and writes the rows with their predictions.
pub async fn predict(arguments: &PredictArguments) -> Result<(), Diagnostic> {
    let device = train::device(arguments.device);
    let Tuned { parts, config } = model::load_tuned(&arguments.model, &device)?;
    let file = ScannedFile::scan(&arguments.data, DataRole::Train, arguments.reading.clone().hints())?;
    let task = parts.recipe.task();
    let columns = columns(&file.info, task, config.settings.input.as_ref(), &arguments.columns)?;
    eprintln!("Reads {}.", described(&columns, &file.info));
    let context = InferenceContext {
        recipe: &parts.recipe,
        labels: &config.labels,
        pad: parts.pretrained.tokenizer.pad_id(),
        form: config.settings.prompt_form,
        best: Some(&config.thresholds),
        confidence: config.thresholds.confidence.as_ref(),
        device: &device,
    };
    let format = TableFormat::of_ending(&arguments.out.extension().unwrap_or_default().to_string_lossy());
    // Under another name until it is complete: an earlier file is not lost to a failure.
    let unfinished = unfinished(&arguments.out);
    let out = fs::File::create(&unfinished).map_err(|error| not_written(&unfinished, &error))?;
    let prediction = FilePrediction::new(file.cells()?, columns, &context, format, BufWriter::new(out));
    let outcome = match write_all(prediction?, &parts, &context).await {
        Ok(outcome) => outcome,
        Err(diagnostic) => {
            _ = fs::remove_file(&unfinished);
            return Err(diagnostic);
        }
    };
    fs::rename(&unfinished, &arguments.out).map_err(|error| not_written(&arguments.out, &error))?;
    for note in outcome.notes() {
        eprintln!("warning: {note}");
    }
    println!("{} rows predicted, in {}", outcome.predicted, arguments.out.display());
    Ok(())
}

/// Predicts and writes all rows.
async fn write_all(
    mut prediction: FilePrediction<BufWriter<fs::File>>,
    parts: &TunedParts,
    context: &InferenceContext<'_>,
) -> Result<FileOutcome, Diagnostic> {
    let bar = ProgressBar::new(prediction.progress().1 as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} row {pos}/{len} · {eta} left") {
        bar.set_style(style);
    }
    while prediction.advance(&parts.model, &parts.pretrained, context, f64::INFINITY).await? {
        bar.set_position(prediction.progress().0 as u64);
    }
    bar.finish_and_clear();
    let (mut out, outcome) = prediction.finish()?;
    out.flush().map_err(|error| not_written(Path::new("the output"), &error))?;
    Ok(outcome)
}

/// The columns that the arguments name, and a guess for the rest.
fn columns(
    info: &SourceInfo,
    task: Task,
    trained_on: Option<&InputColumns<String>>,
    arguments: &InputArguments,
) -> Result<InputColumns, Diagnostic> {
    let InputArguments { text, second_text, question, passage, prompt } = arguments;
    let named = |name: &Option<String>| name.as_ref().map(|name| column(info, name)).transpose();
    let has_pairs = matches!(trained_on, Some(InputColumns::Text { pair: Some(_), .. })) || second_text.is_some();
    let guess = InputColumns::guess(info, task, has_pairs, trained_on);
    let (columns, unused) = match guess {
        InputColumns::Text { text: guessed, pair } => (
            InputColumns::Text { text: named(text)?.unwrap_or(guessed), pair: named(second_text)?.or(pair) },
            [question, passage, prompt].iter().any(|argument| argument.is_some()),
        ),
        InputColumns::Question { question: guessed, context } => (
            InputColumns::Question {
                question: named(question)?.unwrap_or(guessed),
                context: named(passage)?.unwrap_or(context),
            },
            [text, second_text, prompt].iter().any(|argument| argument.is_some()),
        ),
        InputColumns::Prompt { prompt: guessed } => (
            InputColumns::Prompt { prompt: prompt.clone().unwrap_or(guessed) },
            [text, second_text, question, passage].iter().any(|argument| argument.is_some()),
        ),
    };
    if unused {
        let what = format!("This model reads {}, and the arguments name something else.", described(&columns, info));
        return Err(Diagnostic::new("predict.columns", what).done("Nothing was predicted.").remedy(
            "Use --text and --second-text for texts, --question and --passage for questions, --prompt for prompts.",
        ));
    }
    columns.check(&info.columns)?;
    Ok(columns)
}

/// The columns in words.
fn described(columns: &InputColumns, info: &SourceInfo) -> String {
    let name = |column: u32| format!("\"{}\"", info.columns.get(column as usize).map_or("", String::as_str));
    match columns {
        InputColumns::Text { text, pair: None } => format!("the texts in the column {}", name(*text)),
        InputColumns::Text { text, pair: Some(pair) } => {
            format!("pairs of texts in the columns {} and {}", name(*text), name(*pair))
        }
        InputColumns::Question { question, context } => {
            format!("the questions in the column {} about the passages in {}", name(*question), name(*context))
        }
        InputColumns::Prompt { prompt } => format!("the prompt {prompt:?}"),
    }
}

fn unfinished(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    out.with_file_name(name)
}

fn not_written(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new("file.write", format!("{} cannot be written: {error}.", path.display()))
        .done("Nothing was predicted.")
        .remedy("Choose a folder where you may write, with enough room.")
}
